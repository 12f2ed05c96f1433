"""Tests of whether series revert, of a batch of series at once."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels import ou
from gpu_kernels.checks import Floats, array, at_least, one_of
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.reversion import critical_values, device, driver, host, native
from gpu_kernels.reversion.model import FEWEST, STATUSES, TRENDS, ReversionTests, TestedFit

__all__ = ["FEWEST", "STATUSES", "TRENDS", "ReversionTests", "TestedFit", "fit_and_test", "run_tests"]


def _steps(prices: Floats, _trend: str, _adf_lags: int, _bandwidth: int, _periods: int) -> int:
    return prices.size


TWINS = Twins(host=host.figures, native=native.figures, device=device.figures, covers=driver.covers, steps=_steps)


def run_tests(
    prices: ArrayLike, *, trend: str = "c", adf_lags: int = 1, bandwidth: int | None = None, periods: int = 2
) -> ReversionTests:
    """Test whether series revert, by Dickey-Fuller, Phillips-Perron, KPSS, DF-GLS, variance ratio and Hurst exponents.

    Args:
        prices: (B, T), oldest first, T >= FEWEST; negative prices are legal.
        trend: What the tests of a unit root, and KPSS, allow for: "n", "c" or "ct".
        adf_lags: Lagged steps in Dickey-Fuller and DF-GLS regressions, at least 0.
        bandwidth: Lags in the long-run variance of Phillips-Perron and KPSS; None is ceil(12 (T/100)^(1/4)).
        periods: Steps of the variance ratio, at least 2.

    Returns:
        ReversionTests of (B,) arrays. A series with a price that is not finite, or without a change, has status
        "error".

    Raises:
        InvalidInput: prices are not (B, T), are too few for the lags, or an option is out of its range.

    References:
        As in gpu_kernels.reversion.model.
    """
    checked = array("prices", prices, ndim=2, shape="(B, T)")
    one_of("trend", trend, TRENDS)
    n_prices = checked.shape[1]
    lags, span = at_least("adf_lags", adf_lags, 0), at_least("periods", periods, 2)
    width = math.ceil(12.0 * (n_prices / 100.0) ** 0.25) if bandwidth is None else at_least("bandwidth", bandwidth, 0)
    needed = max(FEWEST, 2 * lags + 8, width + 3, 2 * span + 2)
    if n_prices < needed:
        rule = f"must be (B, T) with T >= {needed}, for these lags, bandwidth and periods"
        raise InvalidInput("prices", rule, value=checked.shape)
    reasons = _reasons(checked)
    fine = np.array([not reason for reason in reasons], dtype=np.bool_)
    kept = np.ascontiguousarray(checked if fine.all() else checked[fine])
    found = TWINS.run(kept, trend, lags, width, span)
    return _completed(found, kept, fine, reasons, trend, n_prices - 1 - lags)


def fit_and_test(
    prices: ArrayLike,
    *,
    dt: float = 1.0,
    bias: str = "none",
    adf_lags: int = 0,
    trend: str = "c",
    bandwidth: int | None = None,
    periods: int = 2,
) -> TestedFit:
    """Fit an Ornstein-Uhlenbeck process to series, and test whether the same series revert.

    Args:
        prices: (B, T), oldest first, T >= FEWEST; negative prices are legal.
        dt: Time between prices, of the fit.
        bias: Correction of the fit, one of ou.BIASES.
        adf_lags: Lagged steps in the regressions of the fit's Dickey-Fuller test and of the tests, at least 0.
        trend: As for run_tests; the fit's own Dickey-Fuller test always has a constant.
        bandwidth: As for run_tests.
        periods: As for run_tests.

    Returns:
        TestedFit, with the numbers of ou.fit and run_tests.

    Raises:
        InvalidInput: as from run_tests and ou.fit.

    References:
        As in gpu_kernels.ou.model and gpu_kernels.reversion.model.
    """
    tests = run_tests(prices, trend=trend, adf_lags=adf_lags, bandwidth=bandwidth, periods=periods)
    return TestedFit(ou.fit(prices, dt=dt, bias=bias, adf_lags=adf_lags), tests)


@np.errstate(over="ignore")  # a range beyond the doubles is one
def _reasons(prices: Floats) -> list[str]:
    """Return why a series (B, T) cannot be tested; "" where it can."""
    lowest, highest = prices.min(axis=1), prices.max(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):
        constant = highest - lowest <= 1e-12 * np.maximum(np.abs(lowest), np.abs(highest))
    reasons = ["constant series" if each else "" for each in constant.tolist()]
    for row in np.flatnonzero(~np.isfinite(lowest) | ~np.isfinite(highest)):  # a NaN is in both
        place = int(np.argmin(np.isfinite(prices[row])))
        reasons[row] = f"the price at row {place} is {prices[row, place]}: fill it, or leave its row out"
    return reasons


def _completed(
    found: host.Figures, kept: Floats, fine: NDArray[np.bool_], reasons: list[str], trend: str, n_equations: int
) -> ReversionTests:
    """Add p-values, critical values and half-lives, and NaN for the series that were left out."""
    one, five, ten = (np.full(len(kept), value) for value in _critical(trend, n_equations))
    half_life = ou.fit(kept, bias="median_unbiased")
    gls = found.dfgls_statistic
    columns: dict[str, Any] = {
        **found._asdict(),
        "adf_p_value": critical_values.dickey_fuller_p_values(found.adf_statistic, trend),
        "adf_critical_1": one,
        "adf_critical_5": five,
        "adf_critical_10": ten,
        "pp_p_value": critical_values.dickey_fuller_p_values(found.pp_statistic, trend),
        "kpss_p_value": critical_values.kpss_p_values(found.kpss_statistic, trend),
        "dfgls_p_value": np.full(gls.size, np.nan)
        if trend == "ct"
        else critical_values.dickey_fuller_p_values(gls, "n"),
        "variance_ratio_p_value": critical_values.normal_p_values(found.variance_ratio_statistic),
        "half_life": half_life.half_life,
        "half_life_lower": half_life.half_life_lower,
        "half_life_upper": half_life.half_life_upper,
    }
    spread = {name: np.full(fine.size, np.nan) for name in columns}
    for name, column in columns.items():
        spread[name][fine] = column
    status = tuple("error" if reason else "ok" for reason in reasons)
    n_samples = np.where(fine, kept.shape[1], 0)
    return ReversionTests(**spread, n_samples=n_samples, status=status, reason=tuple(reasons))


def _critical(trend: str, n_equations: int) -> tuple[float, float, float]:
    return critical_values.dickey_fuller_critical_values(trend, n_equations)
