"""Johansen's test of how many combinations of 2 to 12 series revert, with their weights and the first spread.

The levels come from the operation cointegration and the spread's process from ou, which chooses its own twin.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels import cointegration, ou
from gpu_kernels.bounds import within_reach
from gpu_kernels.checks import Floats, all_finite, array, at_least
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.johansen import host
from gpu_kernels.johansen.critical_values import LEVELS, critical_values
from gpu_kernels.johansen.model import DET_ORDERS, MOST_LAGS, MOST_SERIES, STATUSES, Johansen, ReducedRank

__all__ = ["DET_ORDERS", "LEVELS", "MOST_LAGS", "MOST_SERIES", "STATUSES", "Johansen", "ReducedRank", "fit"]

TWINS = Twins(host=host.reduced_rank)


def fit(prices: ArrayLike, *, det_order: int = 0, lags: int = 1, log: bool = True) -> Johansen:
    """Test how many combinations of series revert, and find the weights of each.

    Args:
        prices: (T, N), oldest first, N = 2 .. MOST_SERIES. A NaN is refused. T must be at least
            2 N + (N + 1) lags + 1, and one more for det_order 0 or 1.
        det_order: -1 for no deterministic term, 0 for a constant, 1 for a straight line that is taken out first.
        lags: Lagged differences k, 0 .. MOST_LAGS.
        log: Take the logarithms of the prices, which must be positive.

    Returns:
        Johansen. Statistics, eigenvalues, critical values and vectors (but for their signs) are those of statsmodels'
        coint_johansen(levels, det_order, lags) where lags >= 1; without lags that function pairs differences with
        the levels after them, and this one with those before.

    Raises:
        InvalidInput: prices are not (T, N) with N = 2 .. MOST_SERIES, a price is NaN, infinite, above 1e50 in
            magnitude, or not positive with log, there are too few rows, or an option is out of its range.
        Degenerate: a column is constant, columns determine each other, or the differences follow from the levels.

    References:
        Johansen (1991), Estimation and hypothesis testing of cointegration vectors in Gaussian vector autoregressive
            models, sections 2 and 4.
        MacKinnon, Haug and Michelis (1999), Numerical distribution functions of likelihood ratio tests for
            cointegration.
    """
    if det_order not in DET_ORDERS:
        raise InvalidInput("det_order", "must be -1, 0 or 1", value=det_order)
    if at_least("lags", lags, 0) > MOST_LAGS:
        raise InvalidInput("lags", f"must be at most {MOST_LAGS}", value=lags)
    checked = _checked(prices, det_order, lags)
    levels = cointegration.make_levels(checked, log=log)
    cointegration.refuse_constant(checked, levels.constant)
    found = TWINS.run(levels.values, levels.reach, det_order, lags)
    trace, largest = critical_values(checked.shape[1], det_order)
    intercept, trend = float(found.vectors[0] @ found.intercept), float(found.vectors[0] @ found.trend)
    spread = host.spread(levels.values, found)
    return Johansen(
        found.eigenvalues,
        found.vectors,
        found.trace_statistic,
        trace,
        host.accepted(found.trace_statistic, trace[:, 1]),
        found.max_eigenvalue_statistic,
        largest,
        host.accepted(found.max_eigenvalue_statistic, largest[:, 1]),
        found.n_samples,
        spread,
        intercept,
        trend,
        *_process(spread),
    )


def _checked(prices: ArrayLike, det_order: int, lags: int) -> Floats:
    """Return the columns in one layout, so that sums have one order and the same bits."""
    checked = np.ascontiguousarray(array("prices", prices, ndim=2, shape="(T, N)"))
    n_rows, n_series = checked.shape
    if n_series < 2:
        raise InvalidInput("prices", "must be (T, N) with N >= 2", value=checked.shape)
    if n_series > MOST_SERIES:
        rule = f"must be (T, N) with N <= {MOST_SERIES}, for which critical values are tabulated; choose fewer series"
        raise InvalidInput("prices", rule, value=checked.shape)
    all_finite("prices", checked, remedy="fill it, or leave its row out")
    within_reach("prices", checked)
    needed = host.fewest_rows(n_series, det_order, lags)
    if n_rows < needed:
        rule = f"must have T >= {needed} rows for {n_series} series, {lags} lags and det_order {det_order}"
        raise InvalidInput("prices", rule, value=n_rows)
    return checked


def _process(spread: Floats) -> tuple[float, float, float, float, str, str]:
    """Return theta, mu, sigma and half-life of the spread, with a status and a reason."""
    process = ou.single(ou.fit(spread[None]))
    if process.status == "error":
        reason = f"the spread is no Ornstein-Uhlenbeck process: {process.reason}"
        return math.nan, math.nan, math.nan, math.nan, "no_process", reason
    return process.theta, process.mu, process.sigma, process.half_life, "ok", ""
