"""Small cases of every kernel, each compared with the NumPy twin: what compute-sanitizer and the profiler watch.

python -m bench.gpu.small_cases [--profiled]
"""

import argparse
from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np

from bench.gpu.rows import SMALL, Sizes
from bench.gpu.timing import on, one_part
from gpu_kernels import cointegration, device, ou, pca, reversion, sweep
from gpu_kernels.sweep.long_series import LEAST_BARS

__all__ = ["CASES", "check", "main", "profiled"]

RNG = np.random.default_rng(11)
WALKS = 100 * np.exp(np.cumsum(RNG.normal(0, 0.02, (5, 300)), axis=1))
RUINED = 100 * np.exp(np.cumsum(RNG.normal(0, 0.2, (2, 1_500)), axis=1))
LONG = 100 + np.cumsum(RNG.normal(0, 0.01, (1, LEAST_BARS)), axis=1)
LEVELS = np.linspace(0.5, 2.5, 7)
BLOCKS = [
    cointegration.Block(np.arange(5.0)[part], WALKS[part].T, WALKS[part].max(axis=1))
    for part in (slice(0, 3), slice(3, 5))
]

CASES: dict[str, Callable[[], object]] = {
    "sweep, compounding": lambda: sweep.backtest(WALKS, LEVELS, 0.1, 1e-3),
    "sweep, unit": lambda: sweep.backtest(WALKS, LEVELS, 0.1, 1e-3, sweep.Rules(mode="unit", execution_delay=1)),
    "sweep, stop and borrow": lambda: sweep.backtest(WALKS, LEVELS, 0.1, 1e-3, sweep.Rules(stop=2.7, borrow=0.1)),
    "sweep, a process": lambda: sweep.backtest(
        WALKS, LEVELS, 0.1, 1e-3, sweep.Rules(score="fixed", mean=100.0, deviation=5.0)
    ),
    "sweep, scores of a fit": lambda: sweep.backtest(WALKS, LEVELS, 0.1, 1e-3, sweep.Rules(score="online")),
    "sweep, ruin": lambda: sweep.backtest(RUINED, LEVELS[:2], 0.1, 1e-5, sweep.Rules(lookback=50)),
    "long series": lambda: sweep.backtest(LONG, LEVELS[:2], 0.1, 1e-5, sweep.Rules(lookback=50)),
    "moments": lambda: sweep.moments(WALKS, 1.0, 0.1, 1e-3),
    "fits with halves": lambda: ou.fit(WALKS, bias="jackknife", adf_lags=2),
    "pairs, a lag": lambda: cointegration.scan(WALKS.T, lags=1),
    "pairs, lags by AIC": lambda: cointegration.scan(WALKS.T, autolag="aic", max_lags=4),
    "pairs between blocks": lambda: cointegration.significant(*BLOCKS, 1, 0.9),
    "tests of reversion": lambda: reversion.run_tests(WALKS, adf_lags=2),
    "components": lambda: pca.fit(WALKS.T, n_components=2),
}


def check(name: str) -> str:
    """Return what is wrong with a case on the GPU, "" if nothing.

    Args:
        name: One of CASES.
    """
    expected, found = on("numpy", CASES[name])(), on("cuda", CASES[name])()
    for place, (ours, theirs) in enumerate(zip(_leaves(found), _leaves(expected), strict=True)):
        if np.asarray(theirs).dtype.kind not in "fc":
            same = np.array_equal(ours, theirs)
        else:
            same = np.allclose(ours, theirs, rtol=1e-7, atol=1e-9, equal_nan=True)
        if not same:
            return f"{name}: figure {place} differs from the NumPy twin's"
    return ""


def profiled(sizes: Sizes) -> None:
    """Launch the kernels that a profiler looks at, at the sizes of the benchmark."""
    draws = np.random.default_rng(0)
    prices, long, fitted = (
        100 * np.exp(np.cumsum(draws.normal(0, deviation, shape), axis=1))
        for shape, deviation in ((sizes.sweep, 0.01), ((1, sizes.long), 1e-3), (sizes.fits, 0.01))
    )
    with one_part():
        on("cuda", lambda: sweep.backtest(prices, np.linspace(1, 3, 100), 0.0, 1e-3))()
        on("cuda", lambda: ou.fit(fitted))()
        on("cuda", lambda: sweep.backtest(long, np.linspace(1.5, 2.5, 4), 0.0, 1e-5))()
        on("cuda", lambda: sweep.moments(prices, 1.5, 0.0, 1e-3))()


def _leaves(found: object) -> Iterator[object]:
    return chain.from_iterable(map(_leaves, found)) if isinstance(found, tuple) else iter((found,))


def main() -> int:
    """Run all cases; returns how many are wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiled", action="store_true", help="launch the kernels that a profiler looks at instead")
    parser.add_argument("--small", action="store_true", help="with small inputs")
    chosen = parser.parse_args()
    device.limit(0, 0.9)
    if chosen.profiled:
        profiled(SMALL if chosen.small else Sizes())
        return 0
    wrong = 0
    for name in CASES:
        complaint = check(name)
        wrong += bool(complaint)
        print(complaint or f"{name}: equal", flush=True)  # one by one, so that the log of a run that is ended has them
    print(f"{len(CASES) - wrong} of {len(CASES)} cases equal the NumPy twin")
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
