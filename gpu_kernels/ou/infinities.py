"""Series with an infinite price: they have no estimate, and the reason names the row."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.ou.model import OuFit

__all__ = ["fitted_without", "having"]

_AS_IF_EMPTY = ("n_samples", "adf_p_value", "bias_note")
_ENDLESS = ("half_life", "half_life_lower", "half_life_upper")


def having(prices: Floats) -> NDArray[np.bool_]:
    """Return which series (B, T) have an infinite price."""
    return np.asarray(np.isinf(prices).any(axis=1))


def fitted_without(prices: Floats, infinite: NDArray[np.bool_], fit: Callable[[Floats], OuFit]) -> OuFit:
    """Fit the series (B, T) that have no infinite price, and give each other one status "error" and a reason.

    Args:
        prices: All series.
        infinite: (B,) which of them have an infinite price.
        fit: Fits series (B, T) independently of one another.
    """
    if not infinite.any():
        return fit(prices)
    found = fit(np.where(infinite[:, None], np.nan, prices))
    rows = np.flatnonzero(infinite).tolist()
    columns: dict[str, Any] = {name: _completed(name, column, prices, rows) for name, column in found._asdict().items()}
    return OuFit(**columns)


def _completed(name: str, column: NDArray[np.float64] | tuple[str, ...], prices: Floats, rows: list[int]) -> object:
    """Return a column of the fit with its values for the rows that have an infinite price."""
    if name in _AS_IF_EMPTY:
        return column
    if isinstance(column, tuple):
        texts = list(column)
        for row in rows:
            texts[row] = "error" if name == "status" else _reason(prices[row])
        return tuple(texts)
    values = column.copy()
    values[rows] = np.inf if name in _ENDLESS else 0.0
    return values


def _reason(prices: Floats) -> str:
    row = int(np.argmax(np.isinf(prices)))
    return f"the price {prices[row]} at row {row} is infinite"
