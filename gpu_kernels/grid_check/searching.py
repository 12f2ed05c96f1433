"""The returns of all cells of a grid, and the tests of the search among them, in one process."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import sweep
from gpu_kernels.bounds import LARGEST_MAGNITUDE
from gpu_kernels.checks import Floats
from gpu_kernels.data_snooping import Scheme, checked
from gpu_kernels.errors import Degenerate
from gpu_kernels.grid_check import host
from gpu_kernels.grid_check.model import GridCheck, Tried
from gpu_kernels.sweep import Rules
from gpu_kernels.threshold_grid import Cells

__all__ = ["check", "family", "span"]

_AT_ONCE = 2**21
"""Returns of a group of cells, some 16 MB."""

Places = NDArray[np.int64]


def check(prices: Floats, cells: Cells, rules: Rules, scheme: Scheme) -> GridCheck:
    """Trade every cell of every series bar by bar, and test the search among them; see the contract."""
    tried = _tried(prices, cells, rules)
    if not len(tried.returns):
        raise Degenerate("prices", "prices must leave a cell with finite returns: there is nothing to choose among")
    n_tried, n_periods = tried.returns.shape
    return host.check(tried, (len(prices), cells.valid.size), checked(scheme, n_periods, n_tried))


def span(prices: Floats, mode: str) -> slice:
    """Return the bars from the first price of any series that can be traded to the last one of any."""
    seen = sweep.survey(prices, mode)
    first, stop = seen.first[seen.tradable], (seen.first + seen.n_bars)[seen.tradable]
    return slice(int(first.min()), int(stop.max())) if first.size else slice(0, 0)


def family(prices: Floats, cells: Cells, mode: str) -> Iterator[tuple[int, int, Places]]:
    """Yield each series that can be traded with each lookback that it has prices for, and the cells of both."""
    seen = sweep.survey(prices, mode)
    lookbacks = list(dict.fromkeys(cells.lookback[cells.valid].tolist()))
    alike = {lookback: np.flatnonzero(cells.valid & (cells.lookback == lookback)) for lookback in lookbacks}
    for series in np.flatnonzero(seen.tradable).tolist():
        for lookback in lookbacks:
            if lookback <= seen.n_prices[series]:
                yield series, lookback, alike[lookback]


def _tried(prices: Floats, cells: Cells, rules: Rules) -> Tried:
    members = list(family(prices, cells, rules.mode))
    bars = span(prices, rules.mode)
    size, n_periods = sum(places.size for _, _, places in members), bars.stop - bars.start
    returns, series, cell = np.empty((size, n_periods)), np.empty(size, np.int64), np.empty(size, np.int64)
    n_at_once, row = max(1, _AT_ONCE // max(1, n_periods)), 0
    for one, lookback, places in members:
        own, held = rules.of(np.array([one]))._replace(lookback=lookback), prices[one, bars]
        for start in range(0, places.size, n_at_once):
            some = places[start : start + n_at_once]
            part = sweep.bar_returns(held, cells.entry_z[some], cells.exit_z[some], cells.cost[some], own)
            _flat_beside_the_prices(part, held)
            usable = np.abs(part).max(axis=1) <= LARGEST_MAGNITUDE  # False where one is NaN
            stop = row + int(np.count_nonzero(usable))
            returns[row:stop], series[row:stop], cell[row:stop] = part[usable], one, some[usable]
            row = stop
    return Tried(returns[:row], series[:row], cell[:row])


def _flat_beside_the_prices(returns: Floats, prices: Floats) -> None:
    """Set the returns before a series' first price and after its last to 0."""
    known = np.flatnonzero(~np.isnan(prices))
    returns[:, : known[0]] = 0.0
    returns[:, known[-1] + 1 :] = 0.0
