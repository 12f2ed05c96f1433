"""GenerateSignals: whether to buy, sell or hold at the last price."""

from collections.abc import Mapping
from typing import Any

from meanrev.errors import InvalidInput
from meanrev.intake.containers import table
from meanrev.intake.table import Table
from meanrev.methods import wire
from meanrev.methods.naming import reported
from meanrev.methods.thresholds import p_value_of
from meanrev.methods.times import row_stamps
from meanrev.question import About, Question, Replies
from meanrev.results import Signal
from meanrev_wire.meanrev_pb2 import SignalRequest, SignalResponse

__all__ = ["signals"]

_RENAMED = {
    "price_history.prices": "prices",
    "price_history.timestamps_ms": "timestamps_ms",
    "ou_params": "fit",
    "position_state": "position",
    "metadata.transaction_cost": "cost_per_side",
}
_LEVELS = ("entry_zscore", "exit_zscore")
_FIELDS = tuple(name for name in Signal.__dataclass_fields__ if name not in {"meta", "note"})


def signals(
    prices: Any,
    fit: Mapping[str, Any] | None = None,
    thresholds: Mapping[str, Any] | None = None,
    *,
    position: str = "flat",
    cost_per_side: float | None = None,
    stop: float | None = None,
    horizon: float | None = None,
    confidence: str | None = None,
    bias: str | None = None,
    score: str | None = None,
    lookback: int | None = None,
    forgetting: float | None = None,
    timestamps_ms: Any = None,
    timeout: float | None = None,
) -> Question[Signal]:
    """Decide whether to buy, sell or hold at the last price.

    Args:
        prices: (T,), oldest first.
        fit: An OuFit, or a mapping with theta, mu and sigma; fitted from prices where None.
        thresholds: What thresholds returned, a mapping with entry_zscore and exit_zscore, or the optimal ones.
        position: "flat", "long" or "short".
        cost_per_side: A fraction of notional; 0.001 where None.
        stop: z of a stop-loss; confidence is the probability of the exit before it.
        horizon: Without a stop, confidence is that of the exit within this time; three half-lives where None.
        confidence: "exit", or "unit_root" for 1 - p of the unit-root test.
        bias: "median_unbiased" (where None) or "none": correction of the fitted theta for small samples.
        score: "fixed" (where None), the z-score of the process; "rolling", that of the last lookback prices; or
            "online", that of a process fitted to the prices before the last one, which takes no fit.
        lookback: For "rolling": its prices, the last one included; 20 where None.
        forgetting: For "online": weight of a price relative to the next one; 1 where None.
        timestamps_ms: (T,) milliseconds since the epoch; a frame's time index where None.
        timeout: Seconds for everything; the client's own where None.

    Raises:
        MeanRevError: as every call.
    """
    read = table("prices", prices)
    if read.values.ndim == 2 and read.values.shape[1] != 1:
        raise InvalidInput("prices", "must be one series, of shape (T,)", value=read.values.shape)
    judged = {"stop": stop, "horizon": horizon, "confidence": confidence, "transaction_cost": cost_per_side}
    scored = {"bias": bias, "score": score, "lookback": lookback, "forgetting": forgetting}
    message = wire.encode(
        SignalRequest,
        price_history={"prices": read.values.reshape(-1), "timestamps_ms": row_stamps(read, timestamps_ms)},
        ou_params=None if fit is None else _process(fit),
        thresholds=None if thresholds is None else wire.scalars("thresholds", thresholds, _LEVELS),
        position_state=position,
        metadata=wire.options(**judged, **scored),
    )
    return _asked(read, message, timeout)


def _asked(read: Table, message: bytes, timeout: float | None) -> Question[Signal]:
    def result(replies: Replies, about: About) -> Signal:
        reply = wire.decode(SignalResponse, replies[0][0])
        values = {name: getattr(reply, name) for name in _FIELDS}
        extras = wire.extras(reply.metadata)
        return Signal(**values, note=str(extras.get("note", "")), meta={**about, **extras})

    return Question(
        wire.path("GenerateSignals"),
        [[message]],
        reported(read, result),
        timeout=timeout,
        labels=read,
        labelled="price_history",
        renamed=_RENAMED,
    )


def _process(fit: Mapping[str, Any]) -> dict[str, float]:
    found = wire.scalars("fit", fit, ("theta", "mu", "sigma"))
    return found | wire.scalars("fit", {"adf_p_value": p_value_of(fit)}, ("adf_p_value",))
