"""What the best of many strategies is worth after the search for it: SPA, StepM, overfitting, cross-validation."""

import math

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.bounds import within_reach
from gpu_kernels.checks import Floats, all_finite, array, at_least
from gpu_kernels.data_snooping import host
from gpu_kernels.data_snooping.model import (
    FEWEST_PERIODS,
    FEWEST_TRAINED,
    MOST_ENTRIES,
    MOST_FOLDS,
    MOST_WAYS,
    STATUSES,
    CrossValidation,
    DataSnooping,
    Overfitting,
    Scheme,
)
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput

__all__ = [
    "FEWEST_PERIODS",
    "FEWEST_TRAINED",
    "MOST_ENTRIES",
    "MOST_FOLDS",
    "MOST_WAYS",
    "STATUSES",
    "CrossValidation",
    "DataSnooping",
    "Overfitting",
    "Scheme",
    "checked",
    "examine",
]

TWINS = Twins(host=host.examine)

_FEWEST_RESAMPLES = 99
"""With fewer no p-value could be 1 %."""


def examine(
    returns: ArrayLike,
    *,
    benchmark: int | None = None,
    resamples: int = 1000,
    block_length: int = 0,
    size: float = 0.05,
    seed: int = 0,
    n_blocks: int = 16,
    n_folds: int = 10,
    n_test_folds: int = 2,
    purged: int = 0,
    embargo: int = 0,
) -> DataSnooping:
    """Test whether the best of M strategies is better than a benchmark, given that M were tried.

    Args:
        returns: (T, M) of the strategies, a column each, oldest first, T >= FEWEST_PERIODS; all that were tried, since
            the answer is wrong without those that were thrown away. NaN is refused.
        benchmark: The column whose returns are subtracted from the others; strategies are the columns without it then.
            Nothing is subtracted where None.
        resamples: R, at least 99; R M is at most MOST_ENTRIES.
        block_length: Mean length of the bootstrap's blocks, 1 .. T: longer than the returns' dependence. 0 is the
            whole part of sqrt(T).
        size: Chance that StepM calls any strategy superior that is not, between 0 and 1.
        seed: Of the resamples; the same seed gives the same answer.
        n_blocks: Blocks of the probability of overfitting, even, 2 .. 16, and at most T / 2.
        n_folds: Folds of cross-validation, 2 .. T / 2, and at most MOST_FOLDS.
        n_test_folds: Those that are tested at a time, below n_folds.
        purged: Periods left out of training on either side of a test fold: those that a trade may span.
        embargo: Further ones left out after a test fold.

    Returns:
        DataSnooping. A strategy whose returns do not vary has status "error" and takes no part.

    Raises:
        InvalidInput: returns are not (T, M), an entry is NaN, infinite or above 1e50 in magnitude, there are too few
            rows or no strategy, or an argument is out of its range.
        Degenerate: no strategy's returns vary.

    References:
        Those of model.py, which has the equations.
    """
    given = _excess(returns, benchmark)
    asked = Scheme(resamples, block_length, size, seed, n_blocks, n_folds, n_test_folds, purged, embargo)
    return TWINS.run(given, checked(asked, *given.shape))


def checked(scheme: Scheme, n_periods: int, n_strategies: int) -> Scheme:
    """Return a scheme that so many returns can be tested by, with its block length.

    Args:
        scheme: As the arguments of examine.
        n_periods: T, at least FEWEST_PERIODS.
        n_strategies: M, without the benchmark.

    Raises:
        InvalidInput: one of its numbers is out of its range.
    """
    at_least("resamples", scheme.resamples, _FEWEST_RESAMPLES)
    if scheme.resamples * n_strategies > MOST_ENTRIES:
        rule = f"must be at most {MOST_ENTRIES // n_strategies} for {n_strategies} strategies"
        raise InvalidInput("resamples", rule, value=scheme.resamples)
    if not 0 <= scheme.block_length <= n_periods:
        rule = f"must be 0 or 1 .. {n_periods}, the number of rows"
        raise InvalidInput("block_length", rule, value=scheme.block_length)
    if not 0 < scheme.size < 1:
        raise InvalidInput("size", "must be between 0 and 1", value=scheme.size)
    at_least("seed", scheme.seed, 0)
    most_blocks = min(16, n_periods // 2)
    if scheme.n_blocks % 2 or not 2 <= scheme.n_blocks <= most_blocks:
        raise InvalidInput("n_blocks", f"must be even and 2 .. {most_blocks}", value=scheme.n_blocks)
    _check_folds(n_periods, scheme)
    return scheme._replace(block_length=scheme.block_length or math.isqrt(n_periods))


def _excess(returns: ArrayLike, benchmark: int | None) -> Floats:
    """Return the checked returns in excess of the benchmark's."""
    checked = array("returns", returns, ndim=2, shape="(T, M)")
    n_periods, n_columns = checked.shape
    if n_periods < FEWEST_PERIODS:
        raise InvalidInput("returns", f"must have T >= {FEWEST_PERIODS} rows for any claim", value=n_periods)
    if benchmark is not None and not 0 <= benchmark < n_columns:
        raise InvalidInput("benchmark", f"must be a column, 0 .. {n_columns - 1}", value=benchmark)
    if n_columns <= (benchmark is not None):
        raise InvalidInput("returns", "must be (T, M) with a strategy", value=checked.shape)
    all_finite("returns", checked, remedy="fill it with 0 where the strategy had no position, or leave its row out")
    within_reach("returns", checked)
    if benchmark is None:
        return checked
    return np.delete(checked, benchmark, axis=1) - checked[:, benchmark, None]


def _check_folds(n_periods: int, scheme: Scheme) -> None:
    n_folds, n_test_folds, purged, embargo = scheme[-4:]
    most_folds = min(MOST_FOLDS, n_periods // 2)
    if not 2 <= n_folds <= most_folds:
        raise InvalidInput("n_folds", f"must be 2 .. {most_folds}", value=n_folds)
    if not 1 <= n_test_folds < n_folds:
        raise InvalidInput("n_test_folds", f"must be 1 .. {n_folds - 1}", value=n_test_folds)
    n_ways = math.comb(n_folds, n_test_folds)
    if n_ways > MOST_WAYS:
        rule = f"must leave at most {MOST_WAYS} ways to choose {n_test_folds} test folds, of which there are {n_ways}"
        raise InvalidInput("n_folds", rule, value=n_folds)
    at_least("purged", purged, 0)
    at_least("embargo", embargo, 0)
    longest = -(-n_periods // n_folds)
    left = n_periods - n_test_folds * (longest + 2 * purged + embargo)
    if left < FEWEST_TRAINED:
        rule = (
            f"must leave {FEWEST_TRAINED} rows for training beside {n_test_folds} test folds of up to {longest} rows "
            f"and the {purged} + {purged} + {embargo} rows around each, which leave {max(0, left)} of {n_periods}"
        )
        raise InvalidInput("n_test_folds", rule, value=n_test_folds)
