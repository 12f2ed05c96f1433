"""SubmitJob, WatchJob, FetchResult and CancelJob: the calls of a Job, for every method in RESEARCH; and ListJobs."""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from meanrev.choices import choice_rule
from meanrev.errors import InvalidInput, MeanRevError, ServerError
from meanrev.methods import fields, wire
from meanrev.methods.parts import Fetched
from meanrev.methods.research import (
    RESEARCH,
    Reading,
    ResearchQuestion,
    ResearchRequest,
    read_whole,
    research_path,
)
from meanrev.question import About, Live, Question, Replies
from meanrev.results import JobState
from meanrev_wire import research_pb2

__all__ = ["FINAL", "cancel", "ended", "fetch", "jobs", "reading_of", "request_of", "submission", "watch"]

FINAL = frozenset({"done", "failed", "cancelled"})
"""Statuses after which nothing changes."""

_FIELDS = tuple(name for name in JobState.__dataclass_fields__ if name != "meta")


def request_of(method: str, prices: Any, options: Mapping[str, Any]) -> ResearchRequest[Any]:
    """Return the request that a client's method would send.

    Args:
        method: Name of the client's method.
        prices: Its first argument.
        options: Its keyword arguments.

    Raises:
        InvalidInput: there is no such research method, or an argument breaks its rule.
    """
    if method not in RESEARCH:
        raise InvalidInput("method", choice_rule(method, RESEARCH), value=method)
    if "progress" in options:
        raise InvalidInput("progress", "must be left out here; the job's result takes it")
    return cast("ResearchQuestion[Any]", RESEARCH[method].declare(prices, **options)).request


def reading_of(method: str) -> Reading:
    """Return how a method's result is read where the prices that were sent are not at hand.

    Args:
        method: Its name in the service.

    Raises:
        ServerError: this client does not have the method.
    """
    for research, _ in RESEARCH.values():
        if research.method == method:
            return research.reading()
    raise ServerError(f"this client cannot read the result of a job of {method!r}")


def submission(request: ResearchRequest[Any], timeout: float | None) -> Question[JobState]:
    """Declare the call that makes a job of a request."""
    return request.submission(_state, timeout)


def watch(job_id: str, timeout: float | None) -> Live[JobState]:
    """Declare the stream that yields a job's states until it ends."""
    return Live(
        research_path("WatchJob"),
        [job_id],
        lambda item, _first: _encoded(item),
        lambda reply: _read_state(reply, {}),
        timeout,
        repeatable=True,
    )


def jobs(*, limit: int = 100, timeout: float | None = None) -> Question[tuple[JobState, ...]]:
    """Return the caller's jobs as they are now, newest first; job finds one by its job_id.

    Args:
        limit: Most jobs, 1 to 1000.
        timeout: Seconds for everything; the client's own where None.

    Raises:
        MeanRevError: as every call.
    """
    message = wire.encode(research_pb2.ListJobsRequest, limit=fields.listed(limit), metadata=wire.options())

    def states(replies: Replies, about: About) -> tuple[JobState, ...]:
        return tuple(_state_of(job, about) for job in wire.decode(research_pb2.ListJobsReply, replies[0][0]).jobs)

    return Question(research_path("ListJobs"), [[message]], states, timeout=timeout)


def cancel(job_id: str) -> Question[JobState]:
    """Declare the call that stops a job."""
    return Question(research_path("CancelJob"), [[_encoded(job_id)]], _state)


def fetch(job_id: str, reading: Reading, timeout: float) -> Question[Any]:
    """Declare the call that brings a finished job's result."""

    def result(replies: Replies, about: About) -> Any:
        return read_whole(reading.read, replies[0].value(), {**about, "job_id": job_id})

    return Question(
        research_path("FetchResult"),
        [[_encoded(job_id)]],
        result,
        streaming=True,
        timeout=timeout,
        gather=partial(Fetched, research_pb2.ResultPart, reading.join),
    )


def ended(state: JobState | None) -> None:
    """Check that a job succeeded, by its last state.

    Raises:
        MeanRevError: it is not.
    """
    if state is None or state.status not in FINAL:
        raise ServerError("the job's reports ended before the job")
    if state.status == "cancelled":
        raise MeanRevError(f"the job was cancelled{f': {state.error}' if state.error else ''}")
    if state.status == "failed":
        raise ServerError(f"the job failed: {state.error}")


def _encoded(job_id: str) -> bytes:
    return wire.encode(research_pb2.JobRequest, job_id=job_id)


def _state(replies: Replies, about: About) -> JobState:
    if not replies[0]:
        raise ServerError("the reply is missing")
    return _read_state(replies[0][0], about)


def _read_state(data: bytes, about: About) -> JobState:
    return _state_of(wire.decode(research_pb2.Job, data), about)


def _state_of(reply: research_pb2.Job, about: About) -> JobState:
    return JobState(**{name: getattr(reply, name) for name in _FIELDS}, meta=about)
