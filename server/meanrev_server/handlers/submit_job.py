"""SubmitJob: the work of a research method as a job; the same request is the same job."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from importlib.metadata import version

from gpu_kernels.errors import InvalidInput
from meanrev_server.chunks import Table, assemble
from meanrev_server.jobs import Job, job_id
from meanrev_server.research.catalogue import TASKS
from meanrev_server.research.task import Task, running
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.jobs import encoded
from meanrev_server.rpc.status import status_of

__all__ = ["handle"]


async def handle(messages: AsyncIterator[bytes], call: Call) -> bytes:
    """Answer with the job, new or known."""
    table = await assemble(messages, call)
    task, metadata = _task(table.metadata)
    table = replace(table, metadata=metadata)
    chosen, _ = options.parse(task.options_type, metadata)
    total = task.total(table, chosen)
    identifier = await call.compute(_identifier, call.identity, task.method, table)
    job, new = call.jobs.submit(call.identity, identifier, task.method, _now_ms())
    if new:
        job.total = total
        # The work outlives this call: neither its deadline nor its ticket's end is the work's.
        ticket = call.ticket.detached()
        work = asyncio.ensure_future(_work(job, task, table, replace(call, ticket=ticket, deadline=None)))
        work.add_done_callback(lambda _: ticket.release())
        call.background.add(work)
        work.add_done_callback(call.background.discard)
    return encoded(job)


def _task(metadata: str) -> tuple[Task, str]:
    """Split the first chunk's metadata into the method's task and the method's own options."""
    most_bytes = max(task.options_type.MOST_BYTES for task in TASKS.values())
    given = options.json_object(metadata, most_bytes) or {}
    method = given.pop("method", None)
    if method not in TASKS:
        names = ", ".join(repr(name) for name in TASKS)
        raise InvalidInput("metadata.method", f"must be one of {names}", value="null" if method is None else method)
    return TASKS[method], json.dumps(given)


def _identifier(identity: str, method: str, table: Table) -> str:
    stamps = b"" if table.timestamps_ms is None else table.timestamps_ms.tobytes()
    parts = [table.metadata.encode(), json.dumps(table.columns).encode(), stamps, table.values.tobytes()]
    request = b"".join(len(part).to_bytes(8, "little") + part for part in parts)
    return job_id(identity, method, request, version("meanrev"))


async def _work(job: Job, task: Task, table: Table, call: Call) -> None:
    """Run a job to its end, whatever the end is."""
    try:
        call.ticket.keep(table.values.nbytes)
        async with aclosing(running(task, table, call)) as steps:
            async for step in steps:
                if job.stop:
                    job.finish("cancelled", _now_ms())
                elif isinstance(step, bytes):
                    job.finish("done", _now_ms(), result=step)
                else:
                    job.advance(*step)
                    continue
                return
    except asyncio.CancelledError:
        job.finish("cancelled", _now_ms(), error="the server stopped")
        raise
    except Exception as error:  # noqa: BLE001 - nobody waits for it here: it belongs to the job
        job.finish("failed", _now_ms(), error=status_of(error).message)


def _now_ms() -> int:
    return int(time.time() * 1000)
