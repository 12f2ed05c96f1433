"""What a research method is made of, and how one runs beside the event loop."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from google.protobuf.message import Message

from meanrev_server.chunks import Table
from meanrev_server.outline import Outline
from meanrev_server.research.answer import PART_BYTES, Answer
from meanrev_server.research.cost import Cost
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_wire import codec

__all__ = ["Cancelled", "Plan", "Progress", "ResearchOptions", "Task", "running"]

_GLANCE_S = 0.1
"""Time between two looks at a computation's progress."""

Progress = Callable[[int, int], None]
"""Takes (done, total); raises Cancelled where nobody waits any more."""


class Cancelled(Exception):
    """The work is no longer wanted."""


class ResearchOptions(options.Options, frozen=True, kw_only=True):
    """Options that all research methods have.

    Attributes:
        dry_run: Answer with what the work would take, in place of the work; the first chunk needs no block then.
    """

    dry_run: bool = False


class Plan(NamedTuple):
    """What is known of a piece of work before it begins.

    Attributes:
        chosen: Its options.
        ignored: Names of options that the method does not know.
        total: Steps that progress counts.
        cost: What it takes.
    """

    chosen: Any
    ignored: list[str]
    total: int
    cost: Cost


@dataclass(frozen=True, slots=True)
class Task:
    """A research method.

    Attributes:
        method: Its name in the service.
        options_type: Its options.
        reply: Class of its replies.
        check: Checks of options that their types cannot say; raises InvalidInput.
        total: Steps of the work that progress counts, from the outline of the matrix and the options.
        cost: What the work takes, from the same.
        run: The work; takes the matrix, the options, ignored option names and a Progress.
    """

    method: str
    options_type: type[ResearchOptions]
    reply: type[Message]
    total: Callable[[Outline, Any], int]
    cost: Callable[[Outline, Any], Cost]
    run: Callable[[Table, Any, list[str], Progress], Answer]
    check: Callable[[Any], None] = lambda _: None

    def plan(self, outline: Outline) -> Plan:
        """Return what is known of the work; a range of many points takes long enough for a thread.

        Raises:
            InvalidInput: an option breaks its rule.
        """
        chosen, ignored = options.parse(self.options_type, outline.metadata)
        self.check(chosen)
        return Plan(chosen, ignored, self.total(outline, chosen), self.cost(outline, chosen))

    def progress(self, done: int, total: int) -> bytes:
        """Return a reply that says how far the work is, and nothing else."""
        return codec.encode(self.reply, done=done, total=total)


async def running(
    task: Task, table: Table, call: Call, plan: Plan | None = None
) -> AsyncGenerator[tuple[int, int] | bytes, None]:
    """Run a task; yield (done, total) as it goes, conflated to the newest, and the last replies in the end.

    Leaving the generator stops the work at its next step; work that waits for a compute thread never starts. A reply is
    serialised when the one before it has been taken, so that a slow reader costs no memory.

    Args:
        task: What to run.
        table: The matrix, and the options in its metadata.
        call: The call's surroundings.
        plan: What task.plan says of it; None where nobody has asked yet.

    Raises:
        InvalidInput: the options or the matrix break a rule.
        LimitReached: too much work is in flight.
    """
    known = await asyncio.to_thread(task.plan, table.outline) if plan is None else plan
    seen = latest = (0, known.total)
    call.ticket.announce(known.cost.work)
    wanted = True

    def progress(done: int, total: int) -> None:
        nonlocal latest
        if not wanted:
            raise Cancelled
        latest = done, total

    def work() -> tuple[bytes, Iterator[bytes]]:
        began = time.monotonic()
        answer = task.run(table, known.chosen, known.ignored, progress)
        call.rates.note(task.method, known.cost.work, time.monotonic() - began)
        parts = answer.parts(min(PART_BYTES, call.settings.max_message_bytes))
        return next(parts), parts

    working = asyncio.ensure_future(call.compute(work))
    try:
        yield latest  # while the work has begun
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
            part = await asyncio.to_thread(next, parts, None)
    finally:
        wanted = False
        if not working.cancel() and not working.cancelled():
            working.exception()  # taken note of, or asyncio reports it as forgotten where nobody came for the result
