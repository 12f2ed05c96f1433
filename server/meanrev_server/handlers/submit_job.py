"""SubmitJob: the work of a research method as a job; the same request is the same job."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

from gpu_kernels.errors import InvalidInput
from meanrev_server.jobs import Job
from meanrev_server.matrix_upload import begin
from meanrev_server.research.catalogue import TASKS
from meanrev_server.research.prepared import Prepared, Request
from meanrev_server.research.running import running
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.jobs import encoded
from meanrev_server.rpc.status import status_of

__all__ = ["handle"]


async def handle(messages: AsyncIterator[bytes], call: Call) -> bytes:
    """Answer with the job, new or known; a result that can never be kept is refused when the first chunk has come."""
    upload = await begin(messages, call)
    request = await asyncio.to_thread(Request.read_job, TASKS, upload.outline)
    method, jobs = request.task.method, call.stores.jobs
    if request.options.dry_run:
        raise InvalidInput("metadata.dry_run", f"must not be set for a job: {method} itself answers it", value=True)
    if upload.outline.n_rows:
        jobs.check_size(request.estimate.kept_bytes)
    prepared = await request.prepared(upload, call)
    job, new = jobs.submit(await call.compute(prepared.job_id), method, _now_ms(), prepared.request.estimate.kept_bytes)
    if new:
        job.total = prepared.request.total
        # The work outlives this call, and with it the call's deadline and ticket.
        ticket = call.ticket.hand_over()
        work = asyncio.ensure_future(_work(job, prepared, replace(call, ticket=ticket, deadline=None)))
        work.add_done_callback(lambda _: ticket.release())
        call.background.add(work)
        work.add_done_callback(call.background.discard)
    return encoded(job)


async def _work(job: Job, prepared: Prepared, call: Call) -> None:
    """Run a job to its end, and record how it ended."""
    result: list[bytes] = []
    try:
        async with aclosing(running(prepared, call, lambda: not job.stop)) as steps:
            async for step in steps:
                if isinstance(step, bytes):
                    result.append(step)
                else:
                    job.advance(*step)
        if job.stop:
            job.finish("cancelled", _now_ms())
        else:
            job.finish("done", _now_ms(), result=result)
    except asyncio.CancelledError:
        job.finish("cancelled", _now_ms(), error="the server stopped")
        raise
    except Exception as error:  # noqa: BLE001 - no caller waits here: the job records it
        job.finish("failed", _now_ms(), error=status_of(error).message)


def _now_ms() -> int:
    return int(time.time() * 1000)
