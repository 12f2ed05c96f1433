"""The estimate of one stream in plain floats.

The equations are those of the NumPy twin (host and inference), which spends twenty times their cost on calls when
there is a single series. A test holds both to the same numbers.
"""

import math

from gpu_kernels.ou import inference
from gpu_kernels.ou.dickey_fuller import p_value
from gpu_kernels.ou.model import OuEstimate
from gpu_kernels.ou.running import StreamSums
from gpu_kernels.ou.sums import CONSTANT, DETERMINISTIC, SLOPE_ROUNDING
from gpu_kernels.ou.unit_root import FEWEST_PAIRS, DecaysOfOne, decays_of_one

__all__ = ["estimate"]

_LN_2 = math.log(2.0)


def estimate(sums: StreamSums, dt: float, bias: str) -> OuEstimate:
    """Estimate from the sums of one series, with the test without lags; see the contract.

    Args:
        sums: Of a stream.
        dt: Time between prices.
        bias: "none", "tang_chen" or "median_unbiased".
    """
    n_pairs = sums.weight**2 / sums.weight_squares if sums.weight > 0 else 0.0
    kind = _kind(sums, n_pairs)
    if kind in inference.REGRESSED and bias == "median_unbiased" and n_pairs < FEWEST_PAIRS:
        kind = inference.FEW_TO_CORRECT
    if kind not in inference.REGRESSED:
        return _shrunk(sums, dt, bias, kind)
    slope = sums.sxd / sums.sxx
    exact = decays_of_one(slope, n_pairs) if n_pairs >= FEWEST_PAIRS else None
    fine = kind == inference.FINE
    found = _fine(sums, dt, bias, n_pairs, exact) if fine else _shrunk(sums, dt, bias, kind)
    return _placed(found, sums, dt, bias, exact, bounded=kind != inference.UNIT_ROOT)


def _shrunk(sums: StreamSums, dt: float, bias: str, kind: int) -> OuEstimate:
    """Return what can be said of a series that no process fits."""
    theta = mu = sigma = 0.0
    half_life = 0.0 if kind in {*inference.SHORT, inference.INSTANT} else math.inf
    if kind not in {*inference.SHORT, inference.OVERFLOW}:
        mu = sums.origin + sums.lag_mean
    if kind in {inference.DETERMINISTIC, inference.UNIT_ROOT, inference.INSTANT}:
        slope = sums.sxd / sums.sxx
        rounding = _slope_rounding(sums)
        if slope < -rounding:
            mu -= sums.step_mean / slope
        if kind == inference.DETERMINISTIC:
            if rounding - 1.0 < slope < -rounding:
                theta = -math.log1p(slope) / dt
                half_life = _half_life(theta, dt)
        else:
            sigma = math.sqrt(sums.sse / sums.weight / dt)
    return _broken(sums.n_samples, kind, bias, (theta, mu, sigma, half_life))


def _placed(
    found: OuEstimate, sums: StreamSums, dt: float, bias: str, exact: DecaysOfOne | None, *, bounded: bool
) -> OuEstimate:
    """Add what the exact distribution of the estimate says; `exact` is None where there are too few pairs."""
    n_pairs = sums.weight**2 / sums.weight_squares
    slowest, fastest, low, high = 0.0, n_pairs, -math.inf, math.inf
    if exact is not None:
        middle, slowest, fastest, reach = exact
        found = found._replace(
            b_median_unbiased=1.0 - middle / n_pairs, b_lower=1.0 - fastest / n_pairs, b_upper=1.0 - slowest / n_pairs
        )
        if bounded:
            low, high = _mean_interval(sums, n_pairs, reach)
    found = found._replace(mu_lower=low, mu_upper=high)
    if bias != "median_unbiased":
        return found
    lower, upper = _speed(slowest, n_pairs, dt), _speed(fastest, n_pairs, dt)
    return found._replace(
        theta_lower=lower,
        theta_upper=upper,
        half_life_lower=_half_life(upper, dt),
        half_life_upper=_half_life(lower, dt),
    )


def _speed(distance: float, n_pairs: float, dt: float) -> float:
    return -math.log1p(-distance / n_pairs) / dt if distance < n_pairs else math.inf


def _mean_interval(sums: StreamSums, n_pairs: float, reach: float) -> tuple[float, float]:
    """Return Fieller's interval; see unit_root.mean_span."""
    slope, shrink = sums.sxd / sums.sxx, sums.weight_squares / sums.weight
    residual = sums.sse / (sums.weight - 2.0 * shrink)
    slope_variance = residual / sums.sxx * shrink
    a = slope * slope - reach * reach * slope_variance
    if not a > 0.0:
        return -math.inf, math.inf
    level, step = sums.origin + sums.lag_mean, sums.step_mean
    half = reach * math.sqrt(slope_variance * (step * step) + a * (residual / n_pairs))
    return level + (-slope * step - half) / a, level + (-slope * step + half) / a


def _kind(sums: StreamSums, n_pairs: float) -> int:
    if sums.n_samples < 4 or n_pairs < 3:
        return _too_short(sums)
    if not math.isfinite(sums.sxx + sums.sdd):
        return inference.OVERFLOW
    least = CONSTANT * _size(sums)
    still = sums.weight * (least * least)  # infinite where it overflows, which a power would refuse
    if sums.sxx <= still:
        return _stillness(sums, still)
    syy = sums.sxx + 2.0 * sums.sxd + sums.sdd
    if sums.sse <= DETERMINISTIC * syy + sums.rounding * sums.sdd:
        return inference.DETERMINISTIC
    return _kind_of(sums.sxd / sums.sxx, _slope_rounding(sums))


