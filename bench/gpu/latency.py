"""How long each call takes through a real server whose backend is the GPU: the first, and the median of later ones."""

import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from bench.gpu.rows import Row, Sizes

__all__ = ["calls", "missing"]

NEEDED = ("click", "grpc", "grpc_health", "grpc_reflection", "google.protobuf", "msgspec", "rich", "structlog")
"""What a server and a client import beside what a machine with a GPU has."""

SERVE = (sys.executable, "-m", "meanrev_cli", "serve", "--listen", "127.0.0.1:0", "--backend", "cuda")
PATIENCE_S = 60.0

ON_THE_GPU = {"FitOu": 150_000, "SweepThresholds": 200_000, "RunTests": 150_000, "PcaPortfolios": 500}
"""Sizes of requests that are large enough for the GPU, beside those that the CPU's lanes compute."""


class Case(NamedTuple):
    """A call.

    Attributes:
        name: Of the row.
        route: The method's route, as the server has it.
        messages: Those of the request.
        needs_a_job: The request names a job instead.
        endless: Only the first reply is waited for.
    """

    name: str
    route: Any
    messages: list[bytes]
    needs_a_job: bool = False
    endless: bool = False


class Answered(NamedTuple):
    """How long a call took, and its last reply."""

    seconds: float
    reply: bytes


def missing() -> list[str]:
    """Return the packages that a server needs and that are not installed."""
    return [name for name in NEEDED if not _found(name)]


def calls(sizes: Sizes) -> Iterator[Row]:
    """Yield the first call of every method and the median of those after it."""
    import grpc

    with _serving() as address, grpc.insecure_channel(address) as channel:
        job = b""  # the request of the calls that ask for the job which was submitted before them
        for case in _cases(sizes):
            request = [job] if case.needs_a_job else case.messages
            try:
                taken = [_answered(channel, case, request) for _ in range(1 + sizes.rounds)]
            except grpc.RpcError as error:
                yield Row(f"{case.name}, first call", None, note=f"{error.code().name}: {error.details()}")
                continue
            seconds = [each.seconds for each in taken]
            yield Row(f"{case.name}, first call", seconds[0])
            yield Row(f"{case.name}, later calls", statistics.median(seconds[1:]))
            if case.name == "SubmitJob":
                job = _of_job(taken[0].reply)


def _found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False  # the package that it is part of


@contextmanager
def _serving() -> Iterator[str]:
    with subprocess.Popen(SERVE, stdout=subprocess.PIPE, text=True) as process:
        try:
            words = process.stdout.readline().split() if process.stdout else []
            if not words:
                raise RuntimeError(f"the server ended with status {process.wait(PATIENCE_S)}; its reason is above")
            yield words[-1]
        finally:
            process.terminate()


def _cases(sizes: Sizes) -> Iterator[Case]:
    """Yield a call of every method, and of some a larger one."""
    from tests.requests.jobs import NEEDS_A_JOB
    from tests.server.cases import CASES, method_of  # these import the server
    from tests.server.test_announced import ENDLESS, ROUTES

    for name, (make, own) in CASES.items():
        method = method_of(name)
        route, needs_a_job, endless = ROUTES[method], method in NEEDS_A_JOB, method in ENDLESS
        yield Case(name, route, make(own[sizes.requests]), needs_a_job, endless)
        if name in ON_THE_GPU and sizes.requests:
            yield Case(f"{name}, large", route, make(ON_THE_GPU[name]))


def _answered(channel: Any, case: Case, messages: list[bytes]) -> Answered:
    ways = ("stream" if streams else "unary" for streams in (case.route.client_streaming, case.route.server_streaming))
    call, began = getattr(channel, "_".join(ways))(case.route.path), time.perf_counter()
    answer = call(iter(messages) if case.route.client_streaming else messages[0], timeout=PATIENCE_S)
    if not case.route.server_streaming:
        return Answered(time.perf_counter() - began, answer)
    replies = [next(answer)] if case.endless else list(answer)
    answer.cancel()
    return Answered(time.perf_counter() - began, replies[-1])


def _of_job(reply: bytes) -> bytes:
    from meanrev_wire import research_pb2

    return research_pb2.JobRequest(job_id=research_pb2.Job.FromString(reply).job_id).SerializeToString()
