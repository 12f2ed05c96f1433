"""ListJobs: the caller's jobs, newest first, a page at a time."""

from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.jobs import as_message
from meanrev_server.rpc.pages import page_after, page_of
from meanrev_wire import codec
from meanrev_wire.research_pb2 import ListJobsReply, ListJobsRequest

__all__ = ["handle"]

_STEPS_OF_A_JOB, _OF_A_JOB = 20_000, 2048
"""Elementary steps of a job, and most bytes of it in a reply."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    request = await call.decode(ListJobsRequest, data)
    _, ignored = options.parse(options.NoOptions, request.metadata)
    page = page_of(request)
    limit = page.limit
    call.ticket.announce(
        Demand(_STEPS_OF_A_JOB * limit, 2 * _OF_A_JOB * limit, _OF_A_JOB * limit, "limit", "a lower limit takes less")
    )
    jobs = call.stores.jobs.listed(limit + 1, page.after)
    shown = jobs[:limit]
    return codec.encode(
        ListJobsReply,
        jobs=[as_message(job) for job in shown],
        next_page=page_after(shown[-1].submitted_ms, shown[-1].job_id) if len(jobs) > limit else "",
        metadata=options.reply_metadata(ignored),
    )
