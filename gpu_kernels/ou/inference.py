"""From a point estimate to the whole answer: correction, intervals, status and reason."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.ou.dickey_fuller import p_values
from gpu_kernels.ou.model import OuFit
from gpu_kernels.ou.unit_root import FEWEST_PAIRS, Decays, decays_where, mean_span, speed

__all__ = [
    "CONSTANT",
    "CONSTANT_PAIRS",
    "CORRECTED_AWAY",
    "DETERMINISTIC",
    "FADED",
    "FEW_NEIGHBOURS",
    "FEW_TO_CORRECT",
    "FINDINGS",
    "FINE",
    "INSTANT",
    "LARGEST_STEP",
    "MOVES_ONCE",
    "OVERFLOW",
    "QUANTILE",
    "REGRESSED",
    "SHORT",
    "STILL",
    "TOO_FEW",
    "UNIT_ROOT",
    "UNREGRESSED",
    "Point",
    "conclude",
    "note",
    "notes",
    "status_and_reason",
    "verdict",
    "without_numbers",
]

FINE, TOO_FEW, FEW_NEIGHBOURS, FADED, FEW_TO_CORRECT, CONSTANT, CONSTANT_PAIRS, MOVES_ONCE = range(8)
DETERMINISTIC, UNIT_ROOT, INSTANT, OVERFLOW, CORRECTED_AWAY = range(8, 13)
"""What a point estimate is, with the constants of the line before."""

_FEW_PAIRS, _FADED_PAIRS, _FEW_EQUATIONS, _EXACT_TEST, _DEPENDENT_TEST, _UNIT_ROOT_STANDS = range(13, 19)
"""What keeps a fine point estimate from convergence."""

SHORT = (TOO_FEW, FEW_NEIGHBOURS, FADED, FEW_TO_CORRECT)
"""Series of which there is too little for any estimate."""

STILL = (CONSTANT, CONSTANT_PAIRS, MOVES_ONCE)
"""Series whose steps have nothing to be regressed on."""

REGRESSED = (FINE, UNIT_ROOT, INSTANT)
"""Series whose regression has noise."""

UNREGRESSED = (*SHORT, *STILL, OVERFLOW)
"""Series whose regression does not exist."""

FINDINGS = (
    ("converged", ""),
    ("updating", "fewer than 4 prices"),
    ("updating", "fewer than 3 pairs of neighbouring prices"),
    ("updating", "forgetting leaves the weight of fewer than 3 pairs"),
    ("updating", "fewer than 10 pairs, too few for a median-unbiased estimate"),
    ("error", "constant series"),
    ("error", "constant series, as far as prices have neighbours and are not forgotten"),
    ("error", "all prices that another one follows are equal, so that there is nothing to regress the steps on"),
    ("error", "deterministic series: no noise is left to estimate"),
    ("error", "unit root: the estimate does not revert to a mean"),
    ("error", "no OU process has b <= 0: neighbouring prices are unrelated, or alternate about the mean"),
    ("error", "the prices are too large: their squares overflow"),
    ("error", "the bias correction leaves no reversion (theta <= 0)"),
    ("updating", "fewer than 30 pairs"),
    ("updating", "forgetting leaves the weight of fewer than 30 pairs"),
    ("updating", "too few pairs for the lags of the Dickey-Fuller test"),
    ("updating", "the regression of the Dickey-Fuller test fits without error, so that it has no t value"),
    ("updating", "the regressors of the Dickey-Fuller test depend on one another, so that it has no t value"),
    ("updating", "the Dickey-Fuller test does not reject a unit root at 5 %"),
)
"""Status and reason by finding: one of the constants above, or what keeps a fine estimate from convergence."""

QUANTILE = 1.96
"""Of the normal distribution, for 95 % intervals."""

LARGEST_STEP = 2.0
"""theta dt above which Tang and Chen's expansion runs away."""


