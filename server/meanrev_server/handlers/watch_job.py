"""WatchJob: a job's state, now and whenever it changes, until its end."""

import asyncio
from collections.abc import AsyncIterator

from meanrev_server.capacity import BRIEF
from meanrev_server.errors import ServerStopping
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.jobs import encoded
from meanrev_wire.research_pb2 import JobRequest

__all__ = ["handle"]

_GLANCE_S = 0.1
"""Time between two looks at the job."""


async def handle(data: bytes, call: Call) -> AsyncIterator[bytes]:
    """Send the job at once, and then whenever it has changed, until it ends."""
    request = await call.decode(JobRequest, data)
    call.ticket.announce(BRIEF)
    job = call.stores.jobs.get(request.job_id)
    seen = -1
    while True:
        ended = job.ended
        if job.version != seen:
            seen = job.version
            yield encoded(job)
        if ended:
            return
        if call.stopping.is_set() and call.state.archive.lasts:
            raise ServerStopping  # the next server resumes the job
        await asyncio.sleep(_GLANCE_S)
