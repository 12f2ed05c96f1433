"""The figures to reach on two cores, each beside its peer in one run: medians of interleaved rounds.

`make bench` runs it and prints the table; --out keeps it as JSON with commit, versions and machine.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np

from bench.portfolio_rows import portfolios
from bench.rows import ROUNDS, THREADS, Row, Section, native, once, seconds, span, tell
from gpu_kernels import dispatch

SECTIONS: dict[str, Section] = {}
IMPORT = "import time; began = time.perf_counter(); import meanrev; print(time.perf_counter() - began)"


def section(make: Section) -> Section:
    """Register a function that measures some rows."""
    SECTIONS[make.__name__] = make
    return make


@section
def sweeps() -> list[Row]:
    import vectorbt

    import bench.bench_sweep as small
    from bench.numba_sweep import sweep as fused
    from gpu_kernels import sweep

    rng = np.random.default_rng(0)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (100, 2_500)), axis=1))
    entry, leave = (
        grid.ravel() for grid in np.meshgrid(np.linspace(1, 3, 10), np.linspace(-0.5, 0.5, 10), indexing="ij")
    )
    cost = np.full(100, 1e-3)
    steps = prices.size * entry.size
    rows = []
    for mode, speed in (("compounding", 1.0e9), ("unit", 1.8e9)):

        def ours(mode: str = mode) -> sweep.SweepMetrics:
            return sweep.backtest(prices, entry, leave, cost, sweep.Rules(mode=mode))

        def theirs(mode: str = mode) -> np.ndarray:
            return fused(prices, entry, leave, cost, 20, 1, mode == "compounding")

        with dispatch.using("native", THREADS):
            metrics = ours()
        np.testing.assert_allclose(theirs()[:, :, 0], metrics.equity, rtol=1e-9)
        np.testing.assert_array_equal(theirs()[:, :, 7], metrics.num_trades)
        both, alone, numba = seconds(native(ours), native(ours, 1), theirs)
        slow = once(ours)
        work = f"sweep 100 x 2,500 x 100, {mode}"
        rows += [
            Row(work, both, "Numba fused, parallel", numba, 3),
            Row(work, both, "numpy backend", slow, 40),
            Row(f"{work}, bar-steps a core", alone, "", 0.0, steps / speed, f"{steps / alone / 1e9:.2f} G/s"),
        ]
    orders = once(lambda: small.by_vectorbt_orders(vectorbt))
    share = small.N_SERIES * small.N_BARS * small.ENTRY_Z.size / steps
    [mine] = seconds(native(lambda: sweep.backtest(prices, entry, leave, cost)))
    scaled = "vectorbt's 20 x 1,000 x 25 scaled to the same bar-steps"
    rows.append(
        Row("sweep 100 x 2,500 x 100, compounding", mine, "vectorbt from_orders", orders / share, 1_000, scaled)
    )
    return rows


@section
def large_sweeps() -> list[Row]:
    from bench import bench_sweep as small
    from gpu_kernels import sweep

    rng = np.random.default_rng(5)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (20, 2_500)), axis=1))
    levels = np.linspace(1.0, 3.0, 100), np.linspace(-0.5, 0.5, 100)
    entry, leave = (grid.ravel() for grid in np.meshgrid(*levels, indexing="ij"))
    series = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, (1, 1_000_000)), axis=1))
    few = np.linspace(1.5, 2.5, 4)
    rows = []
    for mode, least in (("compounding", 4.5), ("unit", 3.5)):
        fast, dense = seconds(
            native(lambda mode=mode: sweep.backtest(prices, entry, leave, 1e-3, sweep.Rules(mode=mode))),
            _dense(native(lambda mode=mode: sweep.backtest(prices, entry, leave, 1e-3, sweep.Rules(mode=mode))), small),
            rounds=3,
        )
        rows.append(Row(f"sweep 20 x 2,500 x (100 x 100), {mode}", fast, "dense kernel", dense, least))
        cut, whole = seconds(
            native(lambda mode=mode: sweep.backtest(series, few, 0.0, 1e-5, sweep.Rules(mode=mode))),
            _dense(native(lambda mode=mode: sweep.backtest(series, few, 0.0, 1e-5, sweep.Rules(mode=mode)), 1), small),
            rounds=3,
        )
        rows.append(Row(f"sweep 1 x 1e6 x 4, {mode}", cut, "dense kernel, one thread", whole, 1.8))
    return rows


def _dense(run: Callable[[], object], small: ModuleType) -> Callable[[], object]:
    def alone() -> object:
        with small.whole_series_a_lane():
            return run()

    return alone


@section
def pairs() -> list[Row]:
    from statsmodels.tsa.stattools import coint

    from gpu_kernels import cointegration as pairs_

    rng = np.random.default_rng(6)
    prices = np.cumsum(rng.normal(size=(1_258, 100)), axis=0)
    large = np.cumsum(rng.normal(size=(2_520, 1_000)), axis=0)
    fixed, chosen = seconds(
        native(lambda: pairs_.scan(prices)), native(lambda: pairs_.scan(prices, autolag="aic", max_lags=5))
    )
    [whole] = seconds(native(lambda: pairs_.scan(large)), rounds=3)
    some = [(i, i + 1) for i in range(40)]
    share = 100 * 99 / len(some)
    one = share * once(lambda: [coint(prices[:, i], prices[:, j], maxlag=1, autolag=None) for i, j in some])
    aic = share * once(lambda: [coint(prices[:, i], prices[:, j], maxlag=5, autolag="aic") for i, j in some])
    scaled = "statsmodels on 40 pairs, scaled to 9,900"
    return [
        Row("pairs 100 x 1,258, lag 1, both directions", fixed, "", 0.0, 15e-3),
        Row("pairs 100 x 1,258, lag 1, both directions", fixed, "statsmodels coint", one, 300, scaled),
        Row("pairs 100 x 1,258, lag by AIC <= 5", chosen, "statsmodels coint", aic, 2_000, scaled),
        Row("pairs 1,000 x 2,520, lag 1, both directions", whole, "", 0.0, 0.7),
    ]


@section
def estimates() -> list[Row]:
    from statsmodels.tsa.ar_model import AutoReg
    from statsmodels.tsa.stattools import adfuller

    from gpu_kernels import ou
    from meanrev_server.handlers.estimate_ou_params import encoded
    from meanrev_wire import codec
    from meanrev_wire.meanrev_pb2 import PriceUpdate

    rng = np.random.default_rng(1)
    noise = rng.normal(size=(1_000, 1_000))
    prices = np.empty_like(noise)
    prices[:, 0] = 100.0
    for t in range(1, 1_000):
        prices[:, t] = 100 + 0.95 * (prices[:, t - 1] - 100) + noise[:, t]
    kernel, twin = seconds(native(lambda: ou.fit(prices)), lambda: ou.fit(prices))
    [lagged] = seconds(native(lambda: ou.fit(prices, adf_lags=1)))
    autoreg = 10 * once(lambda: [AutoReg(series, lags=1).fit() for series in prices[:100]])
    adf = 10 * once(lambda: [adfuller(series, maxlag=1, autolag=None, result_object=False) for series in prices[:100]])
    scaled = "statsmodels on 100 series, times 10"
    values = prices[1].tolist()

    def ticks(backend: str) -> Callable[[], None]:
        with dispatch.using(backend):
            stream = ou.OnlineOu()
        stream.extend(prices[0])

        def run() -> None:
            for value in values:
                stream.update(value)
                stream.estimate()

        return run

    messages = [codec.encode(PriceUpdate, asset_id="EURUSD", price=value, timestamp_ms=1) for value in values]
    with dispatch.using("native"):
        answered = ou.OnlineOu()
    answered.extend(prices[0])

    def replies() -> None:
        for message in messages:
            update = codec.decode(PriceUpdate, message)
            answered.update(update.price, update.timestamp_ms)
            encoded(answered.estimate(), update.asset_id, update.timestamp_ms, "")

    compiled, plain, through = seconds(ticks("native"), ticks("numpy"), replies)
    return [
        Row("ou fit 1,000 x 1,000", kernel, "statsmodels AutoReg", autoreg, 1_000, scaled),
        Row("ou fit 1,000 x 1,000, numpy backend", twin, "statsmodels AutoReg", autoreg, 40, scaled),
        Row("ou fit with ADF lag 1, 1,000 x 1,000", lagged, "statsmodels adfuller", adf, 200, scaled),
        Row("a price on a stream: update and estimate", compiled / 1_000, "", 0.0, 3e-6),
        Row("the same in Python", plain / 1_000, "", 0.0, 10e-6, "where there is no compiler, and with a window"),
        Row("the same with decoding and encoding", through / 1_000, "", 0.0, 6e-6),
    ]


@section
def optimal() -> list[Row]:
    from gpu_kernels import thresholds

    rng = np.random.default_rng(2)
    theta, cost = rng.uniform(0.1, 10, 1_000), rng.uniform(0.01, 0.1, 1_000)
    profit, sharpe = seconds(
        lambda: thresholds.optimal(theta, 0.0, 1.0, cost, objective="profit"),
        lambda: thresholds.optimal(theta, 0.0, 1.0, cost, objective="sharpe"),
    )
    return [
        Row("optimal thresholds, 1,000 sets, profit", profit, "", 0.0, 2e-3, "numpy twin, one thread"),
        Row("optimal thresholds, 1,000 sets, sharpe", sharpe, "", 0.0, 20e-3, "numpy twin, one thread"),
    ]


section(portfolios)


@section
def wire() -> list[Row]:
    from meanrev_wire import codec
    from meanrev_wire.meanrev_pb2 import PcaRequest

    values = np.random.default_rng(4).normal(size=(1_000, 100))
    message = codec.encode(PcaRequest, returns_matrix=values)

    def many(run: Callable[[], object]) -> Callable[[], object]:
        return lambda: [run() for _ in range(100)]

    decode, encode, copy = seconds(
        many(lambda: codec.matrix(codec.decode(PcaRequest, message).returns_matrix, "m")),
        many(lambda: codec.encode(PcaRequest, returns_matrix=values)),
        many(lambda: bytearray(message)),
    )
    imported = [
        float(
            subprocess.run(
                [sys.executable, "-c", IMPORT],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for _ in range(ROUNDS)
    ]
    return [
        Row("decode 1e5 doubles", decode / 100, "memcpy", copy / 100, 1 / 2.5),
        Row("encode 1e5 doubles", encode / 100, "memcpy", copy / 100, 1 / 1.5),
        Row("import meanrev", statistics.median(imported), "", 0.0, 30e-3),
    ]


@section
def queue() -> list[Row]:
    from bench.bench_launcher import through_asyncio, through_the_launcher

    pairs = [(through_the_launcher(), through_asyncio()) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(each) for each in zip(*pairs, strict=True))
    note = f"{span(ours)} against asyncio's run_in_executor {span(theirs)}"
    return [Row("batcher: added to a lone computation", ours - theirs, "", 0.0, 50e-6, note)]


def main() -> int:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"some of: {', '.join(SECTIONS)}")
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    chosen = parser.parse_args()
    tell([SECTIONS[name] for name in chosen.sections or SECTIONS], "targets", chosen.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
