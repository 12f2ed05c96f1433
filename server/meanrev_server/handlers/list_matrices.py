"""ListMatrices: the caller's kept matrices, newest first, a page at a time; or one of them with its columns."""

from gpu_kernels.errors import InvalidInput
from meanrev_server.capacity import Demand
from meanrev_server.matrix_choice import check_id
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.matrices import as_message, described
from meanrev_server.rpc.pages import page_after, page_of
from meanrev_wire import codec
from meanrev_wire.research_pb2 import ListMatricesReply, ListMatricesRequest

__all__ = ["handle"]

_STEPS_OF_A_MATRIX, _OF_A_MATRIX = 20_000, 256
"""Elementary steps of a matrix, and most bytes of it in a reply."""
_OF_A_NAME, _OF_A_STAMP = 8, 10
"""Most bytes in a reply of a name beside its text, and of a timestamp."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    request = await call.decode(ListMatricesRequest, data)
    _, ignored = options.parse(options.NoOptions, request.metadata)
    if request.matrix_id:
        return await _one(request, ignored, call)
    page = page_of(request)
    limit = page.limit
    remedy = "a lower limit takes less"
    of_all = _OF_A_MATRIX * limit
    call.ticket.announce(Demand(_STEPS_OF_A_MATRIX * limit, 4 * of_all, of_all, "limit", remedy))
    found = call.state.matrices.matrices.listed(call.caller.identity, limit + 1, page.after)
    shown = found[:limit]
    return codec.encode(
        ListMatricesReply,
        matrices=[as_message(kept) for kept in shown],
        next_page=page_after(shown[-1].stored_ms, shown[-1].matrix_id) if len(found) > limit else "",
        metadata=options.reply_metadata(ignored),
    )


async def _one(request: ListMatricesRequest, ignored: list[str], call: Call) -> bytes:
    """Answer with one matrix, with its columns and timestamps."""
    for name in ("limit", "page"):
        if given := getattr(request, name):
            raise InvalidInput(name, "must be left out beside matrix_id", value=given)
    kept, table = await call.state.matrices.acquire(call.caller.identity, check_id(request.matrix_id))
    try:
        names = sum(len(name.encode()) + _OF_A_NAME for name in table.columns)
        nbytes = names + _OF_A_MATRIX + (0 if table.timestamps_ms is None else _OF_A_STAMP * kept.rows)
        call.ticket.announce(Demand(100_000 + 100 * (kept.rows + kept.cols), 24 * nbytes, nbytes, "matrix_id"))
        return await call.compute(
            lambda: codec.encode(
                ListMatricesReply, matrices=[described(kept, table)], metadata=options.reply_metadata(ignored)
            )
        )
    finally:
        call.state.matrices.matrices.release(kept)
