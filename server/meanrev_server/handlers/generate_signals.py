"""GenerateSignals: whether to buy, sell or hold at the last price of a history."""

import math
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from msgspec import Meta

from gpu_kernels import ou, signals, thresholds
from gpu_kernels.checks import Floats, all_finite
from gpu_kernels.errors import InvalidInput
from gpu_kernels.ou.unit_root_note import unit_root_note
from gpu_kernels.sweep.rolling_loss import lookback_note
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_server.rpc.stamps import stamps_of
from meanrev_server.rpc.trading_options import Lookback
from meanrev_server.rpc.unary import answered
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import SignalRequest, SignalResponse

__all__ = ["SignalOptions", "handle"]

_LEAST_PRICES = 4
_COPIES = 12
"""Arrays of the length of the history that are held at once."""
_SEARCH = 100_000
"""Elementary steps of the search for thresholds."""
_OF_ONLINE, _OF_ROLLING = 20_000, 500
"""Elementary steps of a price that another score than "fixed" reads."""


class SignalOptions(options.Options, frozen=True, kw_only=True):
    """Options of GenerateSignals.

    Attributes:
        stop: z of a stop-loss; confidence is then the probability of the exit before it.
        horizon: Without a stop, confidence is the probability of the exit within this time.
        confidence: What confidence is: a probability of the exit, or the earlier 1 - p of the unit-root test.
        transaction_cost: Per side, a fraction of |mu|.
        bias: Small-sample correction of the theta that is fitted from the history.
        score: What the last price is measured against: the process, the last prices, or one fitted to those before.
        lookback: For score "rolling": its prices, the last one included.
        forgetting: For score "online": weight of a price relative to the next one.
    """

    stop: Annotated[float, Meta(gt=0)] | None = None
    horizon: Annotated[float, Meta(ge=0)] | None = None
    confidence: Literal["exit", "unit_root"] = "exit"
    transaction_cost: Annotated[float, Meta(ge=0)] = 0.001
    bias: Literal["none", "median_unbiased"] = "median_unbiased"
    score: Literal["fixed", "online", "rolling"] = "fixed"
    lookback: Lookback = 20
    forgetting: Annotated[float, Meta(gt=0, le=1)] = 1.0


_NAMES = option_names(
    SignalOptions,
    price="price_history.prices",
    prices="price_history.prices",
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


def _demand(request: SignalRequest, chosen: SignalOptions) -> Demand:
    n_prices = len(request.price_history.prices)
    of_score = {
        "fixed": 0,
        "online": _OF_ONLINE * n_prices,
        "rolling": _OF_ROLLING * min(n_prices, 2 * chosen.lookback),
    }
    return Demand(
        work=16 * n_prices + _SEARCH + of_score[chosen.score],
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
    process, scored = _scored(history, request, fit, chosen)
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
            horizon=chosen.horizon,
            scored=scored,
        )
    confidence, extras = _confidence(found, fit, chosen)
    notes = _notes(request, process, fit, chosen)
    return codec.encode(
        SignalResponse,
        signal=found.signal,
        confidence=confidence,
        zscore=found.zscore,
        expected_profit=found.expected_profit,
        timestamp_ms=int(stamps[-1]) if stamps.size else 0,
        reasoning=found.reasoning,
        metadata=options.reply_metadata(
            ignored, entry_zscore=entry_z, exit_zscore=exit_z, **process._asdict(), **extras, note=notes or None
        ),
    )


def _scored(
    history: Floats, request: SignalRequest, fit: ou.OuEstimate | None, chosen: SignalOptions
) -> tuple[_Process, signals.Scored | None]:
    """Return the process, and the score of the last price where it is not that of the process."""
    if chosen.score == "online":
        if request.ou_params.theta > 0:
            raise InvalidInput("ou_params", "must be left out for score 'online', which fits its own process")
        with wire_names(_NAMES):
            scored, found = signals.online(history, chosen.forgetting)
        return _Process(*found), scored
    process = _process(request, fit)
    if chosen.score == "fixed":
        return process, None
    with wire_names(_NAMES):
        return process, signals.rolling(history, chosen.lookback)


def _notes(request: SignalRequest, process: _Process, fit: ou.OuEstimate | None, chosen: SignalOptions) -> str:
    """Return a warning: a unit root that is not rejected, and a rolling score of few half-lives."""
    given = request.ou_params
    p_value = given.adf_p_value if given.theta > 0 else math.nan if fit is None else fit.adf_p_value
    parts = [unit_root_note(p_value)]
    if chosen.score == "rolling":
        parts.append(lookback_note(chosen.lookback, math.log(2.0) / process.theta))
    return "; ".join(part for part in parts if part)


def _confidence(
    found: signals.Signal, fit: ou.OuEstimate | None, chosen: SignalOptions
) -> tuple[float, dict[str, Any]]:
    """Return the confidence that was asked for, and what the reply says of it."""
    extras: dict[str, Any] = {} if fit is None else {"adf_p_value": fit.adf_p_value}
    if chosen.confidence == "unit_root" and chosen.stop is None:
        if fit is None:
            return 0.5, {"confidence_meaning": "the history is too short for a unit-root test"}
        return 1.0 - fit.adf_p_value, extras | {"confidence_meaning": "1 - p of the unit-root test, no probability"}
    return found.confidence, extras | {"confidence_meaning": found.confidence_meaning}


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
