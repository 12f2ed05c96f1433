"""A job as a message."""

from meanrev_server.jobs import Job
from meanrev_server.rpc.naming import same_fields
from meanrev_wire import codec
from meanrev_wire import research_pb2 as wire

__all__ = ["as_message", "encoded"]


def encoded(job: Job) -> bytes:
    """Return a job as a serialised message."""
    return codec.encode(wire.Job, **same_fields(wire.Job, job))


def as_message(job: Job) -> wire.Job:
    """Return a job as a message, for a message that lists jobs."""
    return wire.Job(**same_fields(wire.Job, job))
