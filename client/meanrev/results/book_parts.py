"""Parts of the results of trading a universe's residuals: the last row, the counts and the walk-forward. N names."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.results.base import LABEL, Result

__all__ = ["BookCounts", "BookToday", "BookWalk"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Times = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BookToday(Result):
    """The last row by the chosen cell; (N,) each.

    Attributes:
        name: Label of the column.
        side: -1, 0 or 1, decided at the last close.
        score: NaN where a name has none.
        theta: Speed of reversion per bar.
        reversion_p: Probability that residuals of white noise seem to revert as fast.
        q_value: False discovery rate of reversion_p over the names of the day.
        alpha: Per bar.
        r_squared: Of the regression on the factors.
        status: "ok", or "error" where a name has no score.
        reason: Why it has none; "" where it has one.
        dollars: The hedged book, fractions of the equity.
    """

    name: tuple[Any, ...] = field(metadata=LABEL)
    side: Ints
    score: Floats
    theta: Floats
    reversion_p: Floats
    q_value: Floats
    alpha: Floats
    r_squared: Floats
    status: tuple[str, ...]
    reason: tuple[str, ...]
    dollars: Floats


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BookCounts(Result):
    """What happened along the way, by the chosen cell and its structure.

    Attributes:
        days: Rows at which decisions were made.
        thin: Those without scores because of fewer than 2 names a factor.
        too_few_rows: Those without scores because the regression has too few returns.
        dropped: Factors that depend on others, over all rows.
        tied: Rows whose factors a tie of eigenvalues leaves undetermined.
        fits: Residuals that were fitted.
        scores: Those with a score.
        stale_fills: Fills at a last price because a name had none; -1 where no cell was chosen.
        median_reversion: Median of 1 / theta of the fits with a score, in bars.
        noise_reversion: The same of residuals of white noise, by the same filters.
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


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BookWalk(Result):
    """Steps of a walk-forward: chosen on bars [train_start, train_stop), traded on [test_start, test_stop) from flat.

    Attributes:
        train_start: Bar, as are the next three.
        train_stop: Bar.
        test_start: Bar.
        test_stop: Bar.
        cell: Number of the chosen cell; -1 where none has a figure.
        train_sharpe: After costs, annualised.
        test_sharpe: After costs, annualised.
        test_return: Over the test bars.
        test_trades: Trades opened in them.
        test_max_drawdown: Positive.
        status: "ok", or "error" where the train part has no cell, or the test part no figures.
        reason: Why; "" where both have them.
        train_sharpe_std_error: Of train_sharpe; it does not allow for the choice of the cell.
        test_sharpe_std_error: Of test_sharpe.
        probability_sharpe_positive: That the true ratio behind test_sharpe is above 0.
        note: What to beware of, such as few bars or trades; "" for nothing.
        train_first: Time of the first train bar; None, like the next three, where the prices have no times.
        train_last: Time of the last train bar.
        test_first: Time of the first test bar.
        test_last: Time of the last test bar.
    """

    train_start: Ints
    train_stop: Ints
    test_start: Ints
    test_stop: Ints
    cell: Ints
    train_sharpe: Floats
    test_sharpe: Floats
    test_return: Floats
    test_trades: Ints
    test_max_drawdown: Floats
    status: tuple[str, ...]
    reason: tuple[str, ...]
    train_sharpe_std_error: Floats
    test_sharpe_std_error: Floats
    probability_sharpe_positive: Floats
    note: tuple[str, ...]
    train_first: Times | None = None
    train_last: Times | None = None
    test_first: Times | None = None
    test_last: Times | None = None

    def to_columns(self) -> dict[str, Any]:
        """Return what to_frame shows, a column's values by its name, without pandas."""
        return self._columns()