class Point(NamedTuple):
    """A point estimate of B series, every field (B,).

    Attributes:
        kind: One of the constants of this module.
        n_samples: Finite prices, integers.
        n_pairs: Pairs; with weights, the number of equally weighted pairs with as much information.
        fading: Whether the pairs have unequal weights.
        step: Time of one pair.
        period: Time that half_life counts in.
        theta: Uncorrected.
        mu: Mean.
        sigma: Volatility.
        r_squared: Of the one-step predictions.
        log_likelihood: At this estimate.
        slope: b - 1, with b = exp(-theta step).
        decay_std_error: Of b.
        level: Mean of the prices that another one follows.
        step_mean: Mean step from there.
        mean_variance: Of step_mean.
        mu_std_error: Of mu.
        sigma_std_error: Of sigma.
    """

    kind: NDArray[np.int64]
    n_samples: NDArray[np.int64]
    n_pairs: Floats
    fading: NDArray[np.bool_]
    step: Floats
    period: Floats
    theta: Floats
    mu: Floats
    sigma: Floats
    r_squared: Floats
    log_likelihood: Floats
    slope: Floats
    decay_std_error: Floats
    level: Floats
    step_mean: Floats
    mean_variance: Floats
    mu_std_error: Floats
    sigma_std_error: Floats


def conclude(point: Point, statistic: Floats, bias: str, halves: Floats | None) -> OuFit:
    """Correct theta, add intervals and the test, and judge.

    Args:
        point: The estimate.
        statistic: (B,) Dickey-Fuller t; where there is none, what dickey_fuller.statistics has for it.
        bias: One of BIASES.
        halves: (B, 2) theta of either half of the prices, NaN where there is none; for "jackknife".
    """
    with np.errstate(all="ignore"):
        if bias == "median_unbiased":
            few = np.isin(point.kind, REGRESSED) & ~(point.n_pairs >= FEWEST_PAIRS)
            point = without_numbers(point, few)
        placed = np.isin(point.kind, REGRESSED) & (point.n_pairs >= FEWEST_PAIRS)
        exact = decays_where(placed, point.slope, point.n_pairs)
        tang_chen, applies = _tang_chen(point)
        asked, applied = _asked(bias, point, (tang_chen, applies), exact, halves)
        kind = np.where((point.kind == FINE) & (asked <= 0), CORRECTED_AWAY, point.kind)
        fine = kind == FINE
        theta = np.where((point.kind == FINE), np.maximum(asked, 0.0), point.theta)
        half_life = _half_life(theta, point.period)
        half_life[np.isin(kind, (*SHORT, INSTANT))] = 0.0
        lower, upper = _interval(point)
        bounded = fine
        if bias == "median_unbiased":
            bounded = np.isin(point.kind, REGRESSED)
            lower, upper = (speed(end, point.n_pairs, point.step) for end in (exact.slowest, exact.fastest))
        mu_lower, mu_upper = _mean_interval(point, exact.reach, placed)
        tested = fine & np.isfinite(statistic)
        p_value = np.where(tested, p_values(np.where(tested, statistic, 0.0)), 1.0)
        status, reason = _judge(kind, point, statistic, p_value)
        zero = np.zeros_like(theta)
        return OuFit(
            theta=theta,
            mu=point.mu,
            sigma=point.sigma,
            half_life=half_life,
            n_samples=point.n_samples,
            r_squared=np.where(fine, point.r_squared, zero),
            status=status,
            reason=reason,
            theta_std_error=np.where(fine, point.decay_std_error / ((1.0 + point.slope) * point.step), zero),
            mu_std_error=np.where(fine, point.mu_std_error, zero),
            sigma_std_error=np.where(fine, point.sigma_std_error, zero),
            theta_lower=np.where(bounded, lower, theta),
            theta_upper=np.where(bounded, upper, theta),
            half_life_lower=np.where(bounded, _half_life(upper, point.period), half_life),
            half_life_upper=np.where(bounded, _half_life(lower, point.period), half_life),
            theta_bias_corrected=np.where(point.kind == FINE, tang_chen, zero),
            adf_statistic=np.where(tested, statistic, 0.0),
            adf_p_value=p_value,
            log_likelihood=np.where(fine, point.log_likelihood, zero),
            b_median_unbiased=np.where(placed, 1.0 - exact.middle / point.n_pairs, zero),
            b_lower=np.where(placed, 1.0 - exact.fastest / point.n_pairs, zero),
            b_upper=np.where(placed, 1.0 - exact.slowest / point.n_pairs, zero),
            mu_lower=mu_lower,
            mu_upper=mu_upper,
            bias_note=notes(bias, point.kind, applied),
        )


def without_numbers(point: Point, few: NDArray[np.bool_]) -> Point:
    """Return the estimate with no numbers for the series with too few pairs for the correction."""
    if not few.any():
        return point
    blank = {name: np.where(few, 0.0, getattr(point, name)) for name in ("theta", "mu", "sigma")}
    return point._replace(kind=np.where(few, FEW_TO_CORRECT, point.kind), **blank)


