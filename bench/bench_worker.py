"""A computation in the worker, beside the same in this process and through the standard library's pool of processes."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from gpu_kernels import sweep
from gpu_kernels.dispatch import using
from meanrev_worker import Fleet, Orders

LARGE = np.random.default_rng(0).standard_normal(2**20)
PRICES = 100 * np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.01, (100, 2_500)), axis=1))
ENTRY_Z, EXIT_Z = (
    grid.ravel() for grid in np.meshgrid(np.linspace(1.0, 2.8, 10), np.linspace(-0.45, 0.45, 10), indexing="ij")
)


def doubled(array):
    return np.multiply(array, 2.0)


@pytest.fixture(scope="module")
def worker():
    worker = Fleet(Orders("native", 2), 1)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.benchmark(group="8 MiB there and back")
class TestTransport:
    def test_here(self, benchmark):
        benchmark(doubled, LARGE)

    def test_worker(self, benchmark, worker):
        benchmark(worker.run, np.multiply, (LARGE, 2.0))

    def test_process_pool(self, benchmark, pool):
        benchmark(lambda: pool.submit(np.multiply, LARGE, 2.0).result())


@pytest.mark.benchmark(group="a call without arrays")
class TestCall:
    def test_worker(self, benchmark, worker):
        benchmark(worker.run, divmod, (7, 2))

    def test_process_pool(self, benchmark, pool):
        benchmark(lambda: pool.submit(divmod, 7, 2).result())


@pytest.mark.benchmark(group="sweep 100 x 2,500 x 100")
class TestSweep:
    @pytest.mark.parametrize("place", ["here", "worker"])
    def test_sweep(self, benchmark, worker, place):
        with using("native", 2, worker.run if place == "worker" else None):
            benchmark(sweep.backtest, PRICES, ENTRY_Z, EXIT_Z, 0.001)
