"""A research call as a stream of replies."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from meanrev_server.chunks import assemble
from meanrev_server.research.task import Task, running
from meanrev_server.rpc.call import Call

__all__ = ["answers"]


async def answers(task: Task, messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Answer with progress as it is made, and in the end with the result.

    Args:
        task: What to run.
        messages: MatrixChunk messages.
        call: The call's surroundings.
    """
    table = await assemble(messages, call)
    async with aclosing(running(task, table, call)) as steps:
        async for step in steps:
            yield step if isinstance(step, bytes) else task.reply(*step)
