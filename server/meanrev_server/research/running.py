"""How a prepared request runs beside the event loop."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from gpu_kernels import interruption
from gpu_kernels.dispatch import Selection, takes_device
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.research.answer import PART_BYTES, Answer
from meanrev_server.research.prepared import Prepared
from meanrev_server.research.task import Task
from meanrev_server.rpc.call import Call
from meanrev_server.state.parts import Parts

__all__ = ["running"]

_GLANCE_S = 0.1
"""Time between two looks at a computation's progress."""

_MOST_TOGETHER = 1 << 16
"""Most entries of a matrix that shares its launches: a larger one keeps a GPU busy by itself."""

Finished = tuple[bytes, Iterator[bytes]]
"""The first reply, and the others."""


class _Joint(NamedTuple):
    """What requests must agree on to share their launches.

    Attributes:
        task: Their method.
        n_rows: Rows of their matrices.
        options: Their options.
    """

    task: Task[Any]
    n_rows: int
    options: Any


class _Share(NamedTuple):
    """One of the requests that share launches.

    Attributes:
        table: Its matrix.
        finish: From its answer, and the seconds that it took, to its replies.
    """

    table: UploadedMatrix
    finish: Callable[[Answer, float], Finished]


async def running(
    prepared: Prepared,
    call: Call,
    kept: Parts | None = None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> AsyncGenerator[tuple[int, int] | bytes, None]:
    """Run a request; yield its progress as (done, total), only the newest each time, and then the last replies.

    Leaving the generator stops the work at its next step; work that waits for a compute thread never starts. Each reply
    is serialised when the one before it has been taken, so that a slow reader costs no memory.

    Args:
        prepared: The request.
        call: The call's surroundings; its ticket holds the work.
        kept: Parts of the result that a job keeps; none where None.
        is_wanted: Whether somebody still waits; where nobody does, the generator ends, and with it the work.

    Raises:
        InvalidInput: the matrix breaks a rule of the method.
        LimitReached: too many computations wait.
    """
    request, table = prepared
    seen = latest = (0, request.total)

    def progress(done: int, total: int) -> None:
        nonlocal latest
        interruption.check()
        latest = done, total

    finish = partial(_finished, prepared, call)

    def work() -> Finished:
        began = time.monotonic()
        answer = request.task.answer(table, request.options, progress, kept or Parts())
        return finish(answer, time.monotonic() - began)

    shares = _shares(prepared, call.launcher.selection)
    working = asyncio.ensure_future(_joined(prepared, finish, call) if shares else call.research(work))
    try:
        yield latest  # the work begins meanwhile
        while not working.done():
            await asyncio.wait({working}, timeout=_GLANCE_S)
            if not is_wanted():
                return
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
        if working.cancel():
            await asyncio.wait({working})  # it interrupts the work
        if not working.cancelled():
            working.exception()  # asyncio would report an exception that was never retrieved


def _finished(prepared: Prepared, call: Call, answer: Answer, seconds: float) -> Finished:
    """Note the speed of the work, and return its replies."""
    request = prepared.request
    call.rates.note(request.task.method, request.estimate.work, seconds)
    parts = answer.parts(
        request.task.reply, request.total, request.ignored, min(PART_BYTES, call.settings.max_message_bytes)
    )
    return next(parts), parts


def _shares(prepared: Prepared, selected: Selection) -> bool:
    """Return whether a request goes together with others: a small one that a GPU would compute alone too."""
    size = prepared.table.values.size
    together = prepared.request.task.run_together is not None and size <= _MOST_TOGETHER
    return together and takes_device(selected, size)


async def _joined(prepared: Prepared, finish: Callable[[Answer, float], Finished], call: Call) -> Finished:
    """Compute a request together with those that wait."""
    request, table = prepared
    joint = _Joint(request.task, len(table.values), request.options)
    return await call.batched(_together, joint, _Share(table, finish))


def _together(joint: _Joint, shares: Sequence[_Share]) -> list[Finished]:
    """Compute requests in the launches of one."""
    assert joint.task.run_together is not None  # noqa: S101 - _shares asks for it
    began = time.monotonic()
    answers = joint.task.run_together([share.table for share in shares], joint.options)
    seconds = (time.monotonic() - began) / len(shares)
    return [share.finish(answer, seconds) for share, answer in zip(shares, answers, strict=True)]
