"""What the best cell of a grid is worth after the search for it: the tests of a search on the cells' returns.

Every cell of the grid in every series is a strategy, and all of them together are the family of tries that a p-value
allows for: with one series the cells of its grid, with many also the choice among the series. The returns of a strategy
are those of its backtest, bar by bar, as threshold_grid.sweep trades it. They never leave the process that computes
them.

The periods are the bars from the first price of any series to the last one of any. Where a series has no price yet, or
none any more, its cells have no position and return 0. A cell whose lookback is longer than the series has prices was
not tried, nor was one of a series that cannot be traded, and neither was one whose returns are not finite, or above
1e50 in magnitude. data_snooping/model.py has the equations and the references.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.data_snooping.model import DataSnooping

__all__ = ["GridCheck", "Tried"]


class Tried(NamedTuple):
    """The strategies of a family.

    Attributes:
        returns: (M, T) of each.
        series: (M,) row of the prices of each, ascending.
        cell: (M,) cell of each, ascending within a series.
    """

    returns: Floats
    series: NDArray[np.int64]
    cell: NDArray[np.int64]


class GridCheck(NamedTuple):
    """What a search among the cells of a grid is worth.

    Attributes:
        n_periods: T.
        n_tried: M, cells of all series.
        superior: (B, G) 1 where StepM finds a cell superior, 0 where not, NaN where it was not tried or its returns do
            not vary.
        series: Row of the prices of the best strategy.
        cell: Its cell.
        chosen_series: (W,) row of the strategy that each way to choose test folds trades.
        chosen_cell: (W,) its cell.
        found: The tests, by strategy.
    """

    n_periods: int
    n_tried: int
    superior: Floats
    series: int
    cell: int
    chosen_series: NDArray[np.int64]
    chosen_cell: NDArray[np.int64]
    found: DataSnooping
