"""FetchResult: the last replies of a finished job, in parts."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from gpu_kernels.errors import Degenerate
from meanrev_server.capacity import Demand
from meanrev_server.errors import StorageFailed
from meanrev_server.jobs import Job
from meanrev_server.research.answer import PART_BYTES
from meanrev_server.research.catalogue import TASKS
from meanrev_server.rpc.call import Call
from meanrev_wire import codec
from meanrev_wire.research_pb2 import JobRequest, ResultPart

__all__ = ["handle"]

_PART_BYTES = 256 * 1024
"""Most bytes of a part, where messages may be larger."""

_AROUND = 512
"""Most bytes of the other fields of a part: the name of its message and four numbers."""


async def handle(data: bytes, call: Call) -> AsyncIterator[bytes]:
    """Send the result."""
    request = await call.decode(JobRequest, data)
    most = min(_PART_BYTES, call.settings.max_message_bytes - _AROUND)
    call.ticket.announce(Demand(10_000_000, 2 * PART_BYTES, most + _AROUND))  # a reply of the job is read whole
    job = call.stores.jobs.get(request.job_id)
    if job.status != "done":
        raise _without_result(job)
    name, replies = TASKS[job.method].reply.DESCRIPTOR.full_name, len(job.replies)
    number = 0
    async with aclosing(_replies(job, call)) as found:
        async for reply in found:
            for offset in range(0, len(reply), most):
                yield codec.encode(
                    ResultPart,
                    offset=offset,
                    total=len(reply),
                    data=reply[offset : offset + most],
                    message_name=name,
                    reply=number,
                    replies=replies,
                )
            number += 1


async def _replies(job: Job, call: Call) -> AsyncGenerator[bytes, None]:
    """Yield the replies; a job whose result is damaged has failed, so that it can be submitted again."""
    archive = call.state.archive
    try:
        async with aclosing(archive.replies(job)) as replies:
            async for reply in replies:
                yield reply
    except StorageFailed as failure:
        await archive.end(job, "failed", job.finished_ms, error=str(failure))
        job.finish("failed", job.finished_ms, error=str(failure))
        raise _without_result(job) from failure


def _without_result(job: Job) -> Degenerate:
    reason = f": {job.error}" if job.error else "; WatchJob reports when it is done"
    return Degenerate("job_id", f"the job has no result, it is {job.status}{reason}")
