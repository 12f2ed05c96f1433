"""FetchResult: the last replies of a finished job, in parts."""

from collections.abc import AsyncIterator

from gpu_kernels.errors import Degenerate
from meanrev_server.research.catalogue import TASKS
from meanrev_server.rpc.call import Call
from meanrev_wire import codec
from meanrev_wire.research_pb2 import JobRequest, ResultPart

__all__ = ["handle"]

_PART_BYTES = 256 * 1024
"""Most bytes of a part."""


async def handle(data: bytes, call: Call) -> AsyncIterator[bytes]:
    """Send the result."""
    request = await call.decode(JobRequest, data)
    job = call.stores.jobs.get(request.job_id)
    if job.status != "done":
        reason = f": {job.error}" if job.error else "; WatchJob reports when it is done"
        raise Degenerate("job_id", f"the job has no result, it is {job.status}{reason}")
    name = TASKS[job.method].reply.DESCRIPTOR.full_name
    for number, reply in enumerate(job.result):
        for offset in range(0, len(reply), _PART_BYTES):
            yield codec.encode(
                ResultPart,
                offset=offset,
                total=len(reply),
                data=reply[offset : offset + _PART_BYTES],
                message_name=name,
                reply=number,
                replies=len(job.result),
            )
