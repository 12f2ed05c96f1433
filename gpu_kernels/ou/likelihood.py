"""The likelihood of series with irregular times, with mu and sigma already at their best for each theta."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = ["Profile", "Transitions", "bridged", "height", "profile"]


class Transitions(NamedTuple):
    """Neighbouring finite prices of B series, padded to the longest.

    Attributes:
        lags: (B, n) first price of each pair, from the first price of the series.
        steps: (B, n) second less first.
        gaps: (B, n) time between; 1 where padded.
        present: (B, n) 1 for a pair, 0 where padded.
        n_pairs: (B,) pairs.
        origin: (B,) first price.
    """

    lags: Floats
    steps: Floats
    gaps: Floats
    present: Floats
    n_pairs: Floats
    origin: Floats

    def rows(self, chosen: NDArray[np.intp]) -> "Transitions":
        """Return some of the series."""
        if chosen.size == self.origin.size:
            return self
        return Transitions._make(field[chosen] for field in self)


class Profile(NamedTuple):
    """The profile likelihood at one theta a series, every field (B,).

    Attributes:
        slope: d/d(ln theta) of the log-likelihood.
        log_likelihood: Without the constant -n/2 (ln 2 pi + 1).
        mu: Best mean, from the origin.
        variance: Best stationary variance, q/n.
        variance_slope: d ln(variance) / d(ln theta).
        information: sum w (1-b)^2, which a mean's variance divides by.
        sse: Plain sum of the squared one-step errors.
    """

    slope: Floats
    log_likelihood: Floats
    mu: Floats
    variance: Floats
    variance_slope: Floats
    information: Floats
    sse: Floats


def bridged(prices: Floats, times: Floats) -> Transitions:
    """Pair the finite prices of every row of (B, T) with their successors, over whatever gap."""
    finite = ~np.isnan(prices)
    count = np.maximum(finite.sum(axis=1) - 1, 0)
    shape = (len(prices), max(1, int(count.max(initial=0))))
    lags, steps, gaps, present = np.zeros(shape), np.zeros(shape), np.ones(shape), np.zeros(shape)
    origin = np.zeros(len(prices))
    for row, (mask, n) in enumerate(zip(finite, count, strict=True)):
        if n == 0:
            continue
        kept = prices[row, mask]
        origin[row] = kept[0]
        present[row, :n] = 1.0
        with np.errstate(over="ignore", invalid="ignore"):  # prices that are so large have status "error"
            shifted = kept - kept[0]
            lags[row, :n], steps[row, :n] = shifted[:-1], np.diff(shifted)
        gaps[row, :n] = np.diff(times[row, mask])
    return Transitions(lags, steps, gaps, present, count.astype(np.float64), origin)


def profile(pairs: Transitions, theta: Floats) -> Profile:
    """Evaluate every series at its theta (B,).

    By the envelope theorem the slope needs only the partial derivative at the best mu and sigma. Everything is
    written in c = 1 - b, which keeps its digits for gaps that are short beside 1/theta.
    """
    reach = theta[:, None] * pairs.gaps
    c = -np.expm1(-reach)
    spread = c * (2.0 - c)
    w = pairs.present / spread
    wc = w * c
    plain = pairs.steps + c * pairs.lags
    information = _sum(wc, c)
    mu = _sum(wc, plain) / information
    away = pairs.lags - mu[:, None]
    error = pairs.steps + c * away
    weighted = w * error
    # A series without noise has q = 0 at its theta: the walk must get past it to close in on it.
    q = np.maximum(_sum(weighted, error), np.finfo(np.float64).tiny)
    b = 1.0 - c
    # d(reach)/d(ln theta) = reach; d(c) = reach b; d(w) = -2 reach b^2 w / spread.
    turn = reach * b
    ratio = turn * b / spread
    q_slope = 2.0 * (_sum(weighted * turn, away) - _sum(weighted * ratio, error))
    count = pairs.n_pairs
    return Profile(
        slope=-0.5 * count * q_slope / q - _sum(ratio, pairs.present),
        log_likelihood=-0.5 * count * np.log(q / count) - 0.5 * _sum(np.log(spread), pairs.present),
        mu=mu,
        variance=q / count,
        variance_slope=q_slope / q,
        information=information,
        sse=_sum(error * pairs.present, error),
    )


def height(pairs: Transitions, theta: Floats) -> Floats:
    """Return the log-likelihood of every series at its theta (B,), as profile does, for half the work."""
    interruption.check()
    c = -np.expm1(-theta[:, None] * pairs.gaps)
    spread = c * (2.0 - c)
    w = pairs.present / spread
    wc = w * c
    plain = pairs.steps + c * pairs.lags
    mu = _sum(wc, plain) / _sum(wc, c)
    error = plain - c * mu[:, None]
    q = np.maximum(_sum(w * error, error), np.finfo(np.float64).tiny)
    count = pairs.n_pairs
    return -0.5 * count * np.log(q / count) - 0.5 * _sum(np.log(spread), pairs.present)


def _sum(left: Floats, right: Floats) -> Floats:
    product: Floats = np.einsum("bt,bt->b", left, right)
    return product
