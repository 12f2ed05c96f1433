"""The levels that a test for cointegration regresses: prices or their logarithms, and which of them do not vary."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.cointegration.driver import CheckedSeries
from gpu_kernels.errors import Degenerate, InvalidInput

__all__ = ["constant_series", "make_levels", "reach_of", "refuse_constant"]


def make_levels(prices: Floats, *, log: bool) -> CheckedSeries:
    """Return the levels of prices, the rounding that they carry, and which series are constant.

    Args:
        prices: (T, N), finite.
        log: Take the logarithms of the prices, which must be positive.

    Returns:
        CheckedSeries. A series of prices whose range is at most 1e-12 of their magnitude is constant.

    Raises:
        InvalidInput: a price is not positive with log.
    """
    levels = _logarithms(prices) if log else prices.copy()
    return CheckedSeries(levels, reach_of(levels, log=log), constant_series(prices))


def reach_of(levels: Floats, *, log: bool) -> Floats:
    """Return the magnitude (N,) whose rounding levels (T, N) carry.

    The rounding of a price moves its logarithm by as much as the last digit of 1, however near to 0 that is.
    """
    return np.asarray(np.maximum(np.maximum(-levels.min(axis=0), levels.max(axis=0)), 1.0 if log else 0.0))


def refuse_constant(prices: Floats, constant: NDArray[np.bool_]) -> None:
    """Refuse series that do not vary, where a test of all of them together has no answer.

    Args:
        prices: (T, N).
        constant: (N,), of their levels.

    Raises:
        Degenerate: naming the first such series.
    """
    for column in np.flatnonzero(constant).tolist():
        value = prices[0, column].item()
        message = f"prices[:, {column}] must vary, got {value!r} in every row: choose another series, or more rows"
        raise Degenerate("prices", message, index=(0, column))


def _logarithms(prices: Floats) -> Floats:
    bad = prices <= 0
    if bad.any():
        row, column = np.unravel_index(int(np.argmax(bad)), bad.shape)
        raise InvalidInput("prices", "must be > 0 with log", value=prices[row, column], index=(int(row), int(column)))
    return np.log(prices)


def constant_series(prices: Floats) -> NDArray[np.bool_]:
    """Return which columns of prices (T, N) do not vary, (N,)."""
    low, high = prices.min(axis=0), prices.max(axis=0)
    magnitude = np.maximum(-low, high)
    # Squares of ranges below 1e-140 come near to underflow.
    return np.asarray(high - low <= np.maximum(1e-12 * magnitude, 1e-140))
