"""The arithmetic of rolling windows that the operations it is made of leave."""

import math

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.performance.sharpe_error import portfolio_error, standard_errors

__all__ = ["reason_of", "sharpe_errors", "starts", "turnover"]

Ints = NDArray[np.int64]

_RETURNS_AT_ONCE = 1 << 20
"""Returns of portfolios that are held at once."""


def starts(n_rows: int, window: int, step: int) -> Ints:
    """Return the first row of each window, (W,)."""
    return np.arange(0, n_rows - window + 1, step)


def reason_of(error: InvalidInput | Degenerate, first_row: int) -> str:
    """Return why a window has no answer, in words that count rows from those of the whole matrix.

    Args:
        error: Raised for the rows of the window alone.
        first_row: Of the window.
    """
    if isinstance(error, InvalidInput) and error.field == "returns" and isinstance(error.index, tuple):
        row, *others = error.index
        return str(InvalidInput(error.field, error.rule, value=error.value, index=(first_row + row, *others)))
    return str(error)


def sharpe_errors(returns: Floats, places: Ints, window: int, weights: Floats, rate: float) -> Floats:
    """Return the standard error of the Sharpe ratio of each window's weights over its returns, (W,).

    Args:
        returns: (T, N); rows with NaN are left out.
        places: (W,) first rows of the windows.
        window: Rows of a window.
        weights: (W, N), NaN where a window has none.
        rate: Riskless rate per period.

    Returns:
        NaN where a window has no weights, or fewer than three complete rows, or a portfolio that does not vary.
    """
    found = np.full(places.size, math.nan)
    missing = np.concatenate([[0], np.cumsum(np.isnan(returns).any(axis=1))])
    complete = missing[places + window] == missing[places]
    held = np.isfinite(weights).all(axis=1)
    for k in np.flatnonzero(held & ~complete):
        interruption.check()
        found[k] = portfolio_error(returns[places[k] : places[k] + window], weights[k], rate)
    whole = np.flatnonzero(held & complete)
    for some in interruption.pieces(whole.size, max(1, _RETURNS_AT_ONCE // window)):
        group = whole[some]
        excess = np.stack([returns[places[k] : places[k] + window] @ weights[k] for k in group])
        excess -= rate * weights[group].sum(axis=1)[:, None]
        found[group] = standard_errors(excess)
    return found


def turnover(weights: Floats) -> Floats:
    """Return the sum of |changes| of each window's weights since the window before it that has some, (W,).

    Args:
        weights: (W, N), NaN where a window has none.

    Returns:
        NaN where a window has no weights, and for the first one that has.
    """
    found = np.full(len(weights), math.nan)
    held = np.flatnonzero(np.isfinite(weights).all(axis=1))
    found[held[1:]] = np.abs(np.diff(weights[held], axis=0)).sum(axis=1)
    return found
