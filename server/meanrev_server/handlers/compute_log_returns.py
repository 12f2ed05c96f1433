"""ComputeLogReturns: log or simple returns of one series, or of a row-major T x N block."""

from typing import Annotated

from msgspec import Meta

from gpu_kernels import returns
from gpu_kernels.checks import Floats, one_of
from gpu_kernels.errors import InvalidInput
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.unary import answered
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import ReturnsRequest, ReturnsResponse

__all__ = ["ReturnsOptions", "handle"]

_BRIEF = 64 * 1024
"""Most bytes of a request that is answered in less time than it takes to wake a compute thread and return from it."""
_COPIES = 6
"""Arrays of the size of the prices that are held at once, the request and the reply among them."""
_OF_A_PRICE = 30
"""Elementary steps of a price."""
_AROUND = 64
"""Most bytes of the reply beside its returns, and the means of its columns."""


class ReturnsOptions(options.Options, frozen=True, kw_only=True):
    """Options of ComputeLogReturns.

    Attributes:
        n_assets: Columns of the row-major block in prices.
    """

    n_assets: Annotated[int, Meta(ge=1, le=codec.MAX_DIMENSION)] = 1


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    return await answered(data, call, ReturnsRequest, ReturnsOptions, _answer, _demand, brief=len(data) <= _BRIEF)


def _demand(request: ReturnsRequest, _: ReturnsOptions) -> Demand:
    n_prices = len(request.prices)
    return Demand(
        _OF_A_PRICE * n_prices, _COPIES * 8 * n_prices, 8 * n_prices + _AROUND, "prices", "fewer prices take less"
    )


def _answer(request: ReturnsRequest, chosen: ReturnsOptions, ignored: list[str]) -> bytes:
    kind = one_of("return_type", request.return_type or "log", returns.KINDS)
    answer = returns.compute(_block(codec.doubles(request.prices), chosen.n_assets), kind=kind)
    return codec.encode(
        ReturnsResponse,
        log_returns=answer.returns.reshape(-1),
        mean_return=answer.mean,
        std_return=answer.std,
        n_periods=answer.n_periods,
        metadata=options.reply_metadata(ignored),
    )


def _block(prices: Floats, n_assets: int) -> Floats:
    if n_assets == 1:
        return prices
    if prices.size % n_assets:
        raise InvalidInput("prices", f"must hold a multiple of n_assets = {n_assets} prices", value=prices.size)
    return prices.reshape(-1, n_assets)
