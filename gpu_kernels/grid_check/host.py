"""The NumPy twin of the check of a grid, from the returns of its cells on."""

import numpy as np

from gpu_kernels.data_snooping import host
from gpu_kernels.data_snooping.model import Scheme
from gpu_kernels.grid_check.model import GridCheck, Tried

__all__ = ["check"]


def check(tried: Tried, shape: tuple[int, int], scheme: Scheme) -> GridCheck:
    """Test the search among the cells of a family.

    Args:
        tried: Its strategies, at least one.
        shape: (B, G), series and cells.
        scheme: Checked.

    Raises:
        Degenerate: no cell's returns vary.
    """
    found = host.examine(tried.returns.T, scheme)
    superior = np.full(shape, np.nan)
    varies = np.array([status == "ok" for status in found.status])
    superior[tried.series[varies], tried.cell[varies]] = found.superior[varies]
    return GridCheck(
        n_periods=tried.returns.shape[1],
        n_tried=len(tried.returns),
        superior=superior,
        series=int(tried.series[found.best]),
        cell=int(tried.cell[found.best]),
        chosen_series=tried.series[found.paths.chosen],
        chosen_cell=tried.cell[found.paths.chosen],
        found=found,
    )
