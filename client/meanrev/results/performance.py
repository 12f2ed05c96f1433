"""Results of statistics of returns.

A field is a scalar for one series, and an array with one entry a column where many were asked for at once.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.results.base import LABEL, Result

__all__ = ["ReturnStats"]

Number = float | NDArray[np.float64]
Count = int | NDArray[np.int64]
Text = str | tuple[str, ...]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ReturnStats(Result):
    """Figures of returns; NaN where one is not defined, such as a ratio by 0.

    Attributes:
        column: Label of the column.
        status: "ok", or "error" where a series has no figures.
        reason: Why.
        n_bars: Returns from the first finite one to the last.
        total_return: Over all of them.
        cagr: Compound growth a year.
        annual_return: Arithmetic mean, a year.
        volatility: Standard deviation, a year.
        sharpe_ratio: Annualised; NaN where returns do not vary.
        sortino_ratio: Annualised, at a target of 0; NaN where no return is negative.
        calmar_ratio: cagr over max_drawdown; NaN where there is no drawdown.
        omega_ratio: Gains over losses, at a threshold of 0; infinite where there are no losses.
        max_drawdown: Positive, a fraction of the running peak.
        longest_drawdown: In bars, from a peak to its recovery or to the end.
        skewness: Population moment.
        kurtosis: Population moment; 3 for a normal distribution.
        best_return: Of one bar.
        worst_return: Of one bar.
        sharpe_std_error: Of sharpe_ratio; NaN where returns do not vary.
        probability_sharpe_positive: That the true Sharpe ratio is above 0.
    """

    column: Any = field(metadata=LABEL)
    status: Text
    reason: Text
    n_bars: Count
    total_return: Number
    cagr: Number
    annual_return: Number
    volatility: Number
    sharpe_ratio: Number
    sortino_ratio: Number
    calmar_ratio: Number
    omega_ratio: Number
    max_drawdown: Number
    longest_drawdown: Count
    skewness: Number
    kurtosis: Number
    best_return: Number
    worst_return: Number
    sharpe_std_error: Number
    probability_sharpe_positive: Number

    def to_frame(self) -> Any:
        """Return a pandas DataFrame with one row a column, labelled by its name."""
        return super().to_frame().set_index("column")
