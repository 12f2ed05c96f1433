"""What the server is, and what callers have left on it: jobs and kept matrices."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.time_units import PERIODS_PER_YEAR
from meanrev_server.dashboard.gate import Gate
from meanrev_server.dashboard.requests import JobChoice, MatrixChoice
from meanrev_server.matrix_choice import check_id
from meanrev_server.records import Caller
from meanrev_wire import codec
from meanrev_wire import research_pb2 as wire

__all__ = ["MOST_LISTED", "about", "cancel", "columns", "drop", "jobs", "matrices"]

MOST_LISTED = 1000
"""Most jobs, matrices, and columns of a matrix, that a page lists."""


_YEAR_MS = 365.25 * 86_400_000


async def about(gate: Gate, caller: Caller) -> dict[str, Any]:
    """Return what the server is, and who asks."""
    found = await gate.ask(caller, "Info", wire.InfoRequest(), wire.InfoResponse)
    names = ("version", "backend", "backend_reason", "device", "cpus", "device_memory_total", "uptime_s", "max_cells")
    return {**{name: getattr(found, name) for name in names}, "identity": caller.identity}


async def jobs(gate: Gate, caller: Caller) -> dict[str, Any]:
    """Return the caller's newest jobs."""
    found = await gate.ask(caller, "ListJobs", wire.ListJobsRequest(limit=MOST_LISTED), wire.ListJobsReply)
    return {"jobs": [_job(job) for job in found.jobs], "more": bool(found.next_page)}


async def cancel(gate: Gate, caller: Caller, chosen: JobChoice) -> dict[str, Any]:
    """Stop a job at its next step, and return it."""
    return _job(await gate.ask(caller, "CancelJob", wire.JobRequest(job_id=chosen.job_id), wire.Job))


async def matrices(gate: Gate, caller: Caller) -> dict[str, Any]:
    """Return the caller's newest kept matrices."""
    request = wire.ListMatricesRequest(limit=MOST_LISTED)
    found = await gate.ask(caller, "ListMatrices", request, wire.ListMatricesReply)
    return {"matrices": [_matrix(kept) for kept in found.matrices], "more": bool(found.next_page)}


async def columns(gate: Gate, caller: Caller, chosen: MatrixChoice) -> dict[str, Any]:
    """Return the first columns of a kept matrix, the number of all, and how many of its rows a year has."""
    request = wire.ListMatricesRequest(matrix_id=check_id(chosen.matrix_id))
    found = await gate.ask(caller, "ListMatrices", request, wire.ListMatricesReply)
    kept = found.matrices[0]
    return {
        **_matrix(kept),
        "columns": list(kept.columns[:MOST_LISTED]),
        "periods_per_year": _rows_a_year(codec.integers(kept.timestamps_ms)),
    }


async def drop(gate: Gate, caller: Caller, chosen: MatrixChoice) -> dict[str, Any]:
    """Forget a kept matrix, and return what it was."""
    request = wire.MatrixRequest(matrix_id=chosen.matrix_id)
    return _matrix(await gate.ask(caller, "DropMatrix", request, wire.MatrixInfo))


def _rows_a_year(timestamps_ms: NDArray[np.int64]) -> float:
    """Return how many rows a year has on average, to four digits; without times, what every method assumes."""
    if len(timestamps_ms) < 2:
        return PERIODS_PER_YEAR
    years = float(timestamps_ms[-1] - timestamps_ms[0]) / _YEAR_MS
    return float(f"{(len(timestamps_ms) - 1) / years:.4g}")


def _job(job: wire.Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in wire.Job.DESCRIPTOR.fields_by_name}


_OF_A_MATRIX = ("matrix_id", "rows", "cols", "nbytes", "stored_ms", "used_ms")


def _matrix(kept: wire.MatrixInfo) -> dict[str, Any]:
    return {name: getattr(kept, name) for name in _OF_A_MATRIX}
