"""Results of a sweep. Fields are named as on the wire, where their units are stated.

Axes: N columns, G cells (threshold pairs x costs x lookbacks), E entries, X exits.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.choices import choice_rule
from meanrev.errors import InvalidInput
from meanrev.pictures import Chart, of_results
from meanrev.results.base import LABEL, Result, label_column
from meanrev.results.plots import SweepPlot
from meanrev.results.searches import GridChecks
from meanrev.results.view import depth
from meanrev.results.walks import PooledWalks, WalkForward

__all__ = ["BestCells", "CellFigures", "Surface", "SweepResult"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Surface(Result):
    """One figure over thresholds, at one cost and lookback.

    Attributes:
        column: Label of the column.
        figure: Name of the figure.
        cost: Per side.
        lookback: In bars.
        entry_zscore: (E,) ascending.
        exit_zscore: (X,) ascending.
        cells: (E, X) of the figure; NaN where the exit does not fit the entry.
    """

    column: Any = field(metadata=LABEL)
    figure: str
    cost: float
    lookback: int
    entry_zscore: Floats
    exit_zscore: Floats
    cells: Floats

    def _table(self) -> dict[str, Any]:
        columns = {f"exit {level:g}": values for level, values in zip(self.exit_zscore, self.cells.T, strict=True)}
        return {"entry": self.entry_zscore, **columns}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CellFigures(Result):
    """Figures of every column in every cell: (N, G) each, NaN where a cell is invalid; None where not asked for.

    Attributes:
        sharpe_ratio: Annualised.
        cumulative_return: Against the initial capital.
        max_drawdown: Positive, as in a backtest.
        num_trades: Closed round trips.
        win_rate: Share of them with a profit.
        avg_profit_per_trade: A fraction of the initial capital.
        total_costs: Sum of all fees.
        sharpe_std_error: Of sharpe_ratio, annualised like it, for independent returns of any skewness and kurtosis; NaN
            where the ratio is 0. It does not allow for the choice among many cells.
        superior: 1 where StepM finds the cell better than no position, 0 where not, NaN where it was not tested; comes
            with a reality check alone.
    """

    sharpe_ratio: Floats | None = None
    cumulative_return: Floats | None = None
    max_drawdown: Floats | None = None
    num_trades: Floats | None = None
    win_rate: Floats | None = None
    avg_profit_per_trade: Floats | None = None
    total_costs: Floats | None = None
    sharpe_std_error: Floats | None = None
    superior: Floats | None = None


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BestCells(Result):
    """Each column's choice: scalars for one series, (N,) arrays for many. backtest takes it as its thresholds.

    Attributes:
        column: Label of the column.
        entry_zscore: Of the best cell; NaN, like all that follows, where no cell is valid.
        exit_zscore: Of it.
        cost: Of it, per side.
        lookback: Of it, in bars; 0 where no cell is valid.
        sharpe_ratio: Of it, annualised.
        deflated_sharpe: Probability that it is above what as many tries find by chance.
        cell: Its number; -1 where no cell is valid.
        plateau_entry_zscore: Of the cell with the best mean over its 3 x 3 neighbours.
        plateau_exit_zscore: Of it.
        plateau_value: That mean.
        plateau_cell: Its number.
        status: "ok", or "error" where the column has no figures.
        reason: Why it has none, and the way out; "" where it has some.
        n_bars: Bars from its first price to its last, which the figures are of.
        sharpe_std_error: Of the best cell's Sharpe ratio, for independent returns.
        probability_sharpe_positive: That the true ratio is above 0; it does not allow for the choice among many cells.
        note: A warning, such as a lookback of fewer than 10 half-lives; "" for none.
    """

    column: Any = field(metadata=LABEL)
    entry_zscore: Any
    exit_zscore: Any
    cost: Any
    lookback: Any
    sharpe_ratio: Any
    deflated_sharpe: Any
    cell: Any
    plateau_entry_zscore: Any
    plateau_exit_zscore: Any
    plateau_value: Any
    plateau_cell: Any
    status: Any
    reason: Any
    n_bars: Any
    sharpe_std_error: Any
    probability_sharpe_positive: Any
    note: Any


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SweepResult(Result):
    """Backtests of every column in every cell of a grid.

    Attributes:
        columns: N names.
        entry_zscore: (G,) of the cells.
        exit_zscore: (G,) of the cells.
        cost: (G,) of the cells, per side.
        lookback: (G,) of the cells, in bars.
        figures: What was asked for.
        best: Each column's best cell and plateau.
        n_cells: Valid cells, tried for each column.
        cell_reason: (G,) why no column has a figure in a cell; "" where one may have.
        walk_forward: Its steps; None where there are none.
        pooled: One out-of-sample Sharpe ratio of all steps of a column; None where there are none.
        reality_check: What the best cells are worth after the search for them; None where it was not asked for.
    """

    columns: tuple[Any, ...] = field(metadata=LABEL)
    entry_zscore: Floats
    exit_zscore: Floats
    cost: Floats
    lookback: Ints
    figures: CellFigures
    best: BestCells
    n_cells: int
    cell_reason: NDArray[np.str_]
    walk_forward: WalkForward | None = None
    pooled: PooledWalks | None = None
    reality_check: GridChecks | None = None

    @property
    def plot(self) -> SweepPlot:
        """Drawings by plotly, which the extra meanrev[plot] brings."""
        return SweepPlot(self.chart, self.walk_chart)

    def chart(
        self,
        column: Any = None,
        figure: str = "sharpe_ratio",
        *,
        cost: float | None = None,
        lookback: int | None = None,
    ) -> Chart:
        """Return a picture of one figure over entry and exit thresholds, with the best cell and plateau.

        Args:
            column: As for surface, like the arguments that follow.
            figure: As for surface.
            cost: As for surface.
            lookback: As for surface.

        Raises:
            InvalidInput: the result holds no such column, figure, cost or lookback.
        """
        return of_results.of_surface(self, column, figure, cost, lookback)

    def walk_chart(self, column: Any = None) -> Chart:
        """Return a picture of a column's walk-forward: gains out of sample, and Sharpe ratios by step.

        Args:
            column: Label of the column; the first where None.

        Raises:
            InvalidInput: the result holds no such column, or no walk-forward.
        """
        if self.walk_forward is None:
            raise InvalidInput("walk_forward", "must be given to sweep for a picture of it", value=None)
        place = 0 if column is None else _place("column", self.columns, column)
        return of_results.of_walk(self.walk_forward, self.columns[place], self.pooled)

    def to_columns(self) -> dict[str, Any]:
        """Return what to_frame shows, a column's values by its name, without pandas: a row a column and cell."""
        return self._columns()

    def surface(
        self,
        column: str | None = None,
        figure: str = "sharpe_ratio",
        *,
        cost: float | None = None,
        lookback: int | None = None,
    ) -> Surface:
        """Return one figure over thresholds.

        Args:
            column: Label of the column; the first where None.
            figure: Which.
            cost: One of the grid's; the best cell's where None.
            lookback: Likewise.

        Raises:
            InvalidInput: the result holds no such column, figure, cost or lookback.
        """
        place = 0 if column is None else _place("column", self.columns, column)
        known = self.figures.get(figure)
        if known is None:
            held = [name for name, values in self.figures.items() if values is not None]
            raise InvalidInput("figure", choice_rule(figure, held), value=figure)
        best = max(0, int(np.atleast_1d(self.best.cell)[place]))
        costs, lookbacks = np.unique(self.cost), np.unique(self.lookback)
        at_cost = costs[_place("cost", costs.tolist(), self.cost[best] if cost is None else cost)]
        bars = lookbacks[_place("lookback", lookbacks.tolist(), self.lookback[best] if lookback is None else lookback)]
        chosen = (self.cost == at_cost) & (self.lookback == bars)
        entry, row = np.unique(self.entry_zscore[chosen], return_inverse=True)
        leave, col = np.unique(self.exit_zscore[chosen], return_inverse=True)
        values = np.full((entry.size, leave.size), np.nan)
        values[row, col] = known[place, chosen]
        return Surface(
            column=self.columns[place],
            figure=figure,
            cost=float(at_cost),
            lookback=int(bars),
            entry_zscore=entry,
            exit_zscore=leave,
            cells=values,
        )

    def _table(self) -> dict[str, Any]:
        """Return each column's best cell: a row for each of the cells would show the first column's alone."""
        return {
            name: values if depth(values) else np.array([values]) for name, values in self.best.to_columns().items()
        }

    def _columns(self) -> dict[str, Any]:
        n_columns = len(self.columns)
        axes = {name: np.tile(self[name], n_columns) for name in ("entry_zscore", "exit_zscore", "cost", "lookback")}
        figures = {name: values.reshape(-1) for name, values in self.figures.items() if values is not None}
        return {"column": np.repeat(label_column(self.columns), self.cost.size), **axes, **figures}


def _place(field: str, held: Any, wanted: Any) -> int:
    places = [i for i, value in enumerate(held) if type(value) is type(wanted) and value == wanted]
    places = places or [i for i, value in enumerate(held) if _equal(value, wanted)]
    places = places or [i for i, value in enumerate(held) if str(value) == str(wanted)]
    if not places:
        raise InvalidInput(field, choice_rule(wanted, held), value=wanted)
    return places[0]


def _equal(value: Any, wanted: Any) -> bool:
    """Return whether two labels are equal, where dates and texts of different kinds may refuse to be compared."""
    try:
        return bool(value == wanted)
    except (TypeError, ValueError):
        return False
