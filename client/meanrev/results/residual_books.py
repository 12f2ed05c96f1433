"""Results of trading a universe's residuals. S structures, G cells, T bars, N names."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.pictures import Chart
from meanrev.pictures.of_books import of_book
from meanrev.results.base import LABEL, Pictured, Result
from meanrev.results.book_parts import BookCounts, BookToday, BookWalk
from meanrev.results.walks import PooledWalks

__all__ = [
    "BestBook",
    "BookCells",
    "BookControls",
    "BookYears",
    "ResidualBook",
    "ResidualPanel",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class _Figures(Result):
    sharpe_gross: Any
    sharpe_stocks: Any
    sharpe_book: Any
    total_return: Any
    max_drawdown: Any
    turnover_stocks: Any
    turnover_book: Any
    mean_gross: Any
    longs: Any
    shorts: Any
    holding_bars: Any
    num_trades: Any


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BookCells(_Figures):
    """The cells of a grid and their figures, (G,) each; NaN where a cell has none.

    Attributes:
        factors: A number, or a share of the variance such as "55%", as text.
        window: Returns behind the factors.
        regression: Returns behind the residuals.
        max_reversion: Slowest reversion time of a valid fit, in bars.
        max_p: Largest reversion_p of a valid fit.
        entry: Score at which a trade opens.
        exit_long: A long position closes at -exit_long.
        exit_short: A short position closes at exit_short.
        cost: Fraction of the notional a side.
        reason: Why a cell has no figures; "" where it has some.
        sharpe_gross: Annualised Sharpe ratio before costs and borrowing.
        sharpe_stocks: After costs of the names without their hedges, and borrowing.
        sharpe_book: After costs of all that is traded, and borrowing.
        total_return: By the cost basis, as is max_drawdown.
        max_drawdown: Positive.
        turnover_stocks: Notional traded a bar over the equity, without the hedges.
        turnover_book: The same of all that is traded.
        mean_gross: Mean notional held over the equity.
        longs: Mean number of names held long.
        shorts: Mean number of names sold short.
        holding_bars: Mean bars of a trade.
        num_trades: Trades opened.
    """

    factors: NDArray[np.str_]
    window: Ints
    regression: Ints
    max_reversion: Floats
    max_p: Floats
    entry: Floats
    exit_long: Floats
    exit_short: Floats
    cost: Floats
    reason: NDArray[np.str_]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BestBook(_Figures):
    """The cell with the largest Sharpe ratio after costs; numbers are NaN or 0 where no cell has figures.

    Attributes:
        cell: Its number; -1 where there is none. The parameters and figures are those of BookCells.
        value: The Sharpe ratio that it is chosen by.
        deflated_sharpe: Probability that the true ratio is above what as many cells find by chance.
        sharpe_std_error: Of value, with the returns' dependence over time.
        probability_sharpe_positive: That the true ratio is above 0; it does not allow for the choice.
        n_tried: Cells with figures.
        factors: As in BookCells, like all that follows.
        window: As in BookCells.
        regression: As in BookCells.
        max_reversion: As in BookCells.
        max_p: As in BookCells.
        entry: As in BookCells.
        exit_long: As in BookCells.
        exit_short: As in BookCells.
        cost: As in BookCells.
    """

    cell: int
    value: float
    deflated_sharpe: float
    sharpe_std_error: float
    probability_sharpe_positive: float
    n_tried: int
    factors: str
    window: int
    regression: int
    max_reversion: float
    max_p: float
    entry: float
    exit_long: float
    exit_short: float
    cost: float


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BookControls(_Figures):
    """What the chosen cell is compared with: a row each; figures as in BookCells.

    Attributes:
        control: "one_factor", the same rule with one factor; and "reversal_5", a book that holds every name against its
            return of the last 5 bars, less the mean, at gross 1 and the same costs.
        correlation: Of its net returns with those of the chosen cell.
    """

    control: tuple[str, ...]
    correlation: Floats


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BookYears(_Figures):
    """The chosen cell by calendar year (UTC); figures as in BookCells.

    Attributes:
        year: (Y,) calendar years.
        n_bars: (Y,) bars of each.
    """

    year: Ints
    n_bars: Ints


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ResidualBook(Pictured):
    """Books of a universe's residuals in a grid of structures and rules.

    Attributes:
        columns: N names.
        cells: All cells and their figures.
        best: The cell with the largest Sharpe ratio after costs; what follows is of it.
        returns: (T,) net returns by the cost basis, in the caller's container; NaN before the first row that counts.
        median_reversion: (T,) median of 1 / theta over the names with a score, likewise.
        controls: What it is compared with.
        today: The last row.
        counts: What happened along the way.
        years: Figures by calendar year; None where the prices have no times.
        walk_forward: Its steps; None where there are none.
        pooled: One out-of-sample Sharpe ratio of all steps; None where there are none.
        positions: (T, N) sides decided at each row, in the caller's container; None where they were not asked for.
    """

    columns: tuple[Any, ...] = field(metadata=LABEL)
    cells: BookCells
    best: BestBook
    returns: Any
    median_reversion: Any
    controls: BookControls
    today: BookToday
    counts: BookCounts
    years: BookYears | None = None
    walk_forward: BookWalk | None = None
    pooled: PooledWalks | None = None
    positions: Any = None

    def chart(self) -> Chart:
        """Return a picture of the chosen cell: growth and drawdown after costs, and how fast residuals seem to revert.

        Raises:
            ValueError: no cell has figures.
        """
        return of_book(self)

    def to_columns(self) -> dict[str, Any]:
        """Return what to_frame shows, a column's values by its name, without pandas: a row a cell."""
        return self.cells.to_columns()


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ResidualPanel(Result):
    """Residuals of a universe on its factors, for models of one's own.

    Attributes:
        columns: N names.
        score: (T, N), in the caller's container, as are the next five; NaN where a name has none.
        theta: (T, N) speed of reversion per bar.
        reversion_p: (T, N) probability that residuals of white noise seem to revert as fast.
        alpha: (T, N) per bar.
        r_squared: (T, N) of the regression on the factors.
        hedged: (T, N) what a dollar of a name and its hedge, held since the row before, return.
        n_factors: (T,) factors of each row; 0 where a row has no scores.
        days: (D,) the rows that were asked for, of which the next three are.
        windows: (D, N, L) residuals, oldest first; NaN where nothing is regressed.
        Q: (D, N, m) dollars of each name in each eigenportfolio.
        B: (D, N, m) loadings.
    """

    columns: tuple[Any, ...] = field(metadata=LABEL)
    score: Any
    theta: Any
    reversion_p: Any
    alpha: Any
    r_squared: Any
    hedged: Any
    n_factors: Ints
    days: Ints
    windows: Floats
    Q: Floats
    B: Floats

    def book(self, weights: Any, day: int) -> Floats:
        """Return h = w - Q (B'w), (N,): dollars of each name once the loadings of w are hedged.

        Args:
            weights: (N,) dollars of each name before the hedge.
            day: One of days, a row of the prices.

        Raises:
            InvalidInput: the day was not asked for, or there is not one weight a name.
        """
        places = np.flatnonzero(self.days == day)
        if not places.size:
            raise InvalidInput("day", "must be one of the days that were asked for", value=day)
        w = np.asarray(weights, dtype=np.float64)
        if w.shape != (len(self.columns),):
            raise InvalidInput("weights", f"must have shape ({len(self.columns)},), one a name", value=w.shape)
        place = int(places[0])
        return np.asarray(w - self.Q[place] @ (self.B[place].T @ w))
