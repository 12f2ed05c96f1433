"""The stationary bootstrap of the means of many strategies, and the tests that are made of it."""

import math
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = ["Bootstrap", "draws", "effective_tries", "groups", "long_run_deviations", "p_value", "resample", "superior"]

_ROUNDING = 1e-12
"""Share of the largest statistic within which two are the same."""

_AT_ONCE = 256
"""Strategies of a group: few enough for a check of the interrupt every 50 ms."""


class Bootstrap(NamedTuple):
    """Statistics of resamples, R of them.

    Attributes:
        plain: (R,) largest sqrt(T) (m* - m), which is not studentised.
        lower: (R,) largest studentised mean with each of the centres.
        consistent: As lower.
        upper: As lower.
        each: (R, M) studentised means with the consistent centres.
    """

    plain: Floats
    lower: Floats
    consistent: Floats
    upper: Floats
    each: Floats


def groups(n_strategies: int) -> Iterator[slice]:
    """Yield the strategies group by group, each after a check of the interrupt."""
    return interruption.pieces(n_strategies, _AT_ONCE)


def draws(n_periods: int, resamples: int, block_length: int, seed: int) -> NDArray[np.int64]:
    """Draw the periods of every resample.

    Args:
        n_periods: T.
        resamples: R.
        block_length: Mean length of a block.
        seed: Of the generator.

    Returns:
        (R, T) periods.
    """
    uniform = np.random.Generator(np.random.PCG64(seed)).random
    periods = np.arange(n_periods)
    found = np.empty((resamples, n_periods), dtype=np.int64)
    for resample_of in found:
        interruption.check()
        anew = uniform(n_periods) < 1.0 / block_length
        anew[0] = True
        # A block that begins at period s of the sample and at place a of the resample continues with s + (place - a).
        begins = np.maximum.accumulate(np.where(anew, periods, 0))
        first = np.floor(uniform(n_periods) * n_periods).astype(np.int64)
        resample_of[:] = (first[begins] + periods - begins) % n_periods
    return found


def long_run_deviations(centred: Floats, block_length: int) -> Floats:
    """Return w (M,), the standard deviation of sqrt(T) times a resample's mean, of centred (M, T) returns."""
    n_periods = centred.shape[1]
    lag, stay = np.arange(n_periods) / n_periods, 1.0 - 1.0 / block_length
    steps = np.arange(n_periods)
    weights = (1.0 - lag) * stay**steps + lag * stay ** (n_periods - steps)
    # The weights are symmetric, so their transform is real, and Parseval's theorem turns the sum over lags into one
    # over frequencies, of which the real transform has each but the first and the middle one once.
    response = np.fft.rfft(weights).real
    response[1 : (n_periods + 1) // 2] *= 2.0
    found = np.empty(len(centred))
    for part in groups(len(centred)):
        spectrum = np.fft.rfft(centred[part], axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        found[part] = power @ response
    return np.asarray(np.sqrt(found) / n_periods)


def resample(centred: Floats, mean: Floats, deviation: Floats, scale: Floats, periods: NDArray[np.int64]) -> Bootstrap:
    """Compute the statistics of all resamples.

    Args:
        centred: (M, T) returns less their mean, in units of the scale.
        mean: (M,) in the same unit.
        deviation: (M,) w in the same unit.
        scale: (M,) each strategy's unit; only means that are not studentised depend on it.
        periods: (R, T) of the resamples.
    """
    n_periods, n_resamples = centred.shape[1], len(periods)
    times = np.zeros((n_resamples, n_periods))
    for taken, row in zip(times, periods, strict=True):
        taken[:] = np.bincount(row, minlength=n_periods)
    root = math.sqrt(n_periods)
    relevant = mean >= -deviation * math.sqrt(2.0 * math.log(math.log(n_periods))) / root
    plain, lower, consistent, upper = (np.full(n_resamples, -np.inf) for _ in range(4))
    each = np.empty((n_resamples, len(centred)))
    for part in groups(len(centred)):
        around = (times @ centred[part].T) / root
        studentised, own = around / deviation[part], root * mean[part] / deviation[part]
        each[:, part] = studentised + np.where(relevant[part], 0.0, own)
        for most, found in (
            (plain, around * scale[part]),
            (lower, studentised + np.minimum(own, 0.0)),
            (consistent, each[:, part]),
            (upper, studentised),
        ):
            np.maximum(most, found.max(axis=1), out=most)
    return Bootstrap(plain, lower, consistent, upper, each)


def p_value(statistic: float, of_resamples: Floats) -> float:
    """Return the share of the resamples above the sample's statistic, where the sample counts as one.

    A resample of the same periods in another order has the same mean but for rounding, and is not above.
    """
    rounding = _ROUNDING * max(abs(statistic), float(np.abs(of_resamples).max()))
    return float((1 + np.count_nonzero(of_resamples > statistic + rounding)) / (1 + of_resamples.size))


def superior(statistics: Floats, each: Floats, size: float) -> NDArray[np.bool_]:
    """Return which strategies StepM finds superior.

    Args:
        statistics: (M,) studentised means of the sample.
        each: (R, M) of the resamples.
        size: Chance of any wrong one.
    """
    found = np.zeros(statistics.size, dtype=np.bool_)
    while not found.all():
        interruption.check()
        critical = np.quantile(each.max(axis=1, where=~found, initial=-np.inf), 1.0 - size)
        more = ~found & (statistics > critical)
        if not more.any():
            break
        found |= more
    return found


def effective_tries(upper: Floats) -> float:
    """Return the number of independent standard normal statistics whose largest has the mean of (R,) maxima."""
    wanted = float(upper.mean())
    low, high = 0.0, 60.0  # of the number's logarithm
    if wanted <= _mean_of_largest(low):
        return 1.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _mean_of_largest(middle) < wanted else (low, middle)
    return math.exp(0.5 * (low + high))


_GRID = np.linspace(-10.0, 14.0, 4801)


@cache
def _log_below() -> Floats:
    """Return the logarithm of the normal distribution function on the grid."""
    tail = np.array([0.5 * math.erfc(abs(x) / math.sqrt(2.0)) for x in _GRID])
    return np.asarray(np.where(_GRID < 0, np.log(tail), np.log1p(-tail)))


def _mean_of_largest(log_number: float) -> float:
    """Return the mean of the largest of exp(log_number) standard normal variables."""
    below = np.exp(math.exp(log_number) * _log_below())
    step = float(_GRID[1] - _GRID[0])
    return float(np.sum(np.where(_GRID >= 0, 1.0 - below, -below)) * step) - 0.5 * step
