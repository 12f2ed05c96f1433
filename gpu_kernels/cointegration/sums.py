"""Dickey-Fuller regressions of many residuals at once, from sums alone."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.cointegration.model import LOSSY, LagRule
from gpu_kernels.ou.sums import SLOPE_ROUNDING

__all__ = ["Sums", "autoregression", "dickey_fuller_t", "penalties", "reversion"]


class Sums(NamedTuple):
    """What a residual u and its steps d add up to; every entry is an array over pairs.

    Attributes:
        n_samples: T.
        total: (...) sum of u_t^2 over all t.
        steps: (K+1, ...) sum of d_t d_{t-h} over all t, for h = 0 .. K.
        head: (K+1, ...) u_0 .. u_K.
        tail: (K+1, ...) u_{T-1} .. u_{T-1-K}, the very last first.
    """

    n_samples: int
    total: Floats
    steps: Floats
    head: Floats
    tail: Floats


def dickey_fuller_t(sums: Sums, rule: LagRule, penalties: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return the t of the level, the lags of its regression, and where it kept its digits.

    Args:
        sums: Of the residuals.
        rule: Lags.
        penalties: (K+1,) factors of the sums of squared errors when AIC chooses.
    """
    if not rule.by_aic:
        statistic, kept = _level(sums, rule.most)
        return statistic, np.full_like(statistic, rule.most), kept
    lags, kept = _chosen(sums, rule.most, penalties)
    statistic = np.full_like(sums.total, np.nan)
    for count in range(rule.most + 1):
        interruption.check()
        which = lags == count
        if which.any():
            some = Sums(sums.n_samples, sums.total[which], *(part[:, which] for part in sums[2:]))
            statistic[which], fine = _level(some, count)
            kept[which] &= fine
    return statistic, lags, kept


def autoregression(sums: Sums) -> tuple[Floats, NDArray[np.bool_]]:
    """Return S_ld / S_ll, which is beta - 1, and where it kept its digits."""
    n_steps = sums.n_samples - 1
    first, last = sums.head[0], sums.tail[0]
    # All of u adds up to zero, so that u[:-1] adds up to the last of it less itself.
    spread = sums.total - last * last - last * last / n_steps
    along = 0.5 * (last * last - first * first - sums.steps[0]) + last * (last - first) / n_steps
    return along / spread, spread >= LOSSY * sums.total


def penalties(n_samples: int, most: int) -> Floats:
    """Return exp(2 k / n) for k = 0 .. K: the least SSE_k times it is the least AIC, without a logarithm a pair.

    Args:
        n_samples: T.
        most: K.
    """
    factors: Floats = np.exp(2.0 * np.arange(most + 1) / (n_samples - 1 - most))
    return factors


def reversion(change: Floats, n_samples: int) -> tuple[Floats, Floats]:
    """Return theta and half-life of residuals by beta - 1.

    Args:
        change: beta - 1, of any shape.
        n_samples: T; rounding must decide neither whether a random walk reverts nor whether beta is 0.
    """
    rounding = SLOPE_ROUNDING * n_samples
    with np.errstate(all="ignore"):
        theta = np.where(change >= -rounding, 0.0, -np.log1p(change))
        theta[change <= rounding - 1.0] = np.nan
        half_life: Floats = np.log(2.0) / theta
    return theta, half_life


def _chosen(sums: Sums, most: int, penalties: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the number of lags with the least AIC, the fewest where some tie."""
    target = most + 1
    moments = _moments(sums, [target, *range(1, target), 0])
    kept = np.ones(sums.total.shape, dtype=np.bool_)
    least, lags = np.full_like(sums.total, np.inf), np.zeros_like(sums.total)
    for pivot in range(target):
        kept &= moments[pivot, pivot] >= LOSSY * (sums.steps[0] if pivot else sums.total)
        _eliminate(moments, pivot)
        criterion = moments[target, target] * penalties[pivot]
        better = criterion < least
        least[better], lags[better] = criterion[better], pivot
    return lags, kept & (moments[target, target] >= LOSSY * sums.steps[0])


def _level(sums: Sums, lags: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the t of the level in the regression with so many lags."""
    target = lags + 1
    # The level last but one: its pivot and its projection are then all that t needs.
    moments = _moments(sums, [*range(1, target), target, 0])
    kept = np.ones(sums.total.shape, dtype=np.bool_)
    for pivot in range(lags):
        kept &= moments[pivot, pivot] >= LOSSY * sums.steps[0]
        _eliminate(moments, pivot)
    spread, along = moments[lags, lags], moments[target, lags]
    errors = moments[target, target] - along * along / spread
    freedom = sums.n_samples - 2 - 2 * lags
    kept &= (spread >= LOSSY * sums.total) & (errors >= LOSSY * sums.steps[0])
    return along * np.sqrt(freedom / (spread * errors)), kept


def _eliminate(moments: Floats, pivot: int) -> None:
    """Take the pivot's column out of those behind it, in the lower triangle."""
    behind = moments.shape[0]
    for row in range(pivot + 1, behind):
        factor = moments[row, pivot] / moments[pivot, pivot]
        for column in range(pivot + 1, row + 1):
            moments[row, column] -= factor * moments[column, pivot]


def _moments(sums: Sums, order: list[int]) -> Floats:
    """Return the cross products of a regression's columns over its sample, t = k+1 .. T-1.

    Args:
        sums: Of the residuals.
        order: Of the columns: 0 is d_t, i = 1 .. k is d_{t-i}, k+1 is u_{t-1}.
    """
    lags = len(order) - 2
    level = lags + 1
    head, tail = sums.head, sums.tail
    first = [head[0], *(head[s] - head[s - 1] for s in range(1, lags + 1))]  # first[s] is d_s
    last = [tail[s] - tail[s + 1] for s in range(lags)]  # last[s] is d_{T-1-s}
    out = np.empty((lags + 2, lags + 2, *sums.total.shape))
    for gap in range(lags + 1):
        product = sums.steps[gap].copy()
        for s in range(gap + 1, lags + 1):
            product -= first[s] * first[s - gap]
        for i in range(lags + 1 - gap):
            # From one pair of columns to the next, the products move one sample back.
            if i:
                product += first[lags + 1 - i] * first[lags + 1 - i - gap] - last[i - 1] * last[i - 1 + gap]
            out[i, i + gap] = out[i + gap, i] = product
    out[level, level] = sums.total - tail[0] ** 2 - (head[:lags] ** 2).sum(axis=0)
    for i in range(lags + 1):
        along = 0.5 * (tail[i] ** 2 - head[lags - i] ** 2 - out[i, i]) + out[i, 1 : i + 1].sum(axis=0)
        out[i, level] = out[level, i] = along
    return out[np.ix_(order, order)]
