"""The NumPy definitions of a grid's cells, its best cell and its plateau."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.threshold_grid.model import TIE, Cells

__all__ = ["best", "expand", "neighbour_means", "taken"]


def expand(entry_z: Floats, exit_z: Floats, cost: Floats, lookback: NDArray[np.int64]) -> Cells:
    """Return all combinations; see the contract."""
    n_planes, n_thresholds = cost.size * lookback.size, entry_z.size * exit_z.size
    entries = np.tile(np.repeat(entry_z, exit_z.size), n_planes)
    exits = np.tile(exit_z, n_planes * entry_z.size)
    costs = np.tile(np.repeat(cost, n_thresholds), lookback.size)
    lookbacks = np.repeat(lookback, cost.size * n_thresholds)
    return Cells(entries, exits, costs, lookbacks, (exits >= -entries) & (exits < entries))


def best(values: Floats) -> NDArray[np.int64]:
    """Return for each row of (B, G) the first cell that is largest but for a tie, -1 where all are NaN."""
    if values.shape[1] == 0:
        return np.full(values.shape[0], -1, dtype=np.int64)
    usable = np.isfinite(values)
    found = usable.any(axis=1)
    filled = np.where(usable, values, -np.inf)
    highest, lowest = filled.max(axis=1), np.where(usable, values, np.inf).min(axis=1)
    with np.errstate(invalid="ignore"):  # infinite where nothing is usable
        least = highest - TIE * np.maximum(np.abs(highest), np.abs(lowest))
    return np.where(found, np.argmax(filled >= least[:, None], axis=1), -1).astype(np.int64)


def neighbour_means(values: Floats, shape: tuple[int, int, int, int]) -> Floats:
    """Average each cell of (B, G) with its neighbours in its plane of entries and exits.

    Args:
        values: NaN in the cells that count for nothing, and NaN comes back there.
        shape: Entries, exits, costs and lookbacks.
    """
    n_entries, n_exits, n_costs, n_lookbacks = shape
    planes = values.reshape(values.shape[0], n_lookbacks, n_costs, n_entries, n_exits)
    usable = np.isfinite(planes)
    means = np.full(planes.shape, np.nan)
    np.divide(_around(np.where(usable, planes, 0.0)), _around(usable.astype(np.float64)), out=means, where=usable)
    return means.reshape(values.shape)


def _around(planes: Floats) -> Floats:
    """Add up each entry's 3 x 3 neighbours in the last two axes."""
    columns = planes.copy()
    columns[..., 1:, :] += planes[..., :-1, :]
    columns[..., :-1, :] += planes[..., 1:, :]
    total = columns.copy()
    total[..., 1:] += columns[..., :-1]
    total[..., :-1] += columns[..., 1:]
    return total


def taken(values: Floats | NDArray[np.int64], cells: NDArray[np.int64]) -> Floats:
    """Return each row's value in its cell, NaN where the cell is -1."""
    if values.shape[1] == 0:
        return np.full(values.shape[0], np.nan)
    found = np.take_along_axis(values, np.maximum(cells, 0)[:, None], axis=1)[:, 0]
    return np.where(cells >= 0, found, np.nan)