def _kind_of(slope: float, rounding: float) -> int:
    if slope >= -rounding:
        return inference.UNIT_ROOT
    return inference.FINE if slope > rounding - 1.0 else inference.INSTANT


def _size(sums: StreamSums) -> float:
    return abs(sums.origin) + abs(sums.lag_mean)


def _slope_rounding(sums: StreamSums) -> float:
    return SLOPE_ROUNDING * (sums.n_samples + _size(sums) / math.sqrt(sums.sxx / sums.weight))


def _too_short(sums: StreamSums) -> int:
    if sums.n_samples < 4:
        return inference.TOO_FEW
    return inference.FADED if _fading(sums) else inference.FEW_NEIGHBOURS


def _stillness(sums: StreamSums, still: float) -> int:
    if sums.sdd > still:
        return inference.MOVES_ONCE
    return inference.CONSTANT if sums.weight >= sums.n_samples - 1 else inference.CONSTANT_PAIRS


def _fading(sums: StreamSums) -> bool:
    return sums.weight_squares != sums.weight


def _fine(sums: StreamSums, dt: float, bias: str, n_pairs: float, exact: DecaysOfOne | None) -> OuEstimate:
    slope = sums.sxd / sums.sxx
    decay = 1.0 + slope
    k = -math.log1p(slope)
    explained = decay * decay * sums.sxx  # Syy - SSE, without their cancellation
    theta = k / dt
    variance = sums.sse / sums.weight
    shrink = sums.weight_squares / sums.weight
    residual = sums.sse / (sums.weight - 2.0 * shrink)
    decay_error = math.sqrt(residual / sums.sxx * shrink)
    distance = -sums.step_mean / slope
    mu = sums.origin + sums.lag_mean + distance
    sigma = math.sqrt(2.0 * theta * variance / -math.expm1(-2.0 * k))
    applies = k <= inference.LARGEST_STEP
    corrected = theta - (2.5 + math.exp(k) + 0.5 * math.exp(2.0 * k)) / (n_pairs * dt) if applies else theta
    asked = corrected if bias == "tang_chen" else theta
    if bias == "median_unbiased" and exact is not None:
        asked, applies = _speed(exact.middle, n_pairs, dt), True
    if asked <= 0:
        kind = inference.CORRECTED_AWAY
        found = _broken(sums.n_samples, kind, bias, (0.0, mu, sigma, math.inf))
        return found._replace(
            theta_bias_corrected=corrected, bias_note=inference.note(bias, inference.FINE, applied=True)
        )
    g = -1.0 / (decay * k) - 2.0 * decay / (slope * (1.0 + decay))
    reach = inference.QUANTILE * decay_error
    lower = -math.log1p(slope + reach) / dt if slope + reach < 0 else 0.0
    upper = -math.log1p(slope - reach) / dt if slope - reach > -1 else math.inf
    statistic = slope / decay_error
    p = p_value(statistic)
    status, reason = inference.verdict(inference.FINE, n_pairs, _fading(sums), p)
    return OuEstimate(
        theta=asked,
        mu=mu,
        sigma=sigma,
        half_life=_half_life(asked, dt),
        n_samples=sums.n_samples,
        r_squared=explained / (explained + sums.sse),
        status=status,
        reason=reason,
        theta_std_error=decay_error / (decay * dt),
        mu_std_error=math.sqrt(residual) / -slope * math.sqrt(1.0 / n_pairs + shrink * distance * distance / sums.sxx),
        sigma_std_error=0.5 * sigma * math.sqrt(2.0 / n_pairs + (g * decay_error) * (g * decay_error)),
        theta_lower=lower,
        theta_upper=upper,
        half_life_lower=_half_life(upper, dt),
        half_life_upper=_half_life(lower, dt),
        theta_bias_corrected=corrected,
        adf_statistic=statistic,
        adf_p_value=p,
        log_likelihood=-0.5 * n_pairs * (math.log(2.0 * math.pi * variance) + 1.0),
        b_median_unbiased=0.0,
        b_lower=0.0,
        b_upper=0.0,
        mu_lower=mu,
        mu_upper=mu,
        bias_note=inference.note(bias, inference.FINE, applied=applies),
    )


def _half_life(theta: float, dt: float) -> float:
    reach = theta * dt
    return _LN_2 / reach if reach > 0 else math.inf


def _broken(n_samples: int, kind: int, bias: str, known: tuple[float, float, float, float]) -> OuEstimate:
    theta, mu, sigma, half_life = known
    status, reason = inference.verdict(kind, 0.0, False, 1.0)
    return OuEstimate(
        theta=theta,
        mu=mu,
        sigma=sigma,
        half_life=half_life,
        n_samples=n_samples,
        r_squared=0.0,
        status=status,
        reason=reason,
        theta_std_error=0.0,
        mu_std_error=0.0,
        sigma_std_error=0.0,
        theta_lower=theta,
        theta_upper=theta,
        half_life_lower=half_life,
        half_life_upper=half_life,
        theta_bias_corrected=0.0,
        adf_statistic=0.0,
        adf_p_value=1.0,
        log_likelihood=0.0,
        b_median_unbiased=0.0,
        b_lower=0.0,
        b_upper=0.0,
        mu_lower=mu,
        mu_upper=mu,
        bias_note=inference.note(bias, kind, applied=False),
    )
