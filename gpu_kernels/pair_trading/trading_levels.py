"""Optimal thresholds of residuals for a cost per side, and why a residual cannot be traded."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import thresholds
from gpu_kernels.checks import Floats
from gpu_kernels.ou import OuFit
from gpu_kernels.pair_trading.model import DEFAULT_COST

__all__ = ["NO_PROCESS", "TOO_COSTLY", "TRADED", "TradingLevels", "cost_per_side", "trading_levels"]

TRADED, NO_PROCESS, TOO_COSTLY = range(3)
"""Indices into model.STATUSES."""


class TradingLevels(NamedTuple):
    """Thresholds of P residuals, every array (P,).

    Attributes:
        entry_z: In stationary standard deviations; NaN where a residual is not traded.
        exit_z: Likewise.
        status: TRADED, NO_PROCESS or TOO_COSTLY, integers.
        reason: Why a residual is not traded, in words; "" where it is.
    """

    entry_z: Floats
    exit_z: Floats
    status: NDArray[np.int64]
    reason: NDArray[np.object_]


def cost_per_side(cost: float | None, y: Floats, x: Floats, *, log: bool, legs: int) -> Floats:
    """Return what a side of each pair costs, in units of its residual.

    Args:
        cost: With log a fraction of each leg's notional, else in units of the residual; DEFAULT_COST of each leg's
            notional where None.
        y: (P,) notional of the first leg of each pair, in units of its residual.
        x: (P,) of the second leg, the hedge ratio's size included.
        log: Whether logarithms are regressed.
        legs: 2 where both legs pay, 1 where y alone does.
    """
    if cost is not None and not log:
        return np.full(y.size, cost)
    fraction = DEFAULT_COST if cost is None else cost
    with np.errstate(over="ignore"):  # an infinite cost is too much for every pair
        return np.asarray(fraction * (y + x if legs == 2 else y))


def trading_levels(fit: OuFit, cost: Floats, objective: str) -> TradingLevels:
    """Compute the optimal thresholds of fitted residuals.

    Args:
        fit: Of P residuals.
        cost: (P,) per side, in units of each residual, >= 0.
        objective: One of thresholds.OBJECTIVES.

    Returns:
        TradingLevels. A round trip costs 2 cost, or SMALLEST_COST stationary standard deviations where that is more.

    Raises:
        InvalidInput: a threshold leaves the doubles.

    References:
        As of gpu_kernels.thresholds.optimal.
    """
    reverts = (np.array(fit.status, dtype=object) != "error") & (fit.theta > 0)  # 0 with too few prices for a claim
    status = np.where(reverts, TRADED, NO_PROCESS)
    usable = np.flatnonzero(status == TRADED)
    spread = fit.sigma[usable] / np.sqrt(2.0 * fit.theta[usable])
    # A last digit's room on both sides: the contract of thresholds divides where this multiplies.
    with np.errstate(over="ignore"):  # an infinite cost is too high, like any other beyond the largest
        both_sides = 2.0 * cost[usable]
    round_trip = np.maximum(both_sides, thresholds.SMALLEST_COST * (1.0 + 1e-9) * spread)
    payable = round_trip <= thresholds.LARGEST_COST * (1.0 - 1e-9) * spread
    status[usable[~payable]] = TOO_COSTLY
    traded = usable[payable]
    process = (fit.theta[traded], fit.mu[traded], fit.sigma[traded])
    found = thresholds.optimal(*process, round_trip[payable], objective=objective)
    entry_z, exit_z = np.full((2, status.size), np.nan)
    entry_z[traded], exit_z[traded] = found.entry_z, found.exit_z
    return TradingLevels(entry_z, exit_z, status, _reasons(fit, status, cost))


def _reasons(fit: OuFit, status: NDArray[np.int64], cost: Floats) -> NDArray[np.object_]:
    reasons = np.full(status.size, "", dtype=object)
    for place in np.flatnonzero(status != TRADED).tolist():
        if status[place] == NO_PROCESS:
            reasons[place] = f"the residual is no Ornstein-Uhlenbeck process: {fit.reason[place]}"
        else:
            spread = fit.sigma[place] / np.sqrt(2.0 * fit.theta[place])
            most = f"{thresholds.LARGEST_COST:g} stationary standard deviations of the residual, each {spread:.4g}"
            reasons[place] = f"a round trip costs {2.0 * float(cost[place]):.4g}, more than {most}"
    return reasons
