"""SubmitJob, WatchJob, FetchResult and CancelJob: what a Job asks."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from meanrev.choices import one_of
from meanrev.errors import InvalidInput, MeanRevError, ServerError
from meanrev.methods import wire
from meanrev.methods.accounts import accounts_task, read_accounts
from meanrev.methods.fit_ou import fit_ou_task, read_fits
from meanrev.methods.parts import Fetched, Joined, JoinedSweep
from meanrev.methods.scan import read_pairs, scan_task
from meanrev.methods.stats import read_stats, stats_task
from meanrev.methods.sweep import read_sweep, sweep_task
from meanrev.methods.task import Reading, Task, read_whole, research_path
from meanrev.question import About, Live, Question, Replies
from meanrev.results import JobState
from meanrev_wire import research_pb2

__all__ = ["FINAL", "cancel", "ended", "fetch", "reading", "submission", "task_of", "watch"]

FINAL = frozenset({"done", "failed", "cancelled"})
"""Statuses after which nothing changes."""

_TASKS: Mapping[str, Callable[..., Task[Any]]] = {
    "backtest": accounts_task,
    "stats": stats_task,
    "fit_ou": fit_ou_task,
    "sweep": sweep_task,
    "scan": scan_task,
}
_READINGS: Mapping[str, Reading] = {
    "Backtest": Reading(partial(Joined, research_pb2.BacktestReply), read_accounts),
    "ReturnStats": Reading(partial(Joined, research_pb2.ReturnStatsReply), read_stats),
    "FitOu": Reading(partial(Joined, research_pb2.FitOuReply), read_fits),
    "SweepThresholds": Reading(partial(JoinedSweep, research_pb2.SweepReply), read_sweep),
    "ScanPairs": Reading(partial(Joined, research_pb2.ScanReply), read_pairs),
}
_FIELDS = tuple(name for name in JobState.__dataclass_fields__ if name != "meta")


def task_of(method: str, prices: Any, options: Mapping[str, Any]) -> Task[Any]:
    """Return the task of a method's name and arguments.

    Raises:
        InvalidInput: it cannot be a job, or an argument breaks its rule.
    """
    if method not in _TASKS:
        raise InvalidInput("method", one_of(method, _TASKS), value=method)
    return _TASKS[method](prices, **options)


def reading(method: str) -> Reading:
    """Return how a method's result is read where the prices that were sent are not at hand.

    Raises:
        ServerError: this client does not know the method.
    """
    if method not in _READINGS:
        raise ServerError(f"this client cannot read the result of a job of {method!r}")
    return _READINGS[method]


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


def fetch(job_id: str, reading: Reading, timeout: float) -> Question[Any]:
    """Declare the call that brings a finished job's result."""

    def result(replies: Replies, about: About) -> Any:
        return read_whole(reading.read, replies[0].value(), {**about, "job_id": job_id})

    return Question(
        research_path("FetchResult"),
        [[_request(job_id)]],
        result,
        streaming=True,
        timeout=timeout,
        gather=partial(Fetched, research_pb2.ResultPart, reading.join),
    )


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
