"""How a prepared request runs beside the event loop."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator

from meanrev_server.errors import Abandoned
from meanrev_server.research.answer import PART_BYTES
from meanrev_server.research.prepared import Prepared
from meanrev_server.rpc.call import Call

__all__ = ["running"]

_GLANCE_S = 0.1
"""Time between two looks at a computation's progress."""


async def running(prepared: Prepared, call: Call) -> AsyncGenerator[tuple[int, int] | bytes, None]:
    """Run a request; yield its progress as (done, total), only the newest each time, and then the last replies.

    Leaving the generator stops the work at its next step; work that waits for a compute thread never starts. Each reply
    is serialised when the one before it has been taken, so that a slow reader costs no memory.

    Args:
        prepared: The request.
        call: The call's surroundings; its ticket holds the work.

    Raises:
        InvalidInput: the matrix breaks a rule of the method.
        LimitReached: too many computations wait.
    """
    request, table = prepared
    seen = latest = (0, request.total)
    wanted = True

    def progress(done: int, total: int) -> None:
        nonlocal latest
        if not wanted:
            raise Abandoned
        latest = done, total

    def work() -> tuple[bytes, Iterator[bytes]]:
        began = time.monotonic()
        answer = request.task.run(table, request.options, progress)
        call.rates.note(request.task.method, request.estimate.work, time.monotonic() - began)
        most_bytes = min(PART_BYTES, call.settings.max_message_bytes)
        parts = answer.parts(request.task.reply, request.total, request.ignored, most_bytes)
        return next(parts), parts

    working = asyncio.ensure_future(call.compute(work))
    try:
        yield latest  # the work begins meanwhile
        while not working.done():
            await asyncio.wait({working}, timeout=_GLANCE_S)
            if latest != seen and not working.done():
                seen = latest
                yield latest
        part: bytes | None
        part, parts = working.result()
        while part is not None:
            yield part
            # Not in a compute thread: a full queue would refuse what has been computed already.
            began = time.monotonic()
            part = await asyncio.to_thread(next, parts, None)
            call.record.note_encoding(began, time.monotonic())
    finally:
        wanted = False
        if not working.cancel() and not working.cancelled():
            working.exception()  # asyncio would report an exception that was never retrieved
