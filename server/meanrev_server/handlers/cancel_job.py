"""CancelJob: stops a job at its next step."""

from meanrev_server.capacity import BRIEF
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.jobs import encoded
from meanrev_wire.research_pb2 import JobRequest

__all__ = ["handle"]


async def handle(data: bytes, call: Call) -> bytes:
    """Answer with the job as it is now; a job that has ended does not change."""
    request = await call.decode(JobRequest, data)
    call.ticket.announce(BRIEF)
    job = call.stores.jobs.get(request.job_id)
    if not job.ended:
        job.stop = True
        await call.state.archive.stop(job)
    return encoded(job)
