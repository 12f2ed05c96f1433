"""The plain containers that earlier clients returned."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["matrix", "vector"]


def vector(values: Any) -> list[Any]:
    """Return one-dimensional values as a list."""
    plain: list[Any] = np.asarray(values).tolist()
    return plain


def matrix(values: Any) -> NDArray[np.float64]:
    """Return two-dimensional values as an array."""
    return np.asarray(values, dtype=np.float64)
