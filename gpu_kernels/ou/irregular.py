"""The NumPy twin of the fit with irregular times: the best theta is where the profile likelihood stops rising."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.ou import dickey_fuller, host, inference
from gpu_kernels.ou.inference import Point
from gpu_kernels.ou.infinities import fitted_without, having
from gpu_kernels.ou.likelihood import Profile, Transitions, bridged, profile
from gpu_kernels.ou.model import OuFit
from gpu_kernels.ou.search import best_theta
from gpu_kernels.ou.sums import BLOCK, Sums, of_series

__all__ = ["fit"]

_DIFFERENCE = 1e-4
"""Step in ln theta of the central differences behind the standard errors."""

_FARTHEST = 30.0
"""theta times the step behind the intervals; beyond, b is too near 0 to carry digits."""


def fit(prices: Floats, times: Floats, bias: str, adf_lags: int) -> OuFit:
    """Estimate theta, mu and sigma of series with irregular times, by exact maximum likelihood.

    Args:
        prices: (B, T), oldest first. A NaN is bridged: its neighbours form one pair over the longer gap.
        times: (B, T), strictly increasing, in the unit that theta shall have.
        bias: As in the contract of fit; the step of its formula is the mean gap.
        adf_lags: As in fit; the test takes the finite prices in order, whatever their gaps.

    Returns:
        OuFit of (B,) arrays; half_life is in units of the times.

    References:
        Tang and Chen (2009), section 2, with the transition over each gap in its own length.
    """
    return fitted_without(prices, having(prices), lambda rest: _fit(rest, times, bias, adf_lags))


def _fit(prices: Floats, times: Floats, bias: str, adf_lags: int) -> OuFit:
    series = [row[~np.isnan(row)] for row in prices]
    sums = _sums(series)
    if adf_lags:
        parts = [dickey_fuller.statistics(row[None], adf_lags) for row in series]
        statistic = np.concatenate(parts) if parts else np.zeros(0)
    else:
        with np.errstate(all="ignore"):
            spread = sums.sse / (sums.weight - 2.0) / sums.sxx
            statistic = sums.sxd / sums.sxx / np.sqrt(spread)
    halves = None
    if bias == "jackknife":
        middle = prices.shape[1] // 2
        parts = [_speeds(prices[:, part], times[:, part]) for part in (slice(middle), slice(middle, None))]
        halves = np.stack(parts, axis=1)
    return inference.conclude(_estimate(prices, times, sums), statistic, bias, halves)


def _sums(series: list[Floats]) -> Sums:
    parts = [of_series(row) for row in [*series, np.zeros(0)]]
    return Sums._make(np.concatenate(fields)[:-1] for fields in zip(*parts, strict=True))


def _speeds(prices: Floats, times: Floats) -> Floats:
    """Return theta, NaN where the likelihood has no inner maximum."""
    sums = _sums([row[~np.isnan(row)] for row in prices])
    point = _estimate(prices, times, sums)
    return np.where(point.kind == inference.FINE, point.theta, np.nan)


def _estimate(prices: Floats, times: Floats, sums: Sums) -> Point:
    rows = max(1, BLOCK // max(1, prices.shape[1]))
    parts = []
    for start in range(0, max(1, len(prices)), rows):
        interruption.check()
        block = slice(start, start + rows)
        parts.append(_of_block(Sums._make(field[block] for field in sums), bridged(prices[block], times[block])))
    return Point._make(np.concatenate(fields) for fields in zip(*parts, strict=True))


def _of_block(sums: Sums, pairs: Transitions) -> Point:
    kind = host.classify(sums)
    solvable = ~np.isin(kind, inference.UNREGRESSED)
    chosen = np.flatnonzero(solvable)
    point = _unsolved(sums, kind)
    if not chosen.size:
        return point
    with np.errstate(all="ignore"):
        found = _solved(Sums._make(field[chosen] for field in sums), pairs.rows(chosen))
    for whole, part in zip(point, found, strict=True):
        whole[chosen] = part
    return point


def _unsolved(sums: Sums, kind: NDArray[np.int64]) -> Point:
    def filled(value: float) -> Floats:
        return np.full(kind.size, value)

    return Point(
        kind=kind.copy(),
        n_samples=sums.n_samples.copy(),
        n_pairs=sums.weight.copy(),
        fading=np.zeros(kind.size, dtype=np.bool_),
        step=filled(1.0),
        period=filled(1.0),
        theta=filled(0.0),
        mu=np.where(np.isin(kind, inference.STILL), sums.origin + sums.lag_mean, 0.0),
        sigma=filled(0.0),
        r_squared=filled(0.0),
        log_likelihood=filled(0.0),
        slope=filled(0.0),
        decay_std_error=filled(0.0),
        level=filled(0.0),
        step_mean=filled(0.0),
        mean_variance=filled(0.0),
        mu_std_error=filled(0.0),
        sigma_std_error=filled(0.0),
    )


def _solved(sums: Sums, pairs: Transitions) -> Point:
    theta, at_foot, at_top = best_theta(sums, pairs)
    best = profile(pairs, theta)
    n_pairs = pairs.n_pairs
    syy = np.maximum(sums.sxx + 2.0 * sums.sxd + sums.sdd, sums.sse)  # rounding must not cancel it below the residuals
    kind = np.select(
        [best.sse <= 1e-22 * syy, at_foot, at_top],
        [inference.DETERMINISTIC, inference.UNIT_ROOT, inference.INSTANT],
        inference.FINE,
    )
    fine, still = kind == inference.FINE, kind == inference.DETERMINISTIC
    gap = np.einsum("bt,bt->b", pairs.gaps, pairs.present) / n_pairs
    step = np.minimum(gap, _FARTHEST / theta)
    slope = np.expm1(-theta * step)
    log_theta_error, mu_error, sigma_error = _errors(pairs, theta, best)
    level = np.where(at_foot, pairs.origin + sums.lag_mean, pairs.origin + best.mu)
    sigma = np.sqrt(2.0 * theta * best.variance)
    middle = sums.origin + sums.lag_mean
    distance = pairs.origin + best.mu - middle
    decay_error = (1.0 + slope) * step * theta * log_theta_error
    return Point(
        kind=kind,
        n_samples=sums.n_samples,
        n_pairs=n_pairs,
        fading=np.zeros(kind.size, dtype=np.bool_),
        step=step,
        period=np.ones_like(theta),
        theta=np.where(fine | (still & ~at_foot & ~at_top), theta, 0.0),
        mu=level,
        sigma=np.where(still, 0.0, sigma),
        r_squared=1.0 - best.sse / syy,
        log_likelihood=best.log_likelihood - 0.5 * n_pairs * (np.log(2.0 * np.pi) + 1.0),
        slope=slope,
        decay_std_error=decay_error,
        level=middle,
        step_mean=-slope * distance,
        mean_variance=np.maximum((mu_error * slope) ** 2 - (distance * decay_error) ** 2, 0.0),
        mu_std_error=mu_error,
        sigma_std_error=sigma * sigma_error,
    )


def _errors(pairs: Transitions, theta: Floats, best: Profile) -> tuple[Floats, Floats, Floats]:
    """Return standard errors of ln theta, mu and ln sigma from the observed information, with n - 2 for n."""
    up, down = (profile(pairs, theta * np.exp(way * _DIFFERENCE)) for way in (1.0, -1.0))
    freedom = pairs.n_pairs / (pairs.n_pairs - 2.0)
    curvature = np.maximum((down.slope - up.slope) / (2.0 * _DIFFERENCE), np.finfo(np.float64).tiny)
    speed = np.sqrt(freedom / curvature)
    drift = (up.mu - down.mu) / (2.0 * _DIFFERENCE)
    mu = np.sqrt(freedom * best.variance / best.information + (drift * speed) ** 2)
    turn = 0.5 * (1.0 + best.variance_slope)
    return speed, mu, np.sqrt(0.5 / pairs.n_pairs + (turn * speed) ** 2)
