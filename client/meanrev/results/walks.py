"""Results of a walk-forward, step by step and as a whole; fields are named as on the wire. S steps, N columns."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.results.base import LABEL, Result

__all__ = ["PooledWalks", "WalkForward"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Times = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class WalkForward(Result):
    """Steps of a walk-forward, (S,) each: chosen on bars [train_start, train_stop), traded on [test_start, test_stop).

    Attributes:
        column: Label of the column.
        train_start: Bar.
        train_stop: Bar.
        test_start: Bar.
        test_stop: Bar.
        entry_zscore: Of the chosen cell; NaN where none was valid.
        exit_zscore: Of it.
        cost: Of it.
        lookback: Of it; 0 where none was valid.
        train_sharpe: Annualised.
        test_sharpe: Annualised.
        test_return: Cumulative.
        test_trades: Closed round trips.
        test_max_drawdown: Positive.
        cell: Number of the chosen cell, -1 where none was valid.
        status: "ok", or "error" where the train part has no cell, or the test part no figures.
        reason: Why; "" where both have them.
        train_sharpe_std_error: Of train_sharpe; it does not allow for the choice of the cell by the same bars.
        test_sharpe_std_error: Of test_sharpe; NaN where the returns do not vary.
        probability_sharpe_positive: That the true Sharpe ratio behind test_sharpe is above 0.
        note: A warning about either part, such as few bars or trades; "" for none.
        train_first: Time of the first train bar, datetime64; None, like the next three, where the prices have no times.
        train_last: Time of the last train bar.
        test_first: Time of the first test bar.
        test_last: Time of the last test bar.
    """

    column: tuple[Any, ...] = field(metadata=LABEL)
    train_start: Ints
    train_stop: Ints
    test_start: Ints
    test_stop: Ints
    entry_zscore: Floats
    exit_zscore: Floats
    cost: Floats
    lookback: Ints
    train_sharpe: Floats
    test_sharpe: Floats
    test_return: Floats
    test_trades: Ints
    test_max_drawdown: Floats
    cell: Ints
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


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PooledWalks(Result):
    """The test parts of all walk-forward steps of each column together; (N,) each.

    Attributes:
        column: Label of the column.
        n_steps: Steps with figures.
        n_bars: Their test bars.
        n_trades: Round trips closed in them.
        sharpe_ratio: Mean of the steps' ratios, weighted by their bars, annualised.
        sharpe_std_error: Of it.
        probability_sharpe_positive: That the true ratio is above 0.
        sharpe_lower: Lower end of the interval of 95 %.
        sharpe_upper: Upper end of it.
        note: A warning, such as few bars or trades; "" for none.
    """

    column: tuple[Any, ...] = field(metadata=LABEL)
    n_steps: Ints
    n_bars: Ints
    n_trades: Ints
    sharpe_ratio: Floats
    sharpe_std_error: Floats
    probability_sharpe_positive: Floats
    sharpe_lower: Floats
    sharpe_upper: Floats
    note: tuple[str, ...]
