"""ListJobs: the caller's jobs, newest first, a page at a time."""

import re

from gpu_kernels.errors import InvalidInput
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.jobs import as_message
from meanrev_wire import codec
from meanrev_wire.research_pb2 import ListJobsReply, ListJobsRequest

__all__ = ["handle"]

_USUAL, _MOST = 100, 1000
"""Jobs of a reply where the request does not say, and at most."""

_STEPS_OF_A_JOB, _OF_A_JOB = 20_000, 2048
"""Elementary steps of a job, and most bytes of it in a reply."""

_PAGE = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
"""Time of submission and id of the job before."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    request = await call.decode(ListJobsRequest, data)
    _, ignored = options.parse(options.NoOptions, request.metadata)
    if not 0 <= request.limit <= _MOST:
        raise InvalidInput("limit", f"must be from 0 to {_MOST}", value=request.limit)
    found = _PAGE.fullmatch(request.page)
    if request.page and found is None:
        raise InvalidInput("page", "must be empty, or the next_page of a reply", value=request.page)
    limit = request.limit or _USUAL
    call.ticket.announce(
        Demand(_STEPS_OF_A_JOB * limit, 2 * _OF_A_JOB * limit, _OF_A_JOB * limit, "limit", "a lower limit takes less")
    )
    after = None if found is None else (int(found[1]), found[2])
    jobs = call.stores.jobs.listed(limit + 1, after)
    shown = jobs[:limit]
    more = len(jobs) > limit
    return codec.encode(
        ListJobsReply,
        jobs=[as_message(job) for job in shown],
        next_page=f"{shown[-1].submitted_ms}:{shown[-1].job_id}" if more else "",
        metadata=options.reply_metadata(ignored),
    )