def verdict(kind: int, n_pairs: float, fading: bool, p: float) -> tuple[str, str]:
    """Return status and reason of one series, which was tested where it has a process."""
    finding = kind
    if kind == FINE and not (n_pairs >= 30 and p < 0.05):
        finding = _UNIT_ROOT_STANDS if n_pairs >= 30 else _FADED_PAIRS if fading else _FEW_PAIRS
    return FINDINGS[finding]


def status_and_reason(findings: NDArray[np.int64]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the statuses and the reasons of findings (B,)."""
    chosen = findings.tolist()
    return tuple([FINDINGS[each][0] for each in chosen]), tuple([FINDINGS[each][1] for each in chosen])


def notes(bias: str, kind: NDArray[np.int64], applied: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return notes on whether the requested correction was applied, one for each of B series."""
    if bias == "none":
        return ("",) * kind.size
    texts = (note(bias, FINE, applied=False), note(bias, FINE, applied=True), note(bias, TOO_FEW, applied=False))
    return tuple([texts[each] for each in np.where(kind == FINE, applied.astype(np.int64), 2).tolist()])


def note(bias: str, kind: int, *, applied: bool) -> str:
    """Return a note on whether the requested correction was applied to one series."""
    if bias == "none":
        return ""
    if kind != FINE:
        return f"{bias} not applied: no estimate to correct"
    if applied:
        return f"{bias} applied"
    return f"{bias} not applied: " + ("theta dt > 2" if bias == "tang_chen" else "a half of the prices has no theta")


def _half_life(theta: Floats, period: Floats) -> Floats:
    out: Floats = np.log(2.0) / (theta * period)
    return out


def _asked(
    bias: str, point: Point, tang_chen: tuple[Floats, NDArray[np.bool_]], exact: Decays, halves: Floats | None
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return theta with the requested correction, and where it applies."""
    if bias == "tang_chen":
        return tang_chen
    if bias == "jackknife":
        return _jackknife(point.theta, halves)
    if bias == "median_unbiased":
        return speed(exact.middle, point.n_pairs, point.step), np.ones_like(tang_chen[1])
    return point.theta, tang_chen[1]


def _interval(point: Point) -> tuple[Floats, Floats]:
    reach = QUANTILE * point.decay_std_error
    low, high = point.slope - reach, point.slope + reach
    lower = np.where(high >= 0, 0.0, -np.log1p(high) / point.step)
    upper = np.where(low <= -1, np.inf, -np.log1p(low) / point.step)
    return lower, upper


def _mean_interval(point: Point, reach: Floats, placed: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    low, high = mean_span(point.slope, point.step_mean, point.decay_std_error**2, point.mean_variance, reach)
    bounded = placed & (point.kind != UNIT_ROOT)
    open_ended = np.isin(point.kind, REGRESSED)
    lower = np.where(bounded, point.level + low, np.where(open_ended, -np.inf, point.mu))
    upper = np.where(bounded, point.level + high, np.where(open_ended, np.inf, point.mu))
    return lower, upper


def _tang_chen(point: Point) -> tuple[Floats, NDArray[np.bool_]]:
    k = point.theta * point.step
    bias = (2.5 + np.exp(k) + 0.5 * np.exp(2.0 * k)) / (point.n_pairs * point.step)
    applies = k <= LARGEST_STEP
    return np.where(applies, point.theta - bias, point.theta), applies


def _jackknife(theta: Floats, halves: Floats | None) -> tuple[Floats, NDArray[np.bool_]]:
    known = np.zeros((theta.size, 2)) * np.nan if halves is None else halves
    applies = np.asarray(np.isfinite(known).all(axis=1))
    return np.where(applies, 2.0 * theta - 0.5 * known.sum(axis=1), theta), applies


def _judge(
    kind: NDArray[np.int64], point: Point, statistic: Floats, p_value: Floats
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    few = point.n_pairs < 30
    doubts = [
        (few & point.fading, _FADED_PAIRS),
        (few, _FEW_PAIRS),
        (np.isnan(statistic), _FEW_EQUATIONS),
        (np.isposinf(statistic), _EXACT_TEST),
        (np.isneginf(statistic), _DEPENDENT_TEST),
        (~(p_value < 0.05), _UNIT_ROOT_STANDS),
    ]
    doubt = np.select([met for met, _ in doubts], [finding for _, finding in doubts], FINE)
    return status_and_reason(np.where(kind == FINE, doubt, kind))
