"""FitJohansen: 2 to 12 series, tested for the combinations that revert."""

from typing import Annotated, Literal

from msgspec import Meta

from gpu_kernels import johansen
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import option_names, same_fields, wire_names
from meanrev_server.rpc.unary import answered
from meanrev_wire import codec
from meanrev_wire.research_pb2 import FitJohansenReply, FitJohansenRequest

__all__ = ["JohansenOptions", "handle"]


class JohansenOptions(options.Options, frozen=True, kw_only=True):
    """Options of FitJohansen.

    Attributes:
        det_order: No deterministic term (-1), a constant (0), or a straight line that is taken out first (1).
        lags: Lagged differences of the regression.
        log: Test logarithms of prices, which must be positive then.
    """

    det_order: Literal[-1, 0, 1] = 0
    lags: Annotated[int, Meta(ge=0, le=24)] = 1
    log: bool = True


_NAMES = option_names(JohansenOptions)
_COPIES, _AROUND = 12, 16_384
"""Arrays of the size of the prices that are held at once, with those of one lag, and most bytes of the reply."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    return await answered(data, call, FitJohansenRequest, JohansenOptions, _answer, _demand)


def _demand(request: FitJohansenRequest, chosen: JohansenOptions) -> Demand:
    n_rows, n_series = codec.shape(request.prices, "prices")
    n_entries = n_rows * n_series * (chosen.lags + 1)
    return Demand(
        work=n_entries * (60 + n_series),
        peak_bytes=8 * (_COPIES * n_rows * n_series + 3 * n_entries),
        reply_bytes=8 * n_rows * n_series + _AROUND,
        field="prices",
        remedy="fewer rows, series or lags take less",
    )


def _answer(request: FitJohansenRequest, chosen: JohansenOptions, ignored: list[str]) -> bytes:
    prices = codec.matrix(request.prices, "prices")
    with wire_names(_NAMES):
        found = johansen.fit(prices, det_order=chosen.det_order, lags=chosen.lags, log=chosen.log)
    metadata = options.reply_metadata(ignored)
    return codec.encode(FitJohansenReply, **same_fields(FitJohansenReply, found), metadata=metadata)
