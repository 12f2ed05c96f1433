"""The axes of a grid of thresholds, costs and lookbacks, as options and as arrays."""

import math
from typing import Annotated, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from gpu_kernels import threshold_grid
from gpu_kernels.checks import Floats
from meanrev_server.rpc.naming import wire_names

__all__ = ["Axis", "GridAxes", "axis", "axis_size"]

Axis = str | Annotated[tuple[float, ...], Meta(min_length=1)]
"""Numbers, or "from:to:step" with both ends."""


class GridAxes(NamedTuple):
    """The axes of a grid: (E,), (X,), (C,) and (L,)."""

    entry: Floats
    exit: Floats
    cost_per_side: Floats
    lookback: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(E, X, C, L)."""
        return self.entry.size, self.exit.size, self.cost_per_side.size, self.lookback.size

    @property
    def n_cells(self) -> int:
        """Cells of the grid, invalid ones included."""
        return math.prod(self.shape)

    @property
    def fits(self) -> NDArray[np.bool_]:
        """Whether an exit level fits an entry level, (E, X)."""
        return (self.exit < self.entry[:, None]) & (self.exit >= -self.entry[:, None])

    @property
    def n_valid(self) -> int:
        """Cells whose exit level fits the entry level."""
        return int(np.count_nonzero(self.fits)) * self.cost_per_side.size * self.lookback.size


def axis(values: Axis, name: str) -> Floats:
    """Return the levels of an axis.

    Args:
        values: As given.
        name: Of the option.

    Raises:
        InvalidInput: a range is not "from:to:step".
    """
    with wire_names({"grid": f"metadata.{name}"}):
        return threshold_grid.grid(values) if isinstance(values, str) else np.array(values, dtype=np.float64)


def axis_size(values: Axis, name: str) -> int:
    """Return how many levels an axis has, by arithmetic alone; as axis."""
    with wire_names({"grid": f"metadata.{name}"}):
        return threshold_grid.grid_size(values) if isinstance(values, str) else len(values)
