"""PutMatrix: keeps a matrix, which later calls name by its id."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing

from meanrev_server.matrix_upload import begin
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.matrices import encoded, keep, keeping_demand

__all__ = ["handle"]


async def handle(messages: AsyncIterator[bytes], call: Call) -> bytes:
    """Answer with the matrix as it is kept; one that can never be kept is refused when the first chunk has come.

    A first chunk that names a kept matrix, without a block, asks whether it is kept, or keeps a part of it.
    """
    with closing(await begin(messages, call)) as upload:
        outline = upload.outline
        _, ignored = await asyncio.to_thread(options.parse, options.NoOptions, outline.metadata)
        call.state.matrices.matrices.check_size(call.caller.identity, outline.nbytes)
        n_values = outline.n_rows * outline.n_columns
        peak = outline.nbytes + 2 * upload.first_bytes - upload.kept_bytes
        call.ticket.announce(keeping_demand(n_values, peak))
        table = await upload.table()
        if not outline.n_rows:
            call.ticket.announce(keeping_demand(table.values.size, table.values.nbytes))
        return encoded(await keep(table, call), ignored)
