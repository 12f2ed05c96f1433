"""Covariance estimators for portfolio weights, and statistics of one portfolio."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels.annual import PERIODS_PER_YEAR
from gpu_kernels.bounds import finite_within_reach, moderate, within_reach
from gpu_kernels.checks import Floats, array, no_infinity, one_of
from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.moments import host
from gpu_kernels.moments.model import DEFAULT_HALFLIFE, LARGEST_CONDITION, METHODS, Covariance, PortfolioStats

__all__ = [
    "DEFAULT_HALFLIFE",
    "LARGEST_CONDITION",
    "METHODS",
    "Covariance",
    "PortfolioStats",
    "covariance",
    "portfolio_stats",
]


def covariance(returns: ArrayLike, *, method: str = "sample", halflife: float | None = None) -> Covariance:
    """Estimate means and covariance of returns.

    Args:
        returns: (T, N), oldest first. Rows with NaN are dropped and counted.
        method: One of METHODS. "sample" and "ewma" turn into "ledoit_wolf" by themselves when no more rows than
            assets are left or the condition number exceeds LARGEST_CONDITION.
        halflife: Periods after which an observation counts half, for "ewma" alone; DEFAULT_HALFLIFE where None.

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
    one_of("covariance", method, METHODS)
    if halflife is not None and method != "ewma":
        raise InvalidInput("halflife", "applies to covariance 'ewma' only", value=halflife)
    span = moderate("halflife", DEFAULT_HALFLIFE if halflife is None else halflife)
    checked = array("returns", returns, ndim=2, shape="(T, N)")
    found = host.plain(checked) if method == "sample" else None
    if found is not None:
        return found
    complete, dropped = _complete_rows(checked)
    constant = host.constant_columns(complete)
    if constant.any() and (method in {"sample", "ewma"} or constant.all()):
        asset = int(np.argmax(constant))
        message = f"returns[:, {asset}] does not vary: asset {asset} has no variance; leave it out"
        raise Degenerate("returns", message, index=(0, asset))
    return host.covariance(complete, method, span)._replace(dropped_rows=dropped)


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
        weights: (N,), of any sum; 1/N each where None.
        periods_per_year: Periods of the returns in a year, between 1e-50 and 1e50.
        levels: Confidence levels of value at risk and expected shortfall, each between 0 and 1.

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
    complete, dropped = _complete_rows(array("returns", returns, ndim=2, shape="(T, N)"))
    n_assets = complete.shape[1]
    held = np.full(n_assets, 1.0 / n_assets)
    if weights is not None:
        held = array("weights", weights, ndim=1, shape="(N,)")
        if held.shape[0] != n_assets:
            raise InvalidInput("weights", f"must hold one weight for each of the {n_assets} assets", value=held.size)
        finite_within_reach("weights", held)
    return host.portfolio_stats(complete, held, periods_per_year, chosen)._replace(dropped_rows=dropped)


def _complete_rows(checked: Floats) -> tuple[Floats, int]:
    if checked.shape[1] == 0:
        raise InvalidInput("returns", "must have at least one column", value=checked.shape)
    no_infinity("returns", checked)
    within_reach("returns", checked)
    whole: NDArray[np.bool_] = np.asarray(~np.isnan(checked).any(axis=1))
    count = int(np.count_nonzero(whole))
    if count < 2:
        raise _incomplete(np.isnan(checked), count)
    return (checked if count == len(whole) else checked[whole]), len(whole) - count


def _incomplete(missing: NDArray[np.bool_], count: int) -> InvalidInput:
    """Say why so few rows are without NaN: by one asset's fault, where the others have enough."""
    n_rows, n_assets = missing.shape
    rule = "must have at least 2 rows without NaN"
    if n_rows < 2:
        return InvalidInput("returns", rule, value=count)
    held = n_rows - missing.sum(axis=0)
    worst = int(np.argmin(held))
    n_held = f"{held[worst]} of {n_rows} returns" if held[worst] else "no finite return"
    others = np.delete(missing, worst, axis=1)
    if n_assets > 1 and np.count_nonzero(~others.any(axis=1)) >= 2:
        told = f"{rule}: asset {worst} has {n_held}; leave it out or fill its gaps"
        return InvalidInput("returns", told, value=count, index=(0, worst))
    index = None if held[worst] else (0, worst)
    return InvalidInput("returns", f"{rule}: asset {worst} has the fewest, {n_held}", value=count, index=index)
