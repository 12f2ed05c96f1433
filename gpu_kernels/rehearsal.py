"""A small request to every operation that a GPU computes: a backend is used only if it answers as the NumPy twin does.

So a library that is missing or computes wrongly is found at the start, and what a GPU prepares before its first use
of a library, which takes seconds, delays no caller.
"""

from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np

from gpu_kernels import cointegration, ou, pca, reversion, sweep
from gpu_kernels.dispatch import using

__all__ = ["disagreement"]

_RELATIVE, _ABSOLUTE = 1e-7, 1e-9
"""Between backends; operations through BLAS and cuSOLVER differ most."""

_N_SERIES, _N_PRICES = 3, 80
_AT = np.arange(_N_PRICES)
_PRICES = 100.0 + np.array(
    [np.sin((0.7 + 0.2 * k) * _AT) + 2.0 * np.sin((0.05 + 0.01 * k) * _AT) for k in range(_N_SERIES)]
)
_BLOCKS = [
    cointegration.Block(np.arange(float(_N_SERIES))[part], _PRICES[part].T, np.abs(_PRICES[part]).max(axis=1))
    for part in (slice(0, 2), slice(2, _N_SERIES))
]
_CASES: dict[str, Callable[[], object]] = {
    "sweep.backtest": lambda: sweep.backtest(_PRICES, [0.5, 1.0], 0.1, 1e-3, sweep.Rules(lookback=10)),
    "sweep.moments": lambda: sweep.moments(_PRICES, 0.5, 0.1, 1e-3, sweep.Rules(lookback=10)),
    "ou.fit": lambda: ou.fit(_PRICES, adf_lags=1),
    "reversion.run_tests": lambda: reversion.run_tests(_PRICES),
    "cointegration.scan": lambda: cointegration.scan(_PRICES.T),
    "cointegration.significant": lambda: cointegration.significant(_BLOCKS[0], _BLOCKS[1], 1, 1.0),
    "pca.fit": lambda: pca.fit(np.diff(_PRICES, axis=1).T * (1.0, 2.0, 4.0)),
}


def disagreement(name: str) -> str:
    """Return which operation of a backend does not answer as the NumPy twin does, "" if none.

    Args:
        name: One of backend.BACKENDS.

    Raises:
        Exception: whatever an implementation that does not work raises.
    """
    for operation, work in _CASES.items():
        with using("numpy"):
            expected = work()
        with using(name):
            found = work()
        if not all(map(_same, _leaves(found), _leaves(expected))):
            return f"the self-test's {operation} differs from that of NumPy"
    return ""


def _same(found: object, expected: object) -> bool:
    ours, theirs = np.asarray(found), np.asarray(expected)
    if theirs.dtype.kind != "f":
        return bool(np.array_equal(ours, theirs))
    return bool(np.allclose(ours, theirs, _RELATIVE, _ABSOLUTE, equal_nan=True))


def _leaves(found: object) -> Iterator[object]:
    """Yield the numbers and arrays of a result."""
    return chain.from_iterable(map(_leaves, found)) if isinstance(found, tuple) else iter((found,))
