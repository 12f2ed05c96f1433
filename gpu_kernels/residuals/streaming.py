"""One pass over the rows: scores of all structures block by block, and the accounts of all cells behind them.

Blocks bound the memory: Q and B of a block are dropped once the accounts have used them. A day's scores depend on no
other day's, and accounts go row by row, so no bit of the answer depends on how rows are cut into blocks.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.dispatch import Twins
from gpu_kernels.residuals import accounts, cells, host, native, prices
from gpu_kernels.residuals.accounts import Held, Levels, Records, Signals
from gpu_kernels.residuals.books import Progress, Request
from gpu_kernels.residuals.figures import net_returns
from gpu_kernels.residuals.model import Days, Filters, Structure
from gpu_kernels.residuals.walking import Walk

__all__ = ["ACCOUNTS", "SCORES", "Pass", "Tally", "day_blocks"]

SCORES = Twins(host=host.days, native=native.days)
ACCOUNTS = Twins(host=accounts.run, native=native.run)

_MOST_DAYS = 64
_BLOCK_BYTES = 2**26
"""Of the residuals, loadings and portfolios of a block of days."""


class Tally(NamedTuple):
    """Counts over the days of one structure.

    Attributes:
        scored: Days with scores.
        thin: Days without, because of few names.
        too_few_rows: Days without, because the regression has too few returns.
        dropped: Factors that were dropped.
        tied: Days whose factors a tie leaves undetermined.
        fits: Residuals that were fitted.
        eligible: Eligible names.
    """

    scored: int = 0
    thin: int = 0
    too_few_rows: int = 0
    dropped: int = 0
    tied: int = 0
    fits: int = 0
    eligible: int = 0

    def with_days(self, days: Days) -> "Tally":
        """Return the counts with those of further days."""
        kinds = np.bincount(days.day, minlength=3)
        fits = np.count_nonzero(~np.isnan(days.alpha))
        further = (*kinds, days.dropped.sum(), days.tied.sum(), fits, days.eligible.sum())
        return Tally(*(own + int(each) for own, each in zip(self, further, strict=True)))


class Pass:
    """All that a pass over the rows finds."""

    def __init__(self, request: Request) -> None:
        n_rows, n_names = request.prices.shape
        self.request = request
        controls = dict.fromkeys(cells.one_factor(each) for each in request.structures)
        self.structures = request.structures + tuple(each for each in controls if each not in request.structures)
        n_thresholds, n_counted = request.entry.size, n_rows - request.first_row
        self.levels = Levels(request.entry, request.exit_long, request.exit_short)
        self.records = tuple(
            Records(*(np.zeros((n_counted, n_thresholds)) for _ in Records._fields)) for _ in request.structures
        )
        self.score, self.theta = (tuple(np.full((n_rows, n_names), np.nan) for _ in self.structures) for _ in range(2))
        self.last: list[Days] = []
        self.tallies = [Tally() for _ in request.structures]
        self.hedges = {
            each: (np.zeros((n_rows, n_names, 1)), np.zeros((n_rows, n_names, 1)))
            for each in self.structures
            if each.factors == 1
        }
        self.account_returns = prices.account_returns(request.prices)
        self.unpriced = prices.without_price(request.prices)
        self.walk = None if request.spans is None else Walk(request, request.spans, self.net)

    def run(self, progress: Progress | None) -> None:
        """Go over the rows; what the callback raises ends the work."""
        request = self.request
        first, n_rows, n_names = request.first_row, *request.prices.shape
        held = [accounts.flat(request.entry.size, n_names) for _ in request.structures]
        waiting: list[Signals | None] = [None] * len(request.structures)
        edges = self.walk.edges() if self.walk is not None else ()
        for start, stop, found in day_blocks(
            request.prices, request.members, self.structures, request.filters, first, edges
        ):
            self._keep(found, start, stop)
            for place, days in enumerate(found[: len(request.structures)]):
                fresh = Signals(days.score, days.Q, days.B)
                signals = _joined(waiting[place], fresh)
                n_waiting = min(stop - start, max(0, first + request.rules.delay - start))
                held[place] = self._carry(place, held[place], signals, start, stop, n_waiting)
                if self.walk is not None:
                    rows = slice(start, stop)
                    self.walk.follow(place, signals, start, self.account_returns[rows], self.unpriced[rows])
                waiting[place] = _latest(signals, request.rules.delay)
            if progress is not None:
                progress(stop - first, n_rows - first)

    def net(self, place: int, cost: float, rows: slice) -> Floats:
        """Return the net returns of the cells of one structure at one cost, (rows, H), by the cost basis."""
        first = self.request.first_row
        own = Records._make(each[rows.start - first : rows.stop - first] for each in self.records[place])
        return net_returns(own, cost, self.request.rules, self.request.rules.cost_basis)

    def _carry(self, place: int, held: Held, signals: Signals, start: int, stop: int, n_waiting: int) -> Held:
        rows, first = slice(start, stop), self.request.first_row
        filled = Signals._make(each[: stop - start - n_waiting] for each in signals)
        after, found = ACCOUNTS.run(
            held,
            self.levels,
            filled,
            self.account_returns[rows],
            self.unpriced[rows],
            self.request.rules.size,
            n_waiting,
        )
        for whole, part in zip(self.records[place], found, strict=True):
            whole[start - first : stop - first] = part
        return after

    def _keep(self, found: tuple[Days, ...], start: int, stop: int) -> None:
        rows = slice(start, stop)
        for place, (structure, days) in enumerate(zip(self.structures, found, strict=True)):
            self.score[place][rows], self.theta[place][rows] = days.score, days.theta
            if structure in self.hedges:
                for whole, part in zip(self.hedges[structure], (days.Q, days.B), strict=True):
                    whole[rows] = part
            if place < len(self.tallies):
                self.tallies[place] = self.tallies[place].with_days(days)
        self.last = [Days._make(each[-1:].copy() for each in days) for days in found]


def day_blocks(
    held: Floats,
    members: NDArray[np.bool_] | None,
    structures: tuple[Structure, ...],
    filters: Filters,
    first: int,
    edges: tuple[int, ...] = (),
    with_windows: bool = False,
) -> Iterator[tuple[int, int, tuple[Days, ...]]]:
    """Yield the scores of rows first to T, block by block, with the first row and the end of each.

    Args:
        held: (T, N) prices.
        members: As in Request.
        structures: What scores are made with.
        filters: What they share.
        first: The first row.
        edges: Rows at which a block begins.
        with_windows: Whether the residuals are asked for.
    """
    n_rows, n_names = held.shape
    returns = prices.simple_returns(held)
    known = host.windows(structures)
    eligible = np.stack([prices.eligible(held, members, window) for window in known])
    margin = max(known) + filters.refit - 2
    wide = {each[:4]: each.regression + 2 * host.most_factors(each, filters, n_names) for each in structures}
    size = int(np.clip(_BLOCK_BYTES // (8 * n_names * sum(wide.values())), 1, _MOST_DAYS))
    bounds = sorted({*range(first, n_rows, size), *(each for each in edges if first < each < n_rows), n_rows})
    for start, stop in pairwise(bounds):
        interruption.check()
        low = max(0, start - margin)
        part = returns[low:stop], eligible[:, low:stop], start - low, low
        yield start, stop, SCORES.run(*part, structures, filters, with_windows)


def _joined(earlier: Signals | None, later: Signals) -> Signals:
    if earlier is None or not len(earlier.score):
        return later
    return Signals(*(np.concatenate(each) for each in zip(earlier, later, strict=True)))


def _latest(signals: Signals, count: int) -> Signals:
    return Signals(*(each[len(each) - min(count, len(each)) :].copy() for each in signals))
