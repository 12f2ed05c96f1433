"""SubmitJob, WatchJob, FetchResult and CancelJob: what a Job asks."""

from collections.abc import Callable, Mapping
from typing import Any

from meanrev.errors import InvalidInput, MeanRevError, ServerError
from meanrev.methods import wire
from meanrev.methods.fit_ou import fit_ou_task
from meanrev.methods.scan import scan_task
from meanrev.methods.sweep import sweep_task
from meanrev.methods.task import Task, research_path
from meanrev.question import About, Live, Question, Replies
from meanrev.results import JobState
from meanrev_wire import research_pb2

__all__ = ["FINAL", "cancel", "ended", "fetch", "submission", "task_of", "watch"]

FINAL = frozenset({"done", "failed", "cancelled"})
"""Statuses after which nothing changes."""

_TASKS: Mapping[str, Callable[..., Task[Any]]] = {"fit_ou": fit_ou_task, "sweep": sweep_task, "scan": scan_task}
_FIELDS = tuple(name for name in JobState.__dataclass_fields__ if name != "meta")


def task_of(method: str, prices: Any, options: Mapping[str, Any]) -> Task[Any]:
    """Return the task of a method's name and arguments.

    Raises:
        InvalidInput: it cannot be a job, or an argument breaks its rule.
    """
    if method not in _TASKS:
        raise InvalidInput("method", f"must be one of {', '.join(map(repr, _TASKS))}", value=method)
    return _TASKS[method](prices, **options)


def submission(task: Task[Any], timeout: float | None) -> Question[JobState]:
    """Declare the call that makes a job of a task."""
    return task.submission(_state, timeout)


def watch(job_id: str, timeout: float | None) -> Live[JobState]:
    """Declare the stream that tells of a job until it ends."""
    path = research_path("WatchJob")
    return Live(path, [job_id], lambda item, _first: _request(item), lambda reply: _read(reply, {}), timeout)


def cancel(job_id: str) -> Question[JobState]:
    """Declare the call that stops a job."""
    return Question(research_path("CancelJob"), [[_request(job_id)]], _state)


def fetch(job_id: str, task: Task[Any], timeout: float) -> Question[Any]:
    """Declare the call that brings a finished job's result."""

    def result(replies: Replies, about: About) -> Any:
        return task.result(_joined(replies), {**about, "job_id": job_id})

    return Question(research_path("FetchResult"), [[_request(job_id)]], result, streaming=True, timeout=timeout)


def ended(state: JobState | None) -> None:
    """Check that a job's last state is a success.

    Raises:
        MeanRevError: it is not.
    """
    if state is None or state.status not in FINAL:
        raise ServerError("the job's reports ended before the job")
    if state.status == "cancelled":
        raise MeanRevError(f"the job was cancelled{f': {state.error}' if state.error else ''}")
    if state.status == "failed":
        raise ServerError(f"the job failed: {state.error}")


def _request(job_id: str) -> bytes:
    return wire.encode(research_pb2.JobRequest, job_id=job_id)


def _state(replies: Replies, about: About) -> JobState:
    if not replies[0]:
        raise ServerError("the reply is missing")
    return _read(replies[0][0], about)


def _read(data: bytes, about: About) -> JobState:
    reply = wire.decode(research_pb2.Job, data)
    return JobState(**{name: getattr(reply, name) for name in _FIELDS}, meta=about)


def _joined(replies: Replies) -> bytes:
    parts = [wire.decode(research_pb2.ResultPart, reply) for reply in replies[0]]
    data = b"".join(part.data for part in parts)
    if not parts or len(data) != parts[0].total:
        raise ServerError(f"{parts[0].total if parts else 0} bytes of the result were announced, {len(data)} came")
    return data
