"""SubmitJob: the work of a research method as a job; the same request is the same job."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from importlib.metadata import version

import numpy as np

from gpu_kernels.errors import InvalidInput
from meanrev_server.chunks import Table, begin
from meanrev_server.jobs import Job, job_id
from meanrev_server.research.catalogue import TASKS
from meanrev_server.research.task import Plan, Task, running
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.jobs import encoded
from meanrev_server.rpc.status import status_of

__all__ = ["handle"]


async def handle(messages: AsyncIterator[bytes], call: Call) -> bytes:
    """Answer with the job, new or known; what can never be kept is refused when the first chunk has come."""
    upload = await begin(messages, call)
    task, metadata = await asyncio.to_thread(_task, upload.outline.metadata)  # which may be megabytes of levels
    plan = await asyncio.to_thread(task.plan, replace(upload.outline, metadata=metadata))
    if plan.chosen.dry_run:
        raise InvalidInput(
            "metadata.dry_run", f"must not be set for a job: {task.method} itself answers it", value=True
        )
    if upload.outline.n_rows:
        call.jobs.fits(plan.cost.kept_bytes)
    call.ticket.announce(plan.cost.work)
    table = replace(await upload.table(), metadata=metadata)
    plan = await asyncio.to_thread(task.plan, table.outline)
    identifier = await call.compute(_identifier, call.identity, task.method, table)
    job, new = call.jobs.submit(call.identity, identifier, task.method, _now_ms(), plan.cost.kept_bytes)
    if new:
        job.total = plan.total
        # The work outlives this call: neither its deadline nor its ticket's end is the work's.
        ticket = call.ticket.hand_over()
        work = asyncio.ensure_future(_work(job, task, table, replace(call, ticket=ticket, deadline=None), plan))
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
    stamps = np.empty(0, dtype=np.int64) if table.timestamps_ms is None else table.timestamps_ms
    texts = [table.metadata.encode(), json.dumps(table.columns).encode()]
    arrays = [np.ascontiguousarray(array).data.cast("B") for array in (stamps, table.values) if array.size]
    return job_id(identity, method, [*texts, *arrays], version("meanrev"))


async def _work(job: Job, task: Task, table: Table, call: Call, plan: Plan) -> None:
    """Run a job to its end, whatever the end is."""
    result: list[bytes] = []
    try:
        async with aclosing(running(task, table, call, plan)) as steps:
            async for step in steps:
                if job.stop:
                    job.finish("cancelled", _now_ms())
                    return
                if isinstance(step, bytes):
                    result.append(step)
                else:
                    job.advance(*step)
        job.finish("done", _now_ms(), result=result)
    except asyncio.CancelledError:
        job.finish("cancelled", _now_ms(), error="the server stopped")
        raise
    except Exception as error:  # noqa: BLE001 - nobody waits for it here: it belongs to the job
        job.finish("failed", _now_ms(), error=status_of(error).message)


def _now_ms() -> int:
    return int(time.time() * 1000)
