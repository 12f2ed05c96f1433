"""A job as a message."""

from meanrev_server.jobs import Job
from meanrev_server.rpc.naming import same_fields
from meanrev_wire import codec
from meanrev_wire import research_pb2 as wire

__all__ = ["encoded"]


def encoded(job: Job) -> bytes:
    """Return a job as a message."""
    return codec.encode(wire.Job, **same_fields(wire.Job, job))
