"""PcaPortfolios: principal components of a T x N returns matrix."""

from gpu_kernels import pca
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import same_fields, wire_names
from meanrev_server.rpc.unary import answered
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import PcaRequest, PcaResponse

__all__ = ["handle"]


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    return await answered(data, call, PcaRequest, options.NoOptions, _answer)


def _answer(request: PcaRequest, _: options.NoOptions, ignored: list[str]) -> bytes:
    returns = codec.matrix(request.returns_matrix, "returns_matrix")
    with wire_names({"returns": "returns_matrix"}):
        found = pca.fit(returns, n_components=request.n_components, scaling=request.scaling or "none")
    return codec.encode(PcaResponse, **same_fields(PcaResponse, found), metadata=options.reply_metadata(ignored))
