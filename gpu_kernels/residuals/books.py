"""A request for books of residuals, and what they are worth; model.py has the equations."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.residuals.model import Filters, Structure
from gpu_kernels.threshold_grid.model import PooledWalk, Spans, WalkStep
from gpu_kernels.time_units import PERIODS_PER_YEAR

__all__ = [
    "COST_BASES",
    "MOST_CELLS",
    "Book",
    "Cells",
    "Choice",
    "Controls",
    "Counts",
    "Figures",
    "Progress",
    "Request",
    "Rules",
    "Today",
    "Years",
]

COST_BASES = ("book", "stocks")
"""What costs are charged on: all that is traded, or the names without their hedges, as the paper does."""

MOST_CELLS = 100_000
"""Most cells of a request."""

Progress = Callable[[int, int], None]
"""Called with what is done and the total after each part; what it raises ends the work."""


class Rules(NamedTuple):
    """How scores are traded.

    Attributes:
        delay: Bars between a decision and its fill.
        cost_basis: One of COST_BASES, by which a cell is chosen.
        size: Dollars a name, as a fraction of the equity.
        borrow: Fraction a year of the short notional.
        periods_per_year: Bars in a year.
    """

    delay: int = 1
    cost_basis: str = "book"
    size: float = 0.01
    borrow: float = 0.0
    periods_per_year: float = PERIODS_PER_YEAR


class Cells(NamedTuple):
    """The G cells, each attribute (G,): structures outermost, then entry, exit_long, exit_short, and cost innermost.

    Attributes:
        structure: Place in the list of structures.
        entry: Score at which a trade opens.
        exit_long: A long position closes at -exit_long.
        exit_short: A short position closes at exit_short.
        cost: Fraction of the notional a side.
        valid: Whether both exits are in [-entry, entry); an invalid cell has no figures.
    """

    structure: NDArray[np.int64]
    entry: Floats
    exit_long: Floats
    exit_short: Floats
    cost: Floats
    valid: NDArray[np.bool_]


class Figures(NamedTuple):
    """Figures of accounts, each attribute (G,); NaN in invalid cells and in accounts that are ruined.

    Attributes:
        sharpe_gross: Annualised, before costs and borrowing.
        sharpe_stocks: After costs of the names without their hedges, and borrowing.
        sharpe_book: After costs of all that is traded, and borrowing.
        total_return: Equity at the end less 1, by the cost basis.
        max_drawdown: Positive, by the cost basis.
        turnover_stocks: Traded notional a bar of the names without their hedges, over the equity.
        turnover_book: Traded notional a bar of all names, over the equity.
        mean_gross: Mean of sum |h|.
        longs: Mean number of names held long.
        shorts: Mean number of names sold short.
        holding_bars: Mean bars of a trade.
        num_trades: Trades opened.
    """

    sharpe_gross: Floats
    sharpe_stocks: Floats
    sharpe_book: Floats
    total_return: Floats
    max_drawdown: Floats
    turnover_stocks: Floats
    turnover_book: Floats
    mean_gross: Floats
    longs: Floats
    shorts: Floats
    holding_bars: Floats
    num_trades: NDArray[np.int64]


class Request(NamedTuple):
    """A checked request.

    Attributes:
        prices: (T, N), NaN where a name has no price.
        members: (T, N), or None where every name is one.
        structures: S of them.
        filters: What they share.
        entry: (H,) thresholds, as are the next two.
        exit_long: (H,).
        exit_short: (H,).
        cells: All cells.
        costs: (C,).
        rules: How scores are traded.
        spans: Of the walk-forward; None for none.
        years: (T,) calendar year of each row, or None.
    """

    prices: Floats
    members: NDArray[np.bool_] | None
    structures: tuple[Structure, ...]
    filters: Filters
    entry: Floats
    exit_long: Floats
    exit_short: Floats
    cells: Cells
    costs: Floats
    rules: Rules
    spans: Spans | None
    years: NDArray[np.int64] | None

    @property
    def first_row(self) -> int:
        """The first row at which decisions are made: the longest window."""
        return max(each.window for each in self.structures)


class Choice(NamedTuple):
    """The cell with the largest Sharpe ratio after costs on the basis of the rules.

    Attributes:
        cell: Its number; -1 where no cell has figures.
        value: That ratio, annualised; NaN where there is none.
        deflated_sharpe: Probability that the true ratio is above what as many cells find by chance.
        sharpe_std_error: Of value, with the returns' dependence over time.
        probability_sharpe_positive: That the true ratio is above 0; it does not allow for the choice.
        n_tried: Cells with figures, of all structures.
    """

    cell: int
    value: float
    deflated_sharpe: float
    sharpe_std_error: float
    probability_sharpe_positive: float
    n_tried: int


class Controls(NamedTuple):
    """What the chosen cell is compared with: rows "one_factor" and "reversal_5".

    Attributes:
        name: (2,) the same rule with one factor; and a book that holds every eligible name against its return of the
            last 5 bars, less the mean, at gross 1.
        figures: (2,) each.
        correlation: (2,) of its net returns with those of the chosen cell.
    """

    name: tuple[str, ...]
    figures: Figures
    correlation: Floats


class Years(NamedTuple):
    """The chosen cell year by year.

    Attributes:
        year: (Y,) calendar years.
        n_bars: (Y,) bars of each.
        figures: (Y,) each; trades are those opened in the year.
    """

    year: NDArray[np.int64]
    n_bars: NDArray[np.int64]
    figures: Figures


class Today(NamedTuple):
    """The last row by the chosen cell, each attribute (N,).

    Attributes:
        side: -1, 0 or 1, decided at the last close.
        score: NaN where a name has none.
        theta: Per bar.
        reversion_p: As in Days.
        q_value: Of reversion_p, over the fitted names of the day.
        alpha: Per bar.
        r_squared: Of the regression on the factors.
        why: Places in model.NAME_REASONS: why a name has no score, 0 where it has one.
        dollars: h, fractions of the equity.
    """

    side: NDArray[np.int8]
    score: Floats
    theta: Floats
    reversion_p: Floats
    q_value: Floats
    alpha: Floats
    r_squared: Floats
    why: NDArray[np.int8]
    dollars: Floats


class Counts(NamedTuple):
    """What happened along the way, by the chosen cell and its structure.

    Attributes:
        days: Rows at which decisions were made.
        thin: Those without scores because of few names.
        too_few_rows: Those without scores because the regression has too few returns.
        dropped: Factors that were dropped, over all days.
        tied: Days whose factors a tie leaves undetermined.
        fits: Residuals that were fitted.
        scores: Those with a score.
        stale_fills: Fills at a last price because a name had none; -1 where no cell was chosen.
        median_reversion: Median of 1 / theta over all fits with a score, in bars.
        noise_reversion: The same of residuals of white noise, through the same filters.
        eligible: Mean number of eligible names.
    """

    days: int
    thin: int
    too_few_rows: int
    dropped: int
    tied: int
    fits: int
    scores: int
    stale_fills: int
    median_reversion: float
    noise_reversion: float
    eligible: float


class Book(NamedTuple):
    """What a request's books are worth.

    Attributes:
        structures: S of them.
        cells: All G cells.
        reason: (G,) places in reasons: why a cell has no figures, 0 where it has some.
        reasons: The first is "".
        figures: (G,) each.
        choice: The chosen cell. What follows is of it, and empty, NaN or 0 where there is none.
        returns: (T,) net returns by the cost basis; NaN before the first row that counts.
        positions: (T, N) sides decided at each row.
        median_reversion: (T,) median of 1 / theta over the names with a score; NaN where there is none.
        controls: What it is compared with.
        years: Year by year; None where the years were not given.
        today: The last row.
        counts: What happened along the way.
        walk_forward: Steps, whose series is 0.
        pooled: The test parts of all steps together: one, or none without steps.
    """

    structures: tuple[Structure, ...]
    cells: Cells
    reason: NDArray[np.int32]
    reasons: tuple[str, ...]
    figures: Figures
    choice: Choice
    returns: Floats
    positions: NDArray[np.int8]
    median_reversion: Floats
    controls: Controls
    years: Years | None
    today: Today
    counts: Counts
    walk_forward: tuple[WalkStep, ...]
    pooled: tuple[PooledWalk, ...]
