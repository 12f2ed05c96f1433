"""The queue before a computation, beside asyncio's own way into a thread."""

import asyncio
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gpu_kernels.dispatch import Selection
from meanrev_server.batchable import ThresholdKey
from meanrev_server.launcher import Launcher

ROUNDS = 2_000
KEY = ThresholdKey("profit", "reversal")
ITEM = {"theta": 0.1, "mu": 1.0, "sigma": 0.2, "cost": 0.01}


def nothing():
    return None


async def median(ask):
    """Return the median seconds of a lone caller's question."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await ask()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def through_the_launcher():
    """Return the median seconds of a computation of nothing."""

    async def measure():
        launcher = Launcher(1, Selection())
        try:
            return await median(lambda: launcher.run(nothing))
        finally:
            launcher.close()

    return asyncio.run(measure())


def through_asyncio():
    """Return the same by run_in_executor."""

    async def measure():
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            return await median(lambda: loop.run_in_executor(pool, nothing))

    return asyncio.run(measure())


@pytest.mark.benchmark(group="2,000 computations of nothing, one after the other")
@pytest.mark.parametrize("way", [through_the_launcher, through_asyncio], ids=["meanrev", "run_in_executor"])
def test_launcher(benchmark, way):
    benchmark(way)
