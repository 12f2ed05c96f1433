"""Results of tests of a search among strategies. Fields are named as on the wire; M strategies."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.results.base import LABEL, Result

__all__ = ["RealityCheck"]

Floats = NDArray[np.float64]

_OF_A_STRATEGY = (
    *("strategy", "status", "reason", "mean", "std_error", "sharpe_ratio", "sharpe_std_error"),
    *("probability_sharpe_positive", "superior"),
)


@dataclass(frozen=True, eq=False, kw_only=True)
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
        path_note: What to beware of in the paths, such as few periods to choose by; "" for nothing.
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
