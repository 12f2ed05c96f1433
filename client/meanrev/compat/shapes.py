"""The plain containers that earlier clients returned."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake.containers import table
from meanrev.intake.table import Table
from meanrev.results import OuFit

__all__ = ["fitted", "matrix", "one_series", "vector"]


def vector(values: Any) -> list[Any]:
    """Return one-dimensional values as a list."""
    plain: list[Any] = np.asarray(values).tolist()
    return plain


def matrix(values: Any) -> NDArray[np.float64]:
    """Return two-dimensional values as an array."""
    return np.asarray(values, dtype=np.float64)


def fitted(fit: OuFit, *names: str) -> dict[str, Any]:
    """Return figures of a fit, 0 for what too few prices have no figure of."""
    return {name: _without_nan(fit[name]) for name in names}


def _without_nan(value: Any) -> Any:
    if np.ndim(value):
        return np.where(np.isnan(value), 0.0, value)
    return 0.0 if math.isnan(value) else value


def one_series(prices: Any) -> Table:
    """Read the prices of one series, which may be a column of a matrix.

    Raises:
        InvalidInput: there are several.
    """
    read = table("prices", prices)
    if read.values.ndim == 2 and read.values.shape[1] != 1:
        raise InvalidInput("prices", "must be one series, of shape (T,)", value=read.values.shape)
    return read
