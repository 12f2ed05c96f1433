"""DropMatrix: forgets a kept matrix."""

from meanrev_server.capacity import BRIEF
from meanrev_server.matrix_choice import check_id
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.matrices import encoded
from meanrev_wire.research_pb2 import MatrixRequest

__all__ = ["handle"]


async def handle(data: bytes, call: Call) -> bytes:
    """Answer with the matrix that was dropped; calls that use it go on."""
    request = await call.decode(MatrixRequest, data)
    _, ignored = options.parse(options.NoOptions, request.metadata)
    call.ticket.announce(BRIEF)
    kept = await call.state.matrices.drop(call.caller.identity, check_id(request.matrix_id))
    return encoded(kept, ignored)
