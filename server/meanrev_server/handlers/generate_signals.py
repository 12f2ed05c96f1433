"""GenerateSignals: whether to buy, sell or hold at the last price of a history."""

from typing import Annotated, Literal, NamedTuple

import numpy as np
from msgspec import Meta

from gpu_kernels import ou, signals, thresholds
from gpu_kernels.checks import all_finite
from gpu_kernels.errors import InvalidInput
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_server.rpc.stamps import stamps_of
from meanrev_server.rpc.unary import answered
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import SignalRequest, SignalResponse

__all__ = ["SignalOptions", "handle"]

_LEAST_PRICES = 4
_COPIES = 12
"""Arrays of the length of the history that are held at once."""
_SEARCH = 100_000
"""Elementary steps of the search for thresholds."""


class SignalOptions(options.Options, frozen=True, kw_only=True):
    """Options of GenerateSignals.

    Attributes:
        stop: z of a stop-loss; confidence is then the probability of the exit before it.
        transaction_cost: Per side, a fraction of |mu|.
        bias: Small-sample correction of the theta that is fitted from the history.
    """

    stop: Annotated[float, Meta(gt=0)] | None = None
    transaction_cost: Annotated[float, Meta(ge=0)] = 0.001
    bias: Literal["none", "median_unbiased"] = "median_unbiased"


_NAMES = option_names(
    SignalOptions,
    price="price_history.prices",
    theta="ou_params.theta",
    mu="ou_params.mu",
    sigma="ou_params.sigma",
    entry_z="thresholds.entry_zscore",
    exit_z="thresholds.exit_zscore",
    position="position_state",
    cost="metadata.transaction_cost",
    round_trip_cost="metadata.transaction_cost",
)


class _Process(NamedTuple):
    theta: float
    mu: float
    sigma: float


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    return await answered(data, call, SignalRequest, SignalOptions, _answer, _demand)


def _demand(request: SignalRequest, _: SignalOptions) -> Demand:
    n_prices = len(request.price_history.prices)
    return Demand(
        work=16 * n_prices + _SEARCH,
        peak_bytes=_COPIES * 8 * n_prices,
        field="price_history.prices",
        remedy="a shorter history takes less",
    )


def _answer(request: SignalRequest, chosen: SignalOptions, ignored: list[str]) -> bytes:
    history = codec.doubles(request.price_history.prices)
    if not history.size:
        raise InvalidInput("price_history.prices", "must hold at least one price")
    all_finite("price_history.prices", history)
    stamps = stamps_of(request.price_history.timestamps_ms, history.size, "price_history.timestamps_ms")
    fit = ou.single(ou.fit(history[None, :], bias=chosen.bias)) if history.size >= _LEAST_PRICES else None
    process = _process(request, fit)
    with wire_names(_NAMES):
        round_trip_cost = _round_trip_cost(chosen.transaction_cost, process.mu)
        entry_z, exit_z = _levels(request, process, round_trip_cost)
        found = signals.decide(
            float(history[-1]),
            *process,
            entry_z,
            exit_z,
            position=request.position_state or "flat",
            round_trip_cost=round_trip_cost,
            stop=chosen.stop,
            adf_p_value=fit.adf_p_value if fit is not None else None,
        )
    return codec.encode(
        SignalResponse,
        signal=found.signal,
        confidence=found.confidence,
        zscore=found.zscore,
        expected_profit=found.expected_profit,
        timestamp_ms=int(stamps[-1]) if stamps.size else 0,
        reasoning=found.reasoning,
        metadata=options.reply_metadata(ignored, entry_zscore=entry_z, exit_zscore=exit_z, **process._asdict()),
    )


def _process(request: SignalRequest, fit: ou.OuEstimate | None) -> _Process:
    """Return the caller's process, or the one that fits the history."""
    given = request.ou_params
    if given.theta > 0:
        return _Process(given.theta, given.mu, given.sigma)
    if not np.isfinite([given.theta, given.mu, given.sigma]).all():
        raise InvalidInput("ou_params.theta", "must be finite", value=given.theta)
    if fit is None:
        rule = f"must be > 0 where price_history holds fewer than {_LEAST_PRICES} prices to fit"
        raise InvalidInput("ou_params.theta", rule, value=given.theta)
    if not (fit.theta > 0 and fit.sigma > 0):
        rule = f"must be > 0 where price_history fits no such process ({fit.reason})"
        raise InvalidInput("ou_params.theta", rule, value=given.theta)
    return _Process(fit.theta, fit.mu, fit.sigma)


def _round_trip_cost(cost_per_side: float, mu: float) -> float:
    """Return the cost of a round trip in units of the price; a spread about 0 has no notional, and so no cost."""
    return thresholds.round_trip_cost(cost_per_side, unit="per_side_fraction", mu=mu) if mu and cost_per_side else 0.0


def _levels(request: SignalRequest, process: _Process, round_trip_cost: float) -> tuple[float, float]:
    """Return the caller's thresholds, or the optimal ones."""
    if request.HasField("thresholds") and request.thresholds.entry_zscore != 0:
        return request.thresholds.entry_zscore, request.thresholds.exit_zscore
    found = thresholds.optimal(*process, round_trip_cost)
    return float(found.entry_z), float(found.exit_z)
