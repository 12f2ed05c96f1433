"""What the best of M strategies is worth after the search for it: equations and results.

r_tj is the return of strategy j in period t = 0 .. T-1, in excess of the benchmark's where there is one; m_j is its
mean over time.

**The bootstrap.** A resample takes T periods with replacement, in blocks of random length around the end of the
sample (Politis and Romano 1994): each next period follows the last one with probability 1 - p, p = 1 / block_length,
and is drawn anew otherwise. All strategies take the same periods, so their correlation stays. m*_j is a resample's
mean. The variance of sqrt(T) m*_j over all resamples has a closed form (their lemma 1), which needs no simulation:

    w_j^2 = sum over lags i = 0 .. T-1 of k_i c_ij / T,   k_0 = 1,   k_i = (1 - i/T)(1-p)^i + (i/T)(1-p)^(T-i)

with c_ij the circular sum of (r_tj - m_j)(r_{t+i,j} - m_j) over t.

**Superior predictive ability** (Hansen 2005). The statistic is the largest studentised mean, V = max_j sqrt(T) m_j /
w_j, and a resample's is V* = max_j sqrt(T) (m*_j - g_j) / w_j. The centre g_j is m_j for p_upper, max(m_j, 0) for
p_lower, and for p_consistent m_j where m_j >= -w_j sqrt(2 ln ln T / T), and 0 otherwise, so that poor strategies do
not weaken the test. The reality check (White 2000) has centre m_j and no w_j. Each p-value is the share of resamples
whose statistic is above that of the sample, which counts as a resample too: (1 + n_above) / (1 + resamples). It is
the probability of so good a best strategy where none is better than the benchmark.

**StepM** (Romano and Wolf 2005) finds which strategies are superior, at a chance of `size` that any of them is not:
those above the 1 - size quantile of V* with the consistent centres; then the quantile is taken again over the
remaining ones, until no further strategy is above it.

**Effective tries** is the number of independent strategies whose largest standard normal statistic has the same mean
as the resamples' V* with the centre m_j. It is between 1 and M where strategies are correlated, and may be above M
where returns have heavier tails than the normal.

**Overfitting** (Bailey, Borwein, Lopez de Prado and Zhu 2017): the periods are cut into S blocks, whose lengths
differ by one at most. For each of the C(S, S/2) ways to choose half of the blocks, the strategy with the best Sharpe
ratio in the chosen half is ranked by its Sharpe ratio in the other half: w = rank / (M + 1), with the mean rank where
strategies tie. `pbo` is the share of ways with w <= 1/2; `probability_of_loss` that with a negative Sharpe ratio in
the other half; `degradation` the slope of the least-squares line of the other half's Sharpe ratio on the chosen
half's.

**Combinatorial purged cross-validation** (Lopez de Prado 2018, chapter 12): the periods are cut into `n_folds` folds,
and each choice of `n_test_folds` of them is tested once. Training takes the other folds without the `purged` periods
on either side of a test fold, and without the `embargo` periods after one beside them. The strategy with the best
Sharpe ratio in training is traded in the test folds. Each fold is tested C(n_folds - 1, n_test_folds - 1) times, and
the n-th test of every fold together is the n-th path over the whole sample. `path_sharpe_ratios` are the Sharpe
ratios of the paths: of the rule that chooses, not of one strategy.

A Sharpe ratio here is mean over standard deviation of the periods, 0 where both are 0, and per period. A deviation
below LEAST_VARIATION of the root mean square counts as 0, because it cannot be told from rounding.

References:
    White (2000), A reality check for data snooping.
    Hansen (2005), A test for superior predictive ability.
    Romano and Wolf (2005), Stepwise multiple testing as formalized data snooping.
    Politis and Romano (1994), The stationary bootstrap.
    Bailey, Borwein, Lopez de Prado and Zhu (2017), The probability of backtest overfitting.
    Lopez de Prado (2018), Advances in Financial Machine Learning, chapter 12.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = [
    "FEWEST_PERIODS",
    "FEWEST_TRAINED",
    "LEAST_VARIATION",
    "MOST_ENTRIES",
    "MOST_FOLDS",
    "MOST_WAYS",
    "STATUSES",
    "CrossValidation",
    "DataSnooping",
    "Overfitting",
    "Scheme",
]

STATUSES = ("ok", "error")
"""Of a strategy; one with "error" takes no part, and its reason says why."""

FEWEST_PERIODS = 30
"""Periods below which no claim is made."""

FEWEST_TRAINED = 10
"""Periods that any choice of test folds must leave for training."""

LEAST_VARIATION = 1e-7
"""Standard deviation over root mean square of returns that vary."""

MOST_ENTRIES = 2**28
"""Most resamples times strategies."""

MOST_FOLDS = 100
"""Folds of cross-validation."""

MOST_WAYS = 20_000
"""Most ways to choose folds or blocks."""


class Scheme(NamedTuple):
    """How a search is tested.

    Attributes:
        resamples: Of the bootstrap.
        block_length: Mean length of its blocks, in periods; 0 is the whole part of sqrt(T).
        size: Chance that StepM calls any strategy superior that is not.
        seed: Of the resamples.
        n_blocks: S, of the probability of overfitting.
        n_folds: Of cross-validation.
        n_test_folds: Those that are tested at a time.
        purged: Periods left out of training on either side of a test fold.
        embargo: Further ones left out after it.
    """

    resamples: int = 1000
    block_length: int = 0
    size: float = 0.05
    seed: int = 0
    n_blocks: int = 16
    n_folds: int = 10
    n_test_folds: int = 2
    purged: int = 0
    embargo: int = 0


class Overfitting(NamedTuple):
    """The search repeated on halves of the sample.

    Attributes:
        pbo: Probability that the best strategy of one half is no better than the median in the other.
        probability_of_loss: Probability that it loses there.
        degradation: Slope of the Sharpe ratio there on that where it was chosen; NaN where the latter does not vary.
    """

    pbo: float
    probability_of_loss: float
    degradation: float


class CrossValidation(NamedTuple):
    """The search repeated on training folds.

    Attributes:
        path_sharpe_ratios: (P,) Sharpe ratio a period of each path.
        path_std_errors: (P,) standard errors of these, as performance.sharpe_error has them; NaN where a path does not
            vary.
        note: A warning about the paths, such as few periods to choose by; "" for none.
        chosen: (W,) the strategy chosen by each way to choose test folds, in lexicographic order.
    """

    path_sharpe_ratios: Floats
    path_std_errors: Floats
    note: str
    chosen: NDArray[np.int64]


class DataSnooping(NamedTuple):
    """What a search among M strategies is worth.

    Attributes:
        mean: (M,) mean return a period, in excess of the benchmark's. These and the next four are NaN or false where
            the status is "error".
        std_error: (M,) standard error of the mean, w / sqrt(T).
        sharpe_ratio: (M,) a period.
        sharpe_std_error: (M,) standard error of it, as performance.sharpe_error has it.
        superior: (M,) whether StepM finds a strategy superior.
        status: M of STATUSES.
        reason: M reasons, "" where the status is "ok".
        n_tested: Strategies without an error.
        best: The one with the largest studentised mean.
        p_reality_check: White's p-value.
        p_lower: Hansen's, with the three centres.
        p_consistent: The one to report.
        p_upper: See the equations.
        effective_tries: See the equations.
        overfitting: The search repeated on halves of the sample.
        paths: The search repeated on training folds.
        block_length: That was used.
    """

    mean: Floats
    std_error: Floats
    sharpe_ratio: Floats
    sharpe_std_error: Floats
    superior: NDArray[np.bool_]
    status: tuple[str, ...]
    reason: tuple[str, ...]
    n_tested: int
    best: int
    p_reality_check: float
    p_lower: float
    p_consistent: float
    p_upper: float
    effective_tries: float
    overfitting: Overfitting
    paths: CrossValidation
    block_length: int
