"""A research call as a stream of replies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from gpu_kernels.errors import InvalidInput
from meanrev_server.chunks import begin
from meanrev_server.research.cost import Cost
from meanrev_server.research.task import Task, running
from meanrev_server.rpc.call import Call
from meanrev_wire import codec

__all__ = ["answers"]


async def answers(task: Task, messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Answer with progress as it is made, and in the end with the result; or with an estimate, where that is asked for.

    Options are checked, and the work is admitted, when the first chunk has come: what is refused is refused before the
    matrix is uploaded.

    Args:
        task: What to run.
        messages: MatrixChunk messages.
        call: The call's surroundings.
    """
    upload = await begin(messages, call)
    known_rows = upload.outline.n_rows > 0
    plan = await asyncio.to_thread(task.plan, upload.outline)
    if plan.chosen.dry_run:
        if not known_rows:
            raise InvalidInput("total_rows", "must be given where dry_run asks for an estimate", value=0)
        yield _estimate(task, plan.cost, call)
        return
    call.ticket.announce(plan.cost.work)
    table = await upload.table()
    async with aclosing(running(task, table, call, plan if known_rows else None)) as steps:
        async for step in steps:
            yield step if isinstance(step, bytes) else task.progress(*step)


def _estimate(task: Task, cost: Cost, call: Call) -> bytes:
    told = {name: getattr(cost, name) for name in ("work", "peak_bytes", "reply_bytes")}
    return codec.encode(task.reply, estimate={**told, "seconds": call.rates.seconds(task.method, cost.work)})
