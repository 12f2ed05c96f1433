"""PcaPortfolios: principal components of a T x N returns matrix."""

from gpu_kernels import pca
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import same_fields, wire_names
from meanrev_server.rpc.unary import answered
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import PcaRequest, PcaResponse

__all__ = ["handle"]

_COPIES, _SQUARES = 7, 3
"""Arrays of the size of the returns, and of the smaller of X'X and XX', that are held at once."""
_CUBES = 4
"""Multiplications of a spectrum, in cubes of its size."""
_AT_ONCE = 8
"""Multiplications of a matrix product that take as long as an elementary step."""
_OF_AN_ENTRY = 60
"""Elementary steps of reading and checking a return."""
_AROUND = 4096
"""Most bytes of the reply beside its arrays."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    return await answered(data, call, PcaRequest, options.NoOptions, _answer, _demand)


def _demand(request: PcaRequest, _: options.NoOptions) -> Demand:
    n_rows, n_assets = codec.shape(request.returns_matrix, "returns_matrix")
    rank = min(n_rows, n_assets)
    kept = min(request.n_components, rank) if request.n_components > 0 else rank
    found = 8 * kept * (n_rows + n_assets + 1)
    return Demand(
        work=(n_rows * n_assets * rank + _CUBES * rank**3) // _AT_ONCE + _OF_AN_ENTRY * n_rows * n_assets,
        peak_bytes=_COPIES * 8 * n_rows * n_assets + _SQUARES * 8 * rank**2 + 2 * found,
        reply_bytes=found + _AROUND,
        field="returns_matrix",
        remedy="fewer assets, rows or n_components take less",
    )


def _answer(request: PcaRequest, _: options.NoOptions, ignored: list[str]) -> bytes:
    returns = codec.matrix(request.returns_matrix, "returns_matrix")
    with wire_names({"returns": "returns_matrix"}):
        found = pca.fit(returns, n_components=request.n_components, scaling=request.scaling or "none")
    return codec.encode(PcaResponse, **same_fields(PcaResponse, found), metadata=options.reply_metadata(ignored))
