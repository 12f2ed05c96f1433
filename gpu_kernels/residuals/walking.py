"""Walk-forward in the same pass: a cell is chosen when its train rows are over, and trades the test rows from flat."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import threshold_grid
from gpu_kernels.checks import Floats
from gpu_kernels.performance.sharpe_error import few, probability_positive, standard_errors
from gpu_kernels.residuals import accounts, cells
from gpu_kernels.residuals.accounts import Held, Levels, Records, Signals
from gpu_kernels.residuals.books import Request
from gpu_kernels.residuals.figures import net_returns, of_records, sharpe_ratios
from gpu_kernels.threshold_grid import PooledWalk, WalkStep
from gpu_kernels.threshold_grid.host import best
from gpu_kernels.threshold_grid.model import Spans
from gpu_kernels.threshold_grid.walk import starts

__all__ = ["Net", "Walk"]

Net = Callable[[int, float, slice], Floats]
"""Returns the net returns of the cells of one structure at one cost, over some rows."""

_NO_CELL = "no cell has a figure on the train part"
_RUINED = "the account is ruined in the test part"


class _Step:
    """A step whose cell is chosen."""

    def __init__(self, test_start: int, cell: int, ratio: float, error: float, n_names: int) -> None:
        self.test_start, self.cell, self.ratio, self.error = test_start, cell, ratio, error
        self.held: Held = accounts.flat(1, n_names)
        self.found: list[Records] = []


class Walk:
    """The steps of a walk-forward.

    A train part is a part of the accounts that trade all rows: a position may be open when it begins. A test part is an
    account of its own: the first decision is made at its first row, and it starts flat.
    """

    def __init__(self, request: Request, spans: Spans, net: Net) -> None:
        """Begin before the first row.

        Args:
            request: The request.
            spans: Lengths of the parts of a step.
            net: Returns of the accounts, as far as the pass has come.
        """
        self._request, self._spans, self._net = request, spans, net
        first = request.first_row
        self._firsts = [first + each for each in starts(len(request.prices) - first, spans)]
        self._steps: list[_Step] = []

    def edges(self) -> tuple[int, ...]:
        """Return the rows at which a test part begins, and the end of the last."""
        spans = self._spans
        found = [each + spans.train + spans.purge for each in self._firsts]
        return tuple(found + [each + spans.test for each in found[-1:]])

    def follow(self, place: int, signals: Signals, start: int, returns: Floats, unpriced: NDArray[np.bool_]) -> None:
        """Trade the rows of a block in the test part that they are in, if the cell is of this structure.

        Args:
            place: Of the structure.
            signals: Its decisions, of which the last are those of the block.
            start: First row of the block.
            returns: Of the accounts, at the rows of the block.
            unpriced: Likewise.
        """
        request, spans, stop = self._request, self._spans, start + len(returns)
        number = len(self._steps)
        if number < len(self._firsts) and start == self._firsts[number] + spans.train + spans.purge:
            self._steps.append(self._chosen(start))
        if not self._steps or not self._steps[-1].test_start <= start < self._steps[-1].test_start + spans.test:
            return
        step = self._steps[-1]
        if step.cell < 0:
            return
        structure, threshold, _ = cells.places(step.cell, request.entry.size, request.costs.size)
        if structure != place:
            return
        n_waiting = min(stop - start, max(0, step.test_start + request.rules.delay - start))
        # The decision that the last row fills is `delay` rows before it; those before the test part are not filled.
        filled = stop - start - n_waiting
        last = len(signals.score) - request.rules.delay
        own = Signals._make(each[last - filled : last] for each in signals)
        step.held, found = accounts.run(
            step.held,
            Levels(*(each[[threshold]] for each in (request.entry, request.exit_long, request.exit_short))),
            own,
            returns,
            unpriced,
            request.rules.size,
            n_waiting,
        )
        step.found.append(found)

    def results(self) -> tuple[tuple[WalkStep, ...], tuple[PooledWalk, ...]]:
        """Return the steps, and the test parts of all of them together."""
        steps = tuple(self._result(each, first) for each, first in zip(self._steps, self._firsts, strict=True))
        return steps, tuple(threshold_grid.pool(steps))

    def _chosen(self, test_start: int) -> _Step:
        request, spans = self._request, self._spans
        stop = test_start - spans.purge
        rows = slice(stop - spans.train, stop)
        year = request.rules.periods_per_year
        columns = []
        for place in range(len(request.structures)):
            each = [sharpe_ratios(self._net(place, cost, rows), year) for cost in request.costs.tolist()]
            columns.append(np.stack(each, axis=1).ravel())
        ratios = np.where(request.cells.valid, np.concatenate(columns), np.nan)
        cell = int(best(ratios[None])[0])
        if cell < 0:
            return _Step(test_start, cell, math.nan, math.nan, request.prices.shape[1])
        structure, threshold, cost = cells.places(cell, request.entry.size, request.costs.size)
        returns = self._net(structure, float(request.costs[cost]), rows)[:, threshold]
        return _Step(test_start, cell, float(ratios[cell]), _error(returns, year), request.prices.shape[1])

    def _result(self, step: _Step, first: int) -> WalkStep:
        spans, rules = self._spans, self._request.rules
        found = WalkStep(
            series=0,
            train_start=first,
            train_stop=first + spans.train,
            test_start=step.test_start,
            test_stop=step.test_start + spans.test,
            cell=step.cell,
            train_sharpe=step.ratio,
            test_sharpe=math.nan,
            test_return=math.nan,
            test_trades=0,
            test_max_drawdown=math.nan,
            status=threshold_grid.ERROR,
            reason=_NO_CELL,
            test_sharpe_std_error=math.nan,
            probability_sharpe_positive=math.nan,
            note="",
            train_sharpe_std_error=step.error,
        )
        if step.cell < 0:
            return found
        records = Records._make(np.concatenate(each) for each in zip(*step.found, strict=True))
        cost = float(self._request.cells.cost[step.cell])
        figures = of_records(records, np.array([cost]), rules)
        returns = net_returns(records, cost, rules, rules.cost_basis)[:, 0]
        ratio = float(sharpe_ratios(returns[:, None], rules.periods_per_year)[0])
        if math.isnan(ratio):
            return found._replace(reason=_RUINED)
        trades, error = int(figures.num_trades[0]), _error(returns, rules.periods_per_year)
        return found._replace(
            test_sharpe=ratio,
            test_return=float(figures.total_return[0]),
            test_trades=trades,
            test_max_drawdown=float(figures.max_drawdown[0]),
            status=threshold_grid.OK,
            reason="",
            test_sharpe_std_error=error,
            probability_sharpe_positive=float(probability_positive(np.array(ratio), np.array(error))),
            note=few(spans.test, trades),
        )


def _error(returns: Floats, periods_per_year: float) -> float:
    """Return the standard error of a series' Sharpe ratio, annualised; NaN where it is not known."""
    return float(standard_errors(np.ascontiguousarray(returns[None]))[0]) * math.sqrt(periods_per_year)
