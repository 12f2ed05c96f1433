"""The NumPy twin of the fit with regular steps."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.ou import dickey_fuller, inference
from gpu_kernels.ou.inference import Point
from gpu_kernels.ou.infinities import fitted_without, having
from gpu_kernels.ou.model import OuFit
from gpu_kernels.ou.sums import CONSTANT, DETERMINISTIC, SLOPE_ROUNDING, Sums, of_batch

__all__ = ["classify", "fit", "from_sums", "speeds"]


def fit(prices: Floats, dt: float, bias: str, adf_lags: int) -> OuFit:
    """Estimate every row of prices (B, T); see the contract."""
    return fitted_without(prices, having(prices), lambda rest: _fit(rest, dt, bias, adf_lags))


def _fit(prices: Floats, dt: float, bias: str, adf_lags: int) -> OuFit:
    statistic = dickey_fuller.statistics(prices, adf_lags) if adf_lags else None
    halves = None
    if bias == "jackknife":
        middle = prices.shape[1] // 2
        halves = np.stack([speeds(of_batch(part), dt) for part in (prices[:, :middle], prices[:, middle:])], axis=1)
    return from_sums(of_batch(prices), dt, bias, statistic=statistic, halves=halves)


def from_sums(
    sums: Sums, dt: float, bias: str, *, statistic: Floats | None = None, halves: Floats | None = None
) -> OuFit:
    """Estimate from sums; the test has no lags where its statistic is not given."""
    point = _estimate(sums, dt)
    if statistic is None:
        with np.errstate(all="ignore"):
            statistic = (sums.sxd / sums.sxx) / point.decay_std_error
    return inference.conclude(point, statistic, bias, halves)


def speeds(sums: Sums, dt: float) -> Floats:
    """Return theta, negative beyond a unit root, NaN where there is none."""
    with np.errstate(all="ignore"):
        theta = -np.log1p(sums.sxd / sums.sxx) / dt
    usable = np.isin(classify(sums), (inference.FINE, inference.UNIT_ROOT, inference.DETERMINISTIC))
    return np.where(usable & np.isfinite(theta), theta, np.nan)


def classify(sums: Sums) -> NDArray[np.int64]:
    """Return a finding for each series: whether an OU process fits it, or else why not; see inference."""
    with np.errstate(all="ignore"):
        return _kinds(sums, sums.weight**2 / sums.weight_squares)


def _kinds(sums: Sums, n_pairs: Floats) -> NDArray[np.int64]:
    # The rounding of the prices and of what was subtracted from them, whatever their unit.
    smallest = CONSTANT * _size(sums)
    still = sums.weight * smallest**2
    syy = sums.sxx + 2.0 * sums.sxd + sums.sdd
    slope = sums.sxd / sums.sxx
    # Rounding must decide neither whether a random walk "reverts" nor whether unrelated prices are related.
    rounding = _slope_rounding(sums)
    cases: list[tuple[NDArray[np.bool_], NDArray[np.int64] | int]] = [
        (~(sums.n_samples >= 4), inference.TOO_FEW),
        (~(n_pairs >= 3), np.where(_fading(sums), inference.FADED, inference.FEW_NEIGHBOURS)),
        (~np.isfinite(sums.sxx + sums.sdd), inference.OVERFLOW),
        (sums.sxx <= still, _stillness(sums, still)),
        (sums.sse <= DETERMINISTIC * syy + sums.rounding * sums.sdd, inference.DETERMINISTIC),
        (slope >= -rounding, inference.UNIT_ROOT),
        (slope <= rounding - 1.0, inference.INSTANT),
    ]
    return np.select([met for met, _ in cases], [kind for _, kind in cases], inference.FINE)


def _size(sums: Sums) -> Floats:
    return np.abs(sums.origin) + np.abs(sums.lag_mean)


def _slope_rounding(sums: Sums) -> Floats:
    return SLOPE_ROUNDING * (sums.n_samples + _size(sums) / np.sqrt(sums.sxx / sums.weight))


def _stillness(sums: Sums, still: Floats) -> NDArray[np.int64]:
    constant = np.where(sums.weight >= sums.n_samples - 1, inference.CONSTANT, inference.CONSTANT_PAIRS)
    return np.where(sums.sdd <= still, constant, inference.MOVES_ONCE)


def _fading(sums: Sums) -> NDArray[np.bool_]:
    return np.asarray(sums.weight_squares != sums.weight)


def _estimate(sums: Sums, dt: float) -> Point:
    with np.errstate(all="ignore"):
        n_pairs = sums.weight**2 / sums.weight_squares
        kind = _kinds(sums, n_pairs)
        slope = sums.sxd / sums.sxx
        rounding = _slope_rounding(sums)
        downward = slope < -rounding
        reverts = downward & (slope > rounding - 1.0)
        decay = 1.0 + slope
        explained = decay * decay * sums.sxx  # Syy - SSE, without their cancellation
        theta = np.where(reverts, -np.log1p(slope) / dt, 0.0)
        variance = sums.sse / sums.weight
        shrink = sums.weight_squares / sums.weight
        residual = sums.sse / (sums.weight - 2.0 * shrink)
        decay_std_error = np.sqrt(residual / sums.sxx * shrink)
        distance = sums.step_mean / -slope
        mu = sums.origin + sums.lag_mean + np.where(downward, distance, 0.0)
        sigma = np.sqrt(np.where(reverts, 2.0 * theta * variance / -np.expm1(-2.0 * theta * dt), variance / dt))
        g = 1.0 / (decay * np.log1p(slope)) + 2.0 * decay / -(slope * (1.0 + decay))
        point = Point(
            kind=kind,
            n_samples=sums.n_samples,
            n_pairs=n_pairs,
            fading=_fading(sums),
            step=np.full_like(slope, dt),
            period=np.full_like(slope, dt),
            theta=theta,
            mu=mu,
            sigma=sigma,
            r_squared=explained / (explained + sums.sse),
            log_likelihood=-0.5 * n_pairs * (np.log(2.0 * np.pi * variance) + 1.0),
            slope=slope,
            decay_std_error=decay_std_error,
            level=sums.origin + sums.lag_mean,
            step_mean=sums.step_mean,
            mean_variance=residual / n_pairs,
            mu_std_error=np.sqrt(residual) / -slope * np.sqrt(1.0 / n_pairs + shrink * distance**2 / sums.sxx),
            sigma_std_error=0.5 * sigma * np.sqrt(2.0 / n_pairs + (g * decay_std_error) ** 2),
        )
        return _plain(point, sums)


def _plain(point: Point, sums: Sums) -> Point:
    """Fill in what is defined for a series that no process fits."""
    nothing = np.isin(point.kind, (*inference.SHORT, inference.OVERFLOW))
    constant = np.isin(point.kind, inference.STILL)
    still = constant | (point.kind == inference.DETERMINISTIC)
    mean = sums.origin + sums.lag_mean
    return point._replace(
        theta=np.where(nothing | constant, 0.0, point.theta),
        mu=np.where(nothing, 0.0, np.where(constant, mean, point.mu)),
        sigma=np.where(nothing | still, 0.0, point.sigma),
    )
