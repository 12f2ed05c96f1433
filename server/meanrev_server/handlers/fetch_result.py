"""FetchResult: a finished job's last reply, in parts."""

from collections.abc import AsyncIterator

from gpu_kernels.errors import Degenerate
from meanrev_server.rpc.call import Call
from meanrev_wire import codec
from meanrev_wire.research_pb2 import JobRequest, ResultPart

__all__ = ["handle"]

_PART_BYTES = 256 * 1024
_MESSAGES = {
    "Backtest": "BacktestReply",
    "ReturnStats": "ReturnStatsReply",
    "FitOu": "FitOuReply",
    "SweepThresholds": "SweepReply",
    "ScanPairs": "ScanReply",
}


async def handle(data: bytes, call: Call) -> AsyncIterator[bytes]:
    """Send the result."""
    request = await call.decode(JobRequest, data)
    job = call.jobs.get(call.identity, request.job_id)
    if job.status != "done":
        reason = f": {job.error}" if job.error else "; WatchJob tells when it is done"
        raise Degenerate("job_id", f"the job has no result, it is {job.status}{reason}")
    for offset in range(0, len(job.result), _PART_BYTES):
        yield codec.encode(
            ResultPart,
            offset=offset,
            total=len(job.result),
            data=job.result[offset : offset + _PART_BYTES],
            message_name=f"meanrev.{_MESSAGES[job.method]}",
        )
