"""Small calls from many clients at once, computed together and one by one, through a real server.

As a script it prints the curves of docs/tuning.md: `python bench/bench_batching.py [--seconds 2] [--rounds 3]`. Servers
with different settings take turns within each round, and a row is the median of its rounds.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from contextlib import AsyncExitStack, ExitStack, contextmanager
from typing import NamedTuple

import grpc
import numpy as np
import psutil
import pytest

from meanrev_wire.meanrev_pb2 import ThresholdRequest

PATH = "/meanrev.MeanRevService/OptimalThresholds"
CLIENTS = 64
RNG = np.random.default_rng(1)
REQUESTS = [
    ThresholdRequest(ou_params={"theta": theta, "mu": 1.0, "sigma": 0.2}, transaction_cost=0.01).SerializeToString()
    for theta in RNG.uniform(0.05, 0.5, 256)
]


class Figures(NamedTuple):
    """What one load did.

    Attributes:
        rate: Calls a second.
        p50: Milliseconds.
        p99: Milliseconds.
        cpu: The server's microseconds of processor time per call, the figure that other work on the machine affects
            least.
    """

    rate: float
    p50: float
    p99: float
    cpu: float


class Server:
    """A server process with settings of its own, and one channel to it."""

    def __init__(self, process, address):
        self.usage = psutil.Process(process.pid)
        self.address = address

    async def load(self, clients, seconds):
        """Let so many clients call for so long, each as soon as it has its answer."""
        took, end = [], time.perf_counter() + seconds
        async with AsyncExitStack() as stack:
            # With more streams on one connection, the connection refuses some when all end and begin anew at once.
            channels = [await stack.enter_async_context(self._channel()) for _ in range(0, clients, CLIENTS)]
            asks = [channel.unary_unary(PATH) for channel in channels]
            for ask in asks:
                await ask(REQUESTS[0], wait_for_ready=True)

            async def client(number):
                ask = asks[number // CLIENTS]
                while (began := time.perf_counter()) < end:
                    await ask(REQUESTS[(number + len(took)) % len(REQUESTS)])
                    took.append(time.perf_counter() - began)

            before, began = sum(self.usage.cpu_times()[:2]), time.perf_counter()
            await asyncio.gather(*(client(number) for number in range(clients)))
            elapsed = time.perf_counter() - began
            busy = sum(self.usage.cpu_times()[:2]) - before
        p50, p99 = np.percentile(took, [50, 99]) * 1e3
        return Figures(len(took) / elapsed, p50, p99, busy / len(took) * 1e6)

    def _channel(self):
        return grpc.aio.insecure_channel(self.address, options=[("grpc.use_local_subchannel_pool", 1)])

    async def answers(self, requests, clients=CLIENTS):
        """Return the replies in order, with so many calls in flight."""
        async with self._channel() as channel:
            ask = channel.unary_unary(PATH)
            room = asyncio.Semaphore(clients)

            async def one(request):
                async with room:
                    return await ask(request)

            return await asyncio.gather(*map(one, requests))


@contextmanager
def server(**settings):
    environ = {**os.environ, **{f"MEANREV_{name.upper()}": str(value) for name, value in settings.items()}}
    command = [sys.executable, "-m", "meanrev_cli", "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ
    ) as process:
        try:
            yield Server(process, process.stdout.readline().split()[-1])
        finally:
            process.terminate()


@pytest.mark.benchmark(group="512 OptimalThresholds calls, 64 at once")
@pytest.mark.parametrize("size", [64, 1], ids=["meanrev", "peer: one by one"])
def test_thresholds(benchmark, size):
    with server(max_batch_size=size) as running, server(max_batch_size=1) as alone:
        assert asyncio.run(running.answers(REQUESTS)) == asyncio.run(alone.answers(REQUESTS))
        benchmark.pedantic(lambda: asyncio.run(running.answers(REQUESTS * 2)), rounds=7)


CURVES: dict[str, list[tuple[dict[str, int], int]]] = {
    "clients, one by one": [({"max_batch_size": 1}, clients) for clients in (1, 4, 16, 64, 200)],
    "clients, together": [({}, clients) for clients in (1, 4, 16, 64, 200)],
    "max_batch_size": [({"max_batch_size": size}, CLIENTS) for size in (1, 2, 4, 8, 16, 32, 64)],
    **{
        f"max_queue_delay_us, {clients} clients": [
            ({"max_queue_delay_us": delay}, clients) for delay in (0, 1000, 2000, 5000, 10_000)
        ]
        for clients in (1, 4, 16, CLIENTS)
    },
    "compute_threads": [({"compute_threads": threads}, CLIENTS) for threads in (1, 2, 4)],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("curves", nargs="*", help=f"some of: {', '.join(CURVES)}")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    for name in chosen.curves or CURVES:
        print(f"\n{name:32} {'calls/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'server us/call':>15}")
        with ExitStack() as stack:
            rows = [(stack.enter_context(server(**settings)), clients) for settings, clients in CURVES[name]]
            rounds = [
                [asyncio.run(running.load(clients, chosen.seconds)) for running, clients in rows]
                for _ in range(chosen.rounds)
            ]
        for number, (settings, clients) in enumerate(CURVES[name]):
            found = Figures(*(statistics.median(each) for each in zip(*(r[number] for r in rounds), strict=True)))
            described = ", ".join(f"{setting}={value}" for setting, value in settings.items()) or "defaults"
            label = f"{clients} clients, {described}"
            print(f"{label:32} {found.rate:8.0f} {found.p50:8.2f} {found.p99:8.2f} {found.cpu:15.0f}")


if __name__ == "__main__":
    main()
