"""Results of tests of a search among strategies. Fields are named as on the wire; M strategies."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.results.base import LABEL, Result

__all__ = ["GridChecks", "RealityCheck"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_OF_A_STRATEGY = (
    *("strategy", "status", "reason", "mean", "std_error", "sharpe_ratio", "sharpe_std_error"),
    *("probability_sharpe_positive", "superior"),
)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RealityCheck(Result):
    """What the best of many strategies is worth after the search for it; to_frame has a row a strategy.

    Attributes:
        strategy: (M,) names of the columns, without the benchmark's.
        status: (M,) "ok" or "error"; the figures of a strategy with "error" are NaN.
        reason: (M,) why, "" where the status is "ok".
        mean: (M,) mean return a period, in excess of the benchmark's.
        std_error: (M,) of the mean, with the returns' dependence over time.
        sharpe_ratio: (M,) a period.
        sharpe_std_error: (M,) of it, with the returns' dependence over time.
        probability_sharpe_positive: (M,) that the true ratio is above 0; it does not allow for the search.
        superior: (M,) whether StepM finds the strategy better than the benchmark.
        n_tested: Strategies without an error.
        best: The one with the largest mean over standard error.
        p_consistent: Hansen's p-value, the one to report: the probability of so good a best strategy where none is
            better than the benchmark.
        p_lower: His lower bound of it.
        p_upper: His upper bound of it.
        p_reality_check: White's p-value.
        effective_tries: Independent strategies that would reach as high by chance.
        pbo: Probability that the best strategy of half of the sample is no better than the median in the other half.
        probability_of_loss: Probability that it loses there.
        degradation: Slope of the Sharpe ratio there on that where it was chosen; NaN where the latter does not vary.
        path_sharpe_ratios: (P,) a period, of each path of combinatorial purged cross-validation.
        path_sharpe_std_errors: (P,) of these.
        path_probabilities_positive: (P,) that the true ratio of a path is above 0.
        path_note: A warning about the paths, such as few periods to choose by; "" for none.
        chosen: The strategy that each choice of test folds trades.
        block_length: Mean length of the bootstrap's blocks, in periods.
    """

    strategy: tuple[Any, ...] = field(metadata=LABEL)
    status: tuple[str, ...]
    reason: tuple[str, ...]
    mean: Floats
    std_error: Floats
    sharpe_ratio: Floats
    sharpe_std_error: Floats
    probability_sharpe_positive: Floats
    superior: NDArray[np.bool_]
    n_tested: int
    best: Any = field(metadata=LABEL)
    p_consistent: float
    p_lower: float
    p_upper: float
    p_reality_check: float
    effective_tries: float
    pbo: float
    probability_of_loss: float
    degradation: float
    path_sharpe_ratios: Floats
    path_sharpe_std_errors: Floats
    path_probabilities_positive: Floats
    path_note: str
    chosen: tuple[Any, ...] = field(metadata=LABEL)
    block_length: int

    def _columns(self) -> dict[str, Any]:
        return {name: value for name, value in super()._columns().items() if name in _OF_A_STRATEGY}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GridChecks(Result):
    """What the best cell of a grid is worth after the search for it: F tests, one a column or one of all columns.

    Attributes:
        column: (F,) whose cells are the tries that the p-values allow for; "" where those of all columns are.
        status: (F,) "ok", or "error" where there is nothing to test; numbers are NaN or 0 then, and cells -1.
        reason: (F,) why, "" where the status is "ok".
        n_periods: (F,) bars from the first price to the last.
        n_tried: (F,) cells with returns.
        n_tested: (F,) those of them whose returns vary.
        best_column: (F,) of the try with the largest mean over its standard error, which need not be the one with the
            largest Sharpe ratio.
        cell: (F,) its cell.
        entry_zscore: (F,) of that cell.
        exit_zscore: (F,) of it.
        cost: (F,) of it, per side.
        lookback: (F,) of it, in bars.
        p_consistent: (F,) Hansen's p-value, the one to report: the probability of so good a best cell where none is
            better than no position.
        p_lower: (F,) his lower bound of it.
        p_upper: (F,) his upper bound of it.
        p_reality_check: (F,) White's p-value.
        effective_tries: (F,) independent tries that would reach as high by chance.
        pbo: (F,) probability that the best cell of half of the bars is no better than the median in the other half.
        probability_of_loss: (F,) probability that it loses there.
        degradation: (F,) slope of the Sharpe ratio there on that where the cell was chosen; NaN where the latter does
            not vary.
        path_sharpe_ratios: (F, P) a bar, of each path of combinatorial purged cross-validation.
        path_sharpe_std_errors: (F, P) of these.
        path_probabilities_positive: (F, P) that the true ratio of a path is above 0.
        path_note: (F,) a warning about the paths, such as few bars to choose by; "" for none.
        chosen_column: (F, W) place in columns of what each choice of test folds trades.
        chosen_cell: (F, W) its cell.
        block_length: (F,) mean length of the bootstrap's blocks, in bars.
    """

    column: tuple[Any, ...] = field(metadata=LABEL)
    status: tuple[str, ...]
    reason: tuple[str, ...]
    n_periods: Ints
    n_tried: Ints
    n_tested: Ints
    best_column: tuple[Any, ...] = field(metadata=LABEL)
    cell: Ints
    entry_zscore: Floats
    exit_zscore: Floats
    cost: Floats
    lookback: Ints
    p_consistent: Floats
    p_lower: Floats
    p_upper: Floats
    p_reality_check: Floats
    effective_tries: Floats
    pbo: Floats
    probability_of_loss: Floats
    degradation: Floats
    path_sharpe_ratios: Floats
    path_sharpe_std_errors: Floats
    path_probabilities_positive: Floats
    path_note: tuple[str, ...]
    chosen_column: Ints
    chosen_cell: Ints
    block_length: Ints
