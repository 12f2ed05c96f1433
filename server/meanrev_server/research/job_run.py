"""A job's work: from its submission, or from where a crash or a stop of the server left it, to its end."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import numpy as np

from meanrev_server.admission import Ticket
from meanrev_server.errors import StorageFailed
from meanrev_server.jobs import Job, Reply
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.records import Caller, CallRecord
from meanrev_server.research.catalogue import TASKS
from meanrev_server.research.prepared import Prepared, Request
from meanrev_server.research.running import running
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.status import status_of
from meanrev_server.state.parts import Arrays

__all__ = ["resume", "submit"]

log = logging.getLogger(__name__)


async def submit(job: Job, prepared: Prepared, call: Call, close: Callable[[], None]) -> None:
    """Keep a new job, and begin its work, which outlives the call; what cannot be kept is not a job.

    Args:
        job: The job.
        prepared: Its request.
        call: Its surroundings; the ticket's bytes and work become those of the job.
        close: Called once nothing uses the matrix any more.

    Raises:
        LimitReached: too many bytes are stored.
        StorageFailed: the disk does not take it.
    """
    job.total = int(prepared.request.total)
    mine = replace(call, ticket=call.ticket.hand_over(), deadline=None)
    archive, stored = call.state.archive, call.state.stored
    held = _held(prepared) if archive.lasts else 0
    try:
        stored.hold(job.identity, held, passing=True)
        job.held = held
        await archive.queue(job, await asyncio.to_thread(_arrays, prepared) if archive.lasts else {})
    except BaseException:
        stored.adopt(job.identity, -job.held)
        call.stores.jobs.discard(job)
        mine.ticket.release()
        close()
        raise
    _in_background(_run(job, prepared, mine), mine).add_done_callback(lambda _: close())


def resume(call: Call, ticket: Callable[[str], Ticket]) -> None:
    """Begin the work of all jobs that were interrupted, as many at once as there are compute threads.

    Args:
        call: Surroundings of no caller in particular.
        ticket: Makes a ticket of an identity that is counted.
    """
    turns = asyncio.Semaphore(call.settings.compute_threads)
    for job in call.state.unfinished():
        record = CallRecord(caller=Caller(identity=job.identity))
        mine = replace(call, ticket=ticket(job.identity), record=record, deadline=None)
        _in_background(_resumed(job, mine, turns), mine)


def _in_background(work: Coroutine[Any, Any, None], call: Call) -> "asyncio.Future[None]":
    doing = asyncio.ensure_future(work)
    call.background.add(doing)
    doing.add_done_callback(call.background.discard)
    doing.add_done_callback(lambda _: call.ticket.release())
    return doing


async def _resumed(job: Job, call: Call, turns: asyncio.Semaphore) -> None:
    async with turns:
        try:
            prepared = await asyncio.to_thread(_prepared, await call.state.archive.input(job))
        except Exception as error:  # noqa: BLE001 - no caller waits here: the job records it
            await _end(job, call, "failed", error=status_of(error).message)
            return
        job.total = prepared.request.total
        call.ticket.restore(prepared.table.values.nbytes, prepared.request.estimate.work)
        await _run(job, prepared, call)


async def _run(job: Job, prepared: Prepared, call: Call) -> None:
    """Run a job to its end, and record how it ended."""
    try:
        await _work(job, prepared, call)
    except asyncio.CancelledError:
        if not call.state.archive.lasts:
            job.finish("cancelled", _now_ms(), error="the server stopped")
        elif not job.ended:
            call.state.archive.pause(job)
        raise
    except Exception as error:  # noqa: BLE001 - no caller waits here: the job records it
        await _end(job, call, "failed", error=status_of(error).message)


async def _work(job: Job, prepared: Prepared, call: Call) -> None:
    archive = call.state.archive
    kept = await archive.begin(job)
    async with archive.result(job) as result, aclosing(running(prepared, call, kept, lambda: not job.stop)) as steps:
        async for step in steps:
            if isinstance(step, bytes):
                await result.add(step)
            else:
                job.advance(*step)
        if job.stop:
            await _end(job, call, "cancelled")
        else:
            await _end(job, call, "done", replies=await result.keep())


async def _end(job: Job, call: Call, status: str, *, replies: Sequence[Reply] = (), error: str = "") -> None:
    """Record a job's end, first in the archive, so that nobody sees an end that a crash would take back.

    Raises:
        StorageFailed: the archive does not take a result. Where it takes no failure and no cancellation either, the job
            ends nevertheless, and runs again after the next start.
    """
    now_ms = _now_ms()
    try:
        await call.state.archive.end(job, status, now_ms, replies=replies, error=error)
    except StorageFailed as failure:
        if status == "done":
            raise
        log.error("a job's end was not stored", extra={"status": status, "reason": str(failure)})
    job.finish(status, now_ms, replies=replies, error=error)
    call.state.stored.adopt(job.identity, -job.held)
    job.held = 0


def _held(prepared: Prepared) -> int:
    """Return the bytes that a job's input, and the parts of its result, may take while it is at work."""
    request, table = prepared
    stamps = 0 if table.timestamps_ms is None else table.timestamps_ms.nbytes
    parts = 0 if request.task.run_in_parts is None else request.estimate.reply_bytes
    return int(table.values.nbytes + stamps + parts)  # NumPy's integers are not SQLite's


def _arrays(prepared: Prepared) -> Arrays:
    """Return a request as arrays, from which _prepared makes it again."""
    outline, table = prepared.request.outline, prepared.table
    about = json.dumps({"metadata": outline.metadata, "columns": outline.columns}).encode()
    arrays: dict[str, Any] = {"values": table.values, "request": np.frombuffer(about, dtype=np.uint8)}
    return arrays if table.timestamps_ms is None else {**arrays, "timestamps_ms": table.timestamps_ms}


def _prepared(arrays: Arrays) -> Prepared:
    """Return the request of a job that was interrupted.

    Raises:
        InvalidInput: this code does not take an option that the code before took.
    """
    values, about = arrays["values"], json.loads(arrays["request"].tobytes())
    n_rows, n_columns = values.shape
    outline = Outline(n_rows, n_columns, tuple(about["columns"]), about["metadata"])
    columns = outline.columns or tuple(map(str, range(n_columns)))
    request = Request.read_job(TASKS, outline)
    return request.with_table(UploadedMatrix(values, columns, arrays.get("timestamps_ms")))


def _now_ms() -> int:
    return int(time.time() * 1000)
