"""SubmitJob: the work of a research method as a job; the same request of the same caller is the same job."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from functools import partial

from gpu_kernels.errors import InvalidInput
from meanrev_server.matrix_upload import begin
from meanrev_server.research.catalogue import TASKS
from meanrev_server.research.job_run import submit
from meanrev_server.research.prepared import Request
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.jobs import encoded

__all__ = ["handle"]


async def handle(messages: AsyncIterator[bytes], call: Call) -> bytes:
    """Answer with the job, new or known; a result that can never be kept is refused when the first chunk has come.

    The answer comes once the job is kept, so that a job that a caller has the id of outlives a crash.
    """
    upload = await begin(messages, call)
    with ExitStack() as closing:
        closing.callback(upload.close)
        request = await asyncio.to_thread(Request.read_job, TASKS, upload.outline)
        method, jobs, being_kept = request.task.method, call.stores.jobs, call.state.being_kept
        if request.options.dry_run:
            raise InvalidInput("metadata.dry_run", f"must not be set for a job: {method} itself answers it", value=True)
        if upload.outline.n_rows:
            jobs.check_size(request.estimate.kept_bytes)
        prepared = await request.prepared(upload, call)
        job_id = await call.compute(prepared.job_id, call.caller.identity)
        now_ms = int(time.time() * 1000)
        job, new = jobs.submit(job_id, method, now_ms, int(prepared.request.estimate.kept_bytes))
        if new:
            # It goes on where the caller leaves: half a submission is none.
            keeping = asyncio.ensure_future(submit(job, prepared, call, closing.pop_all().close))
            being_kept[job_id] = keeping
            keeping.add_done_callback(partial(_kept, being_kept, job_id))
    if job_id in being_kept:
        await asyncio.shield(being_kept[job_id])
    return encoded(job)


def _kept(being_kept: dict[str, asyncio.Future[None]], job_id: str, done: asyncio.Future[None]) -> None:
    """Forget a submission that has ended; where it failed, the next one of the same job may have begun meanwhile."""
    if being_kept.get(job_id) is done:
        del being_kept[job_id]
    if not done.cancelled():
        done.exception()  # asyncio would report an exception that was never retrieved
