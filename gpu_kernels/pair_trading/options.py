"""The options of a scan and of its steps, checked one by one and against the number of bars."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels.bounds import LARGEST_MAGNITUDE
from gpu_kernels.checks import Floats, array, at_least, non_negative, one_of, positive
from gpu_kernels.errors import InvalidInput
from gpu_kernels.ou import FIT_BIASES
from gpu_kernels.pair_trading.model import N_PERIODS, RANKINGS, SCORES, ScanRules
from gpu_kernels.pair_trading.null_universes import KINDS
from gpu_kernels.thresholds import OBJECTIVES

__all__ = ["checked", "has_bars", "legs", "matrix", "share", "usable"]


def checked(given: ScanRules) -> ScanRules:
    """Check the options that stand alone."""
    return given._replace(
        lags=at_least("lags", given.lags, 0),
        alpha=share("alpha", given.alpha),
        top=None if given.top is None else at_least("top", given.top, 1),
        cost=None if given.cost is None else non_negative("cost", given.cost),
        objective=one_of("objective", given.objective, OBJECTIVES),
        lookback=at_least("lookback", given.lookback, 2),
        periods_per_year=positive("periods_per_year", given.periods_per_year),
        score=one_of("score", given.score, SCORES),
        cost_legs=legs(given.cost_legs),
        bias=one_of("bias", given.bias, FIT_BIASES),
        rank_by=one_of("rank_by", given.rank_by, RANKINGS),
        null_kind=one_of("null_kind", given.null_kind, KINDS),
        seed=at_least("seed", given.seed, 0),
    )


def has_bars(n_bars: int, rules: ScanRules) -> None:
    """Refuse train and test parts that are too short for the rules."""
    needed = N_PERIODS * (2 * rules.lags + 4)
    if rules.n_train < needed:
        rule = f"must leave at least {needed} rows in the train part, for {rules.lags} lags in each third of it"
        raise InvalidInput("prices", rule, value=rules.n_train)
    if n_bars - rules.n_train < 2:
        raise InvalidInput("prices", "must leave at least 2 rows in the test part", value=n_bars - rules.n_train)
    if rules.lookback > rules.n_train:
        raise InvalidInput(
            "lookback", f"must be at most the {rules.n_train} rows of the train part", value=rules.lookback
        )


def legs(cost_legs: int) -> int:
    """Check how many legs of a pair pay its cost: 1 or 2."""
    if at_least("cost_legs", cost_legs, 1) > 2:
        raise InvalidInput("cost_legs", "must be 1 or 2", value=cost_legs)
    return cost_legs


def share(field: str, value: float) -> float:
    """Check a share that may be the whole."""
    if not 0.0 < value <= 1.0:
        raise InvalidInput(field, "must be above 0 and at most 1", value=value)
    return float(value)


def matrix(prices: ArrayLike) -> Floats:
    """Return prices as a matrix of at least two columns."""
    values = array("prices", prices, ndim=2, shape="(T, N)")
    if values.shape[1] < 2:
        raise InvalidInput("prices", "must be (T, N) with N >= 2", value=values.shape)
    return values


def usable(prices: Floats, columns: NDArray[np.int64], *, log: bool) -> Floats:
    """Return some columns of prices (T, N); refuse a price that is not finite, too large, or not positive with log.

    Raises:
        InvalidInput: naming the first one.
    """
    held = np.ascontiguousarray(prices[:, columns])
    with np.errstate(invalid="ignore"):
        bad = ~(np.abs(held) <= LARGEST_MAGNITUDE) | ((held <= 0) & log)
    if bad.any():
        row, column = (int(place) for place in np.unravel_index(int(np.argmax(bad)), bad.shape))
        rule = f"must be finite, at most {LARGEST_MAGNITUDE:.0e} in magnitude" + (" and above 0" if log else "")
        raise InvalidInput("prices", rule, value=held[row, column].item(), index=(row, int(columns[column])))
    return held
