"""A job as a message."""

from meanrev_server.jobs import Job
from meanrev_wire import codec
from meanrev_wire import research_pb2 as wire

__all__ = ["encoded"]


def encoded(job: Job) -> bytes:
    """Return a job as a message."""
    return codec.encode(
        wire.Job,
        job_id=job.job_id,
        method=job.method,
        status=job.status,
        done=job.done,
        total=job.total,
        error=job.error,
        submitted_ms=job.submitted_ms,
        finished_ms=job.finished_ms,
    )
