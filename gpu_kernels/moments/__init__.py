"""Covariance estimators for portfolio weights, and statistics of one portfolio."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.bounds import finite_within_reach, moderate
from gpu_kernels.checks import Floats, array, at_least, one_of
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.moments import host, windows
from gpu_kernels.moments.model import (
    DEFAULT_HALFLIFE,
    LARGEST_CONDITION,
    METHODS,
    Covariance,
    PortfolioStats,
    WindowCovariances,
)
from gpu_kernels.moments.rows import complete_rows
from gpu_kernels.time_units import PERIODS_PER_YEAR

__all__ = [
    "DEFAULT_HALFLIFE",
    "LARGEST_CONDITION",
    "METHODS",
    "Covariance",
    "PortfolioStats",
    "WindowCovariances",
    "covariance",
    "covariances",
    "portfolio_stats",
]

COVARIANCE_TWINS = Twins(host=host.covariance)
WINDOWS_TWINS = Twins(host=windows.covariances)
STATS_TWINS = Twins(host=host.portfolio_stats)


def covariance(returns: ArrayLike, *, method: str = "sample", halflife: float | None = None) -> Covariance:
    """Estimate means and covariance of returns.

    Args:
        returns: (T, N), oldest first. Rows with NaN are dropped and counted.
        method: One of METHODS. "sample" and "ewma" turn into "ledoit_wolf" by themselves when no more rows than
            assets are left or the condition number exceeds LARGEST_CONDITION.
        halflife: Periods after which an observation counts half, for "ewma" alone; DEFAULT_HALFLIFE where None.

    Returns:
        Covariance, per period. Its method is the estimator that was used, and fallback says why where it is another one
        than asked.

    Raises:
        InvalidInput: an entry is infinite or above 1e50 in magnitude, fewer than two complete rows are left, the
            method is unknown, or halflife is not between 1e-50 and 1e50 or given for another method.
        Degenerate: an asset does not vary (max - min <= 1e-12 of its largest magnitude) and the method is "sample" or
            "ewma", or no asset varies at all.

    References:
        Ledoit and Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices, section 3.3.
        Chen, Wiesel, Eldar and Hero (2010), Shrinkage algorithms for MMSE covariance estimation, equation 23.
        J.P. Morgan (1996), RiskMetrics technical document, section 5.2.
    """
    return COVARIANCE_TWINS.run(*_checked(returns, method, halflife))


def covariances(
    returns: ArrayLike, window: int, *, step: int = 1, method: str = "sample", halflife: float | None = None
) -> WindowCovariances:
    """Estimate means and covariance of each window of returns: rows [0, window), [step, step + window), ...

    Args:
        returns: (T, N), oldest first. Rows with NaN are dropped and counted, in each window that has them.
        window: Rows of a window, at least 2 and at most T.
        step: Rows from the start of a window to that of the next, at least 1.
        method: As in covariance, like the next.
        halflife: Periods after which an observation counts half, for "ewma" alone; DEFAULT_HALFLIFE where None.

    Returns:
        WindowCovariances of (T - window) // step + 1 windows. Each mean and each entry of a matrix is that of
        covariance for the window alone, up to 1e-12 of the assets' deviations and largest mean. A window that
        covariance refuses has its error.

    Raises:
        InvalidInput: window or step is out of its range, the method is unknown, or halflife is not between 1e-50 and
            1e50 or given for another method.
    """
    checked, method, span = _checked(returns, method, halflife)
    checked = np.ascontiguousarray(checked)  # so that sums have one order and the same bits
    at_least("window", window, 2)
    at_least("step", step, 1)
    if window > len(checked):
        raise InvalidInput("window", f"must be at most the {len(checked)} rows of returns", value=window)
    return WINDOWS_TWINS.run(checked, window, step, method, span)


def _checked(returns: ArrayLike, method: str, halflife: float | None) -> tuple[Floats, str, float]:
    """Return the arguments of an estimate; see covariance."""
    one_of("covariance", method, METHODS)
    if halflife is not None and method != "ewma":
        raise InvalidInput("halflife", "applies to covariance 'ewma' only", value=halflife)
    span = moderate("halflife", DEFAULT_HALFLIFE if halflife is None else halflife)
    return array("returns", returns, ndim=2, shape="(T, N)"), method, span


def portfolio_stats(
    returns: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    periods_per_year: float = PERIODS_PER_YEAR,
    levels: Sequence[float] = (0.95,),
) -> PortfolioStats:
    """Compute the statistics of a portfolio with constant weights.

    Args:
        returns: (T, N) with T >= 2, oldest first. Rows with NaN are dropped and counted.
        weights: (N,), of any sum; 1/N each where None. NaN is refused.
        periods_per_year: Periods of the returns in a year, between 1e-50 and 1e50.
        levels: Confidence levels of value at risk and expected shortfall, each between 0 and 1.

    Returns:
        PortfolioStats of the rows without NaN.

    Raises:
        InvalidInput: an entry is infinite or above 1e50 in magnitude, fewer than two complete rows are left,
            weights are not N finite numbers within the same bound, or an option is out of its range.

    References:
        Euler's decomposition of risk: Tasche (2008), Capital allocation to business units and sub-portfolios.
        Acerbi and Tasche (2002), On the coherence of expected shortfall, proposition 3.2.
    """
    moderate("periods_per_year", periods_per_year)
    chosen = array("levels", levels, ndim=1, shape="(L,)")
    outside = ~((chosen > 0) & (chosen < 1))
    if outside.any():
        place = int(np.argmax(outside))
        raise InvalidInput("levels", "must be between 0 and 1, both excluded", value=chosen[place], index=place)
    complete, dropped = complete_rows(array("returns", returns, ndim=2, shape="(T, N)"))
    n_assets = complete.shape[1]
    held = np.full(n_assets, 1.0 / n_assets)
    if weights is not None:
        held = array("weights", weights, ndim=1, shape="(N,)")
        if held.shape[0] != n_assets:
            raise InvalidInput("weights", f"must hold one weight for each of the {n_assets} assets", value=held.size)
        finite_within_reach("weights", held)
    return STATS_TWINS.run(complete, held, periods_per_year, chosen)._replace(dropped_rows=dropped)
