"""FitPair: one pair of series, tested for cointegration and fitted."""

from typing import Annotated, Literal

from msgspec import Meta

from gpu_kernels import engle_granger
from gpu_kernels.ou.unit_root_note import unit_root_note
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import option_names, same_fields, wire_names
from meanrev_server.rpc.unary import answered
from meanrev_wire import codec
from meanrev_wire.research_pb2 import FitPairReply, FitPairRequest

__all__ = ["PairOptions", "handle"]


class PairOptions(options.Options, frozen=True, kw_only=True):
    """Options of FitPair.

    Attributes:
        direction: Regress the first column on the second, or take the direction with the lower statistic.
        lags: Lagged differences of the residual's Dickey-Fuller regression.
        autolag: Let AIC choose the lags, up to max_lags.
        max_lags: The most that AIC may choose.
        log: Regress logarithms of prices, which must be positive then.
        cost: Per side: with log a fraction of each leg's notional, else in units of the spread; five basis points of
            each leg's notional where null.
        cost_legs: Legs of the pair that pay the cost.
        objective: What the thresholds maximise.
        bias: Small-sample correction of the fitted theta.
    """

    direction: Literal["given", "best"] = "given"
    lags: Annotated[int, Meta(ge=0, le=100)] = 1
    autolag: Literal["aic"] | None = None
    max_lags: Annotated[int, Meta(ge=0, le=100)] | None = None
    log: bool = True
    cost: Annotated[float, Meta(ge=0)] | None = None
    cost_legs: Annotated[int, Meta(ge=1, le=2)] = 2
    objective: Literal["sharpe", "profit"] = "sharpe"
    bias: Literal["none", "median_unbiased"] = "median_unbiased"


_NAMES = option_names(PairOptions)
_CHOSEN = tuple(name for name in PairOptions.__struct_fields__ if name != "strict")
_COPIES = 17
"""Arrays of the length of the series that are held at once."""
_OF_A_ROW, _OF_A_LAG = 500, 35
"""Elementary steps of a row, and further ones for each lag."""
_DEFAULT_LAGS = 100
"""Lags that AIC may choose at most, where the request does not say."""
_AROUND = 4096
"""Most bytes of the reply beside the spread."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    return await answered(data, call, FitPairRequest, PairOptions, _answer, _demand)


def _demand(request: FitPairRequest, chosen: PairOptions) -> Demand:
    n_rows, _ = codec.shape(request.prices, "prices")
    lags = chosen.lags if chosen.autolag is None else _DEFAULT_LAGS if chosen.max_lags is None else chosen.max_lags
    return Demand(
        work=n_rows * (_OF_A_ROW + _OF_A_LAG * lags),
        peak_bytes=_COPIES * 8 * n_rows,
        reply_bytes=8 * n_rows + _AROUND,
        field="prices",
        remedy="fewer rows or lags take less",
    )


def _answer(request: FitPairRequest, chosen: PairOptions, ignored: list[str]) -> bytes:
    with wire_names(_NAMES):
        given = {name: getattr(chosen, name) for name in _CHOSEN}
        found = engle_granger.fit(codec.matrix(request.prices, "prices"), **given)
    note = unit_root_note(found.p_value) if found.status == "traded" else ""
    fields = {**same_fields(FitPairReply, found), "note": note}
    return codec.encode(FitPairReply, **fields, metadata=options.reply_metadata(ignored))
