"""What a research method is made of, and how one runs beside the event loop."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from meanrev_server.chunks import Table
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call

__all__ = ["Cancelled", "Progress", "Task", "running"]

_GLANCE_S = 0.1
"""Time between two looks at a computation's progress."""

Progress = Callable[[int, int], None]
"""Takes (done, total); raises Cancelled where nobody waits any more."""


class Cancelled(Exception):
    """The work is no longer wanted."""


@dataclass(frozen=True, slots=True)
class Task:
    """A research method.

    Attributes:
        method: Its name in the service.
        options_type: Its options.
        total: Steps of the work, from the matrix and the options.
        run: The work, to the serialised last reply; takes the matrix, the options, ignored option names and a
            Progress.
        reply: A serialised reply that says (done, total) alone.
    """

    method: str
    options_type: type[options.Options]
    total: Callable[[Table, Any], int]
    run: Callable[[Table, Any, list[str], Progress], bytes]
    reply: Callable[[int, int], bytes]


async def running(task: Task, table: Table, call: Call) -> AsyncGenerator[tuple[int, int] | bytes, None]:
    """Run a task; yield (done, total) as it goes, conflated to the newest, and the last reply in the end.

    Leaving the generator stops the work at its next step; work that waits for a compute thread never starts.

    Raises:
        InvalidInput: the options or the matrix break a rule.
        LimitReached: too much work is in flight.
    """
    chosen, ignored = options.parse(task.options_type, table.metadata)
    seen = latest = (0, task.total(table, chosen))
    call.ticket.announce(latest[1] * len(table.values))
    wanted = True

    def progress(done: int, total: int) -> None:
        nonlocal latest
        if not wanted:
            raise Cancelled
        latest = done, total

    work = asyncio.ensure_future(call.compute(task.run, table, chosen, ignored, progress))
    try:
        yield latest  # while the work has begun
        while not work.done():
            await asyncio.wait({work}, timeout=_GLANCE_S)
            if latest != seen and not work.done():
                seen = latest
                yield latest
        yield work.result()
    finally:
        wanted = False
        if not work.cancel() and not work.cancelled():
            work.exception()  # taken note of, or asyncio reports it as forgotten where nobody came for the result
