"""Rows 6, 8 and 16: workers, servers and scripts that stand still, end, or do not end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import grpc
import psutil
from grpc_health.v1 import health_pb2, health_pb2_grpc

import meanrev as mr
from bench.faults.rows import Figure, attack
from bench.faults.trial import BUDGETS, Memory, seconds_until
from meanrev_wire import meanrev_pb2
from tests.faults import test_forks, test_never_left
from tests.faults.servers import Server, free_address
from tests.faults.test_restarts import N_CLIENTS, keep_asking, keep_awaiting
from tests.server.serving import SERVICE

RESTARTS = "tests/faults/test_restarts.py::"
PRICES = meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString()
SMALL = {f"MEANREV_{name.upper()}": str(value) for name, value in BUDGETS.items()}


def serves(address: str) -> bool:
    """Tell whether health says SERVING; False where nobody answers."""
    with grpc.insecure_channel(address) as channel:
        try:
            status = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5).status
        except grpc.RpcError:
            return False
    return bool(status == health_pb2.HealthCheckResponse.SERVING)


def worker_of(server: Server) -> int:
    """Return the number of the child that computes: the one with most memory."""
    children = psutil.Process(server.process.pid).children()
    return int(max(children, key=lambda child: child.memory_info().rss).pid)


def hit(number: int, patience_s: float) -> Iterator[Figure]:
    """Send a signal to the worker of a server, and measure until it serves again."""
    env = {**SMALL, "MEANREV_WORKER": "process", "MEANREV_WORKER_PATIENCE_S": "2"}
    with Server(env=env) as server, Memory(server.process.pid, BUDGETS) as memory:
        seconds_until(lambda: serves(server.address))
        worker = worker_of(server)
        os.kill(worker, number)
        yield Figure("not serving after", seconds_until(lambda: not serves(server.address), 30), "s", patience_s)
        yield Figure("serving again after", seconds_until(lambda: serves(server.address)), "s", 5)
        yield Figure("another worker", worker_of(server) != worker, least=1)
        yield Figure("the server has ended", server.process.poll() is not None, most=0)
    yield memory.growth()


@attack(
    "6.1",
    "SIGSTOP of the worker",
    "health says so within `worker_patience_s` and 3 s; serving again in 5 s",
    defence="heartbeat; `server/meanrev_worker/supervisor.py`",
    test="tests/faults/test_worker_stands_still.py::test_a_worker_that_stands_still_is_replaced",
    settings="`worker_patience_s` = 2",
)
def stopped_worker() -> Iterator[Figure]:
    yield from hit(signal.SIGSTOP, 5)


@attack(
    "6.2",
    "SIGKILL of the worker",
    "serving again in 5 s; the server goes on",
    defence="`server/meanrev_worker/supervisor.py`",
    test="tests/e2e/test_worker_ends.py::test_twenty_ends_under_load",
)
def killed_worker() -> Iterator[Figure]:
    yield from hit(signal.SIGKILL, 5)


def killed(kind: str) -> Iterator[Figure]:
    """Kill a server three times under a load of our clients; yields calls that were answered and lost."""
    over, address = Event(), free_address()
    answered: Counter[int] = Counter()
    server = Server(listen=address)
    with ThreadPoolExecutor(N_CLIENTS) as pool:
        load: list[Future[Any]]
        if kind == "asyncio":
            load = [pool.submit(lambda: asyncio.run(keep_awaiting(address, over, answered)))]
        else:
            load = [pool.submit(keep_asking, address, number, over, answered) for number in range(N_CLIENTS)]
        try:
            for _ in range(3):
                before = answered.total()
                seconds_until(lambda before=before: answered.total() >= before + 2 * N_CLIENTS, 20)
                server.kill()
                time.sleep(0.2)
                server = Server(listen=address)
            before = answered.total()
            seconds_until(lambda: answered.total() >= before + 2 * N_CLIENTS, 20)
        finally:
            over.set()
        lost = sum(each.exception(120) is not None for each in load)
    server.kill()
    yield Figure("calls answered", answered.total(), least=8 * N_CLIENTS)
    yield Figure("calls lost", lost, most=0)


for row, kind in (("8.1", "threads"), ("8.2", "asyncio")):
    attack(
        row,
        f"three times kill -9 of the server under {N_CLIENTS} of our clients ({kind})",
        "no call is lost that may be made twice",
        defence="`client/meanrev/retry.py`",
        test=RESTARTS + "test_a_server_that_is_killed_and_started_again_costs_no_call",
    )(lambda kind=kind: killed(kind))


@attack(
    "8.3",
    "400 threads with one of our clients, 8,000 calls",
    "no call fails",
    defence="`client/meanrev/transport/channels.py`: 128 calls a connection",
    test="tests/faults/test_many_calls.py::test_hundreds_of_threads_share_a_client",
)
def many_threads() -> Iterator[Figure]:
    failed: Counter[str] = Counter()

    def work(client: mr.Client) -> int:
        done = 0
        for _ in range(20):
            try:
                client.log_returns([1.0, 2.0])
                done += 1
            except mr.MeanRevError as error:
                failed[type(error).__name__] += 1
        return done

    with (
        Server(env=SMALL) as server,
        Memory(server.process.pid, BUDGETS) as memory,
        mr.Client(server.address, timeout=60) as client,
        ThreadPoolExecutor(400) as pool,
    ):
        answered = sum(pool.map(work, [client] * 400))
    yield Figure("calls answered", answered, least=8000)
    yield Figure("calls failed", failed.total(), most=0)
    yield memory.growth()


RETRIES = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}


@attack(
    "8.4",
    "10,000 calls at once on one channel of a plain client with gRPC's own retries",
    "OK, RESOURCE_EXHAUSTED or DEADLINE_EXCEEDED",
    defence="`max_concurrent_streams`; grpc.server.max_pending_requests",
    test="tests/server/test_admission.py::test_a_plain_client_with_a_retry_policy_gets_in_later",
)
def plain_client() -> Iterator[Figure]:
    async def ask(address: str) -> Counter[str]:
        options = [("grpc.service_config", json.dumps(RETRIES))]
        async with grpc.aio.insecure_channel(address, options) as channel:
            call = channel.unary_unary(SERVICE + "ComputeLogReturns")

            async def one() -> str:
                try:
                    await call(PRICES, timeout=60)
                except grpc.aio.AioRpcError as error:
                    return str(error.code().name)
                return "OK"

            return Counter(await asyncio.gather(*(one() for _ in range(10_000))))

    with Server(env=SMALL) as server, Memory(server.process.pid, BUDGETS) as memory:
        codes = asyncio.run(ask(server.address))
    yield Figure("OK", codes.pop("OK", 0), least=1)
    refused = sum(codes.pop(name, 0) for name in ("RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"))
    yield Figure("refused or late", refused)
    yield Figure(f"others {', '.join(sorted(codes))}".strip(), codes.total(), most=0)
    yield memory.growth()


@attack(
    "16.1",
    f"{len(test_never_left.HABITS)} scripts that never leave the context of `mr.serve()`",
    "they end",
    defence="`client/meanrev_local`: an exit handler",
    test="tests/faults/test_never_left.py::test_it_ends",
)
def never_left() -> Iterator[Figure]:
    slowest, wrong = 0.0, 0
    for habit, more in test_never_left.HABITS.items():
        began = time.monotonic()
        command = [sys.executable, "-c", test_never_left.OPEN + more]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        slowest = max(slowest, time.monotonic() - began)
        wrong += (done.returncode, done.stderr) != (7 if habit == "an error" else 0, "")
    yield Figure("slowest script, with its start", slowest, "s", 20)
    yield Figure("wrong ends", wrong, most=0)


@attack(
    "16.2",
    "400 forks of a process of whose threads 8 call all the time",
    "no child and no call fails",
    defence="`client/meanrev/transport/forking.py`",
    test="tests/faults/test_forks.py::test_a_fork_among_calls_harms_neither_process",
)
def forks() -> Iterator[Figure]:
    with Server() as server:
        command = [sys.executable, "-W", "ignore", "-c", test_forks.PROGRAM, server.address]
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
        yield Figure("failed", (done.stdout, done.stderr, done.returncode) != ("{0} []\n", "", 0), most=0)
        yield Figure("400 forks in", time.monotonic() - began, "s")
