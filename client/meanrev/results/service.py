"""Answers about a server, a job and a portfolio. Fields are named as on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meanrev.results.base import Result

__all__ = ["Estimate", "JobState", "Portfolio", "ServerInfo"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ServerInfo(Result):
    """A server: its version, where it computes, and its limits.

    Attributes:
        version: Of the server.
        backend: "cuda", "native" or "numpy".
        backend_reason: Why that one.
        device: Name of the GPU or the CPU.
        cpus: Usable ones.
        device_memory_free: Bytes; 0 where there is no GPU.
        device_memory_total: Bytes; 0 where there is no GPU.
        max_message_bytes: Largest message.
        max_cells: Most cells of a sweep.
        uptime_s: Seconds since the start.
        max_matrix_bytes: Largest matrix that may arrive in chunks, as float64; 0, like the next ones, where the server
            is too old to report it.
        max_bytes_in_flight: Of all requests at once.
        max_work_in_flight: Steps of research at once, bars times cells, pairs or columns.
        max_result_bytes: Largest result of a job, and of all that are kept.
    """

    version: str
    backend: str
    backend_reason: str
    device: str
    cpus: int
    device_memory_free: int
    device_memory_total: int
    max_message_bytes: int
    max_cells: int
    uptime_s: float
    max_matrix_bytes: int = 0
    max_bytes_in_flight: int = 0
    max_work_in_flight: int = 0
    max_result_bytes: int = 0


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Estimate(Result):
    """What a request would take, as dry_run=True returns it.

    Attributes:
        work: Elementary steps: bars times cells, pairs or columns.
        seconds: From the server's own rate at earlier work of the method; 0 where it has done none yet.
        peak_bytes: Of the server's memory while it computes, the matrix included.
        reply_bytes: Of the answer.
    """

    work: int
    seconds: float
    peak_bytes: int
    reply_bytes: int


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class JobState(Result):
    """A job at one moment.

    Attributes:
        job_id: 64 hexadecimal digits; the same request is the same job.
        method: Name of the method in the service, such as "FitOu".
        status: "queued", "running", "done", "failed" or "cancelled".
        done: Steps taken.
        total: Steps in all.
        error: Why it failed.
        submitted_ms: When it was submitted.
        finished_ms: When it ended; 0 before.
    """

    job_id: str
    method: str
    status: str
    done: int
    total: int
    error: str
    submitted_ms: int
    finished_ms: int


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Portfolio(Result):
    """A stored portfolio.

    Attributes:
        portfolio_id: Its name.
        holdings: Quantity of each asset, negative where short.
        cash: In the currency of the prices.
        limits: Where alerts begin, as far as they were set.
        updated_ms: When it was stored.
    """

    portfolio_id: str
    holdings: Mapping[str, float]
    cash: float
    limits: Mapping[str, Any]
    updated_ms: int
