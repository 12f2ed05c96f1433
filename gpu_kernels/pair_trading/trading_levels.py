"""Optimal thresholds of residuals for a cost per side, and why a residual cannot be traded."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import thresholds
from gpu_kernels.checks import Floats
from gpu_kernels.ou import OuFit

__all__ = ["NO_PROCESS", "TOO_COSTLY", "TRADED", "TradingLevels", "trading_levels"]

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
    round_trip = np.maximum(2.0 * cost[usable], thresholds.SMALLEST_COST * (1.0 + 1e-9) * spread)
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
            reasons[place] = f"a round trip costs {2.0 * cost[place]:.4g}, more than {most}"
    return reasons
