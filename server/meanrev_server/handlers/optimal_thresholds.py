"""OptimalThresholds: entry and exit levels for a fitted process and a cost."""

from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from gpu_kernels import thresholds
from gpu_kernels.errors import InvalidInput
from gpu_kernels.ou.unit_root_note import unit_root_note
from meanrev_server.batchable import ThresholdKey, optimal_thresholds
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import ThresholdRequest, ThresholdResponse

__all__ = ["ThresholdOptions", "handle"]

_LONGEST_CYCLE = 1e6
_COARSE_BARS = (
    "the bars are too coarse for the correction that dt asks for, because the moved thresholds would cross; these are "
    "the thresholds of a price that is watched all the time"
)


_SEARCH = Demand(1_000_000, 256 * 1024)
"""What one search takes, whatever it looks for."""


class ThresholdOptions(options.Options, frozen=True, kw_only=True):
    """Options of OptimalThresholds.

    Attributes:
        dt: Length of the bars that are watched, in theta's time unit: thresholds are shifted for it.
        stop: z of a stop-loss, above the entry.
        f_max: Largest position in units of the price per unit of wealth, for the objective "kelly".
        model: What the objective "profit" assumes of the exit.
        rate: Discount rate of "leung_li", per theta's time unit.
        cost_unit: What transaction_cost means: a round trip in units of the price, or a fraction a side.
        legs: Instruments that a trade buys or sells, for "per_side_fraction".
        log_prices: The process is a log price, so that a fraction of notional is its own unit.
        cost_variance: Count the variance of the costs in that of the equity.
        stop_changes: Whether the stop changes all figures and the optimum, or the win rate alone.
        execution_delay: Bars between a decision and its fill; it needs dt.
    """

    dt: Annotated[float, Meta(gt=0)] | None = None
    stop: Annotated[float, Meta(gt=0)] | None = None
    f_max: Annotated[float, Meta(gt=0)] | None = None
    model: Literal["reversal", "to_mean", "leung_li"] = "reversal"
    rate: Annotated[float, Meta(gt=0)] | None = None
    cost_unit: Literal["absolute", "per_side_fraction"] = "absolute"
    legs: Annotated[int, Meta(ge=1, le=1000)] = 1
    log_prices: bool = False
    cost_variance: bool = True
    stop_changes: Literal["all", "win_rate"] = "all"
    execution_delay: Annotated[int, Meta(ge=0, le=10_000)] = 0


_NAMES = option_names(
    ThresholdOptions,
    theta="ou_params.theta",
    mu="ou_params.mu",
    sigma="ou_params.sigma",
    cost="transaction_cost",
    objective="optimization_objective",
    delay="metadata.execution_delay",
) | {"abs(mu)": "abs(ou_params.mu)"}


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    request = await call.decode(ThresholdRequest, data)
    chosen, ignored = options.parse(ThresholdOptions, request.metadata)
    call.ticket.announce(_SEARCH)
    process = request.ou_params
    with wire_names(_NAMES):
        round_trip_cost = thresholds.round_trip_cost(
            request.transaction_cost,
            unit=chosen.cost_unit,
            mu=process.mu,
            legs=chosen.legs,
            log_prices=chosen.log_prices,
        )
        found = await _optimal(request, chosen, round_trip_cost, call)
    return codec.encode(
        ThresholdResponse,
        entry_zscore=float(found.entry_z),
        exit_zscore=float(found.exit_z),
        expected_holding_periods=float(found.holding_time),
        expected_return_per_trade=float(found.return_per_trade),
        win_rate_estimate=float(found.win_rate),
        metadata=options.reply_metadata(ignored, **_extras(found, round_trip_cost, process.adf_p_value)),
    )


async def _optimal(
    request: ThresholdRequest, chosen: ThresholdOptions, round_trip_cost: float, call: Call
) -> thresholds.Thresholds:
    process = request.ou_params
    given = {"rate": chosen.rate, "stop": chosen.stop, "f_max": chosen.f_max, "dt": chosen.dt}
    if chosen.execution_delay:
        if chosen.dt is None:
            rule = "must be 0 without dt, the length of the bars"
            raise InvalidInput("execution_delay", rule, value=chosen.execution_delay)
        given["delay"] = chosen.execution_delay * chosen.dt
    optional = {name: value for name, value in given.items() if value is not None}
    objective = request.optimization_objective or "sharpe"
    key = ThresholdKey(objective, chosen.model, tuple(optional), chosen.cost_variance, chosen.stop_changes)
    item: dict[str, Any] = {
        "theta": process.theta,
        "mu": process.mu,
        "sigma": process.sigma,
        "cost": round_trip_cost,
        **optional,
    }
    if chosen.model == "leung_li":
        return await call.compute(thresholds.optimal, **item, **key.shared)
    return await call.batched(optimal_thresholds, key, item)


def _extras(found: thresholds.Thresholds, round_trip_cost: float, p_value: float) -> dict[str, Any]:
    extras: dict[str, Any] = {
        "round_trip_cost": round_trip_cost,
        "cycle_time": float(found.cycle_time),
        "rate": float(found.rate),
        "sharpe": float(found.sharpe),
    }
    if np.isfinite(found.fraction):
        extras.update(kelly_fraction=float(found.fraction), kelly_growth=float(found.growth))
    if found.bar_shift:
        extras["bar_shift"] = str(found.bar_shift)
    notes = []
    if found.bar_shift == thresholds.NOT_SHIFTED:
        notes.append(_COARSE_BARS)
    if found.cycle_time > _LONGEST_CYCLE:
        notes.append(f"unprofitable in practice: a cycle takes {float(found.cycle_time):.3g} periods")
    if doubt := unit_root_note(p_value):
        notes.append(doubt)
    if notes:
        extras["note"] = "; ".join(notes)
    return extras
