"""A research method as a stream of replies."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, closing
from functools import partial
from typing import Any

from gpu_kernels.errors import InvalidInput
from meanrev_server.matrix_upload import begin
from meanrev_server.research.catalogue import TASKS
from meanrev_server.research.prepared import Request
from meanrev_server.research.running import running
from meanrev_server.research.task import Task
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import same_fields
from meanrev_server.rpc.registry import StreamHandler
from meanrev_wire import codec, research_pb2

__all__ = ["HANDLERS"]


async def _replies(task: Task[Any], messages: AsyncIterator[bytes], call: Call) -> AsyncGenerator[bytes, None]:
    """Answer with progress while the work runs, and with the result at its end; or with an estimate for a dry run.

    Options are checked, and the work is admitted, when the first chunk has come: a request that is refused is refused
    before its matrix is uploaded.

    Args:
        task: What to run.
        messages: MatrixChunk messages.
        call: The call's surroundings.
    """
    with closing(await begin(messages, call)) as upload:
        request = await asyncio.to_thread(Request.read, task, upload.outline)
        if request.options.dry_run:
            if not upload.outline.n_rows:
                raise InvalidInput("total_rows", "must be given where dry_run asks for an estimate", value=0)
            yield _estimate(request, call)
            return
        async with aclosing(running(await request.prepared(upload, call), call)) as steps:
            async for step in steps:
                yield step if isinstance(step, bytes) else codec.encode(task.reply, done=step[0], total=step[1])


def _estimate(request: Request, call: Call) -> bytes:
    reply, work = request.task.reply, request.estimate.work
    fields = same_fields(research_pb2.Estimate, request.estimate)
    fields = {name: min(value, _MOST) for name, value in fields.items() if value is not None}
    return codec.encode(reply, estimate={**fields, "seconds": call.rates.seconds(request.task.method, work)})


_MOST = (1 << 63) - 1
"""The largest number that the wire carries; no server has as much of anything."""

HANDLERS: Mapping[str, StreamHandler] = {method: partial(_replies, task) for method, task in TASKS.items()}
"""The handler of each research method."""
