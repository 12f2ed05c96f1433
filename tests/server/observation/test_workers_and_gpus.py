"""The metrics show the child that computes, and the GPUs."""

import os
import signal
import sys
from types import SimpleNamespace

import pytest

from meanrev_server.observation.gpus import Gpu, reader
from tests.server.observation.observing import observing, until

READY = ("meanrev_worker_ready", (("worker", "0"),))
MEMORY = ("meanrev_worker_resident_memory_bytes", (("worker", "0"),))
RESTARTS = ("meanrev_worker_restarts_total", ())


def test_a_child_that_ends_is_counted_and_the_next_one_is_ready():
    with observing(metrics="127.0.0.1:0", worker="process") as server:
        before = server.metrics()
        os.kill(server.app._fleet.workers[0].pid, signal.SIGKILL)
        until(lambda: server.metrics()[RESTARTS] == 1 and server.metrics()[READY] == 1)
    assert (before[READY], before[RESTARTS]) == (1, 0)
    assert before[MEMORY] > 2**20


def test_without_a_child_none_is_shown():
    with observing(metrics="127.0.0.1:0", worker="thread") as server:
        metrics = server.metrics()
    assert READY not in metrics
    assert metrics[RESTARTS] == 0


class NVMLError(Exception):
    pass


def nvml(*, driver=True, answers=(True, True)):
    """Stands in for the library, of a machine with two GPUs."""

    def start():
        if not driver:
            raise NVMLError("Driver Not Loaded")

    def handle(number):
        if not answers[number]:
            raise NVMLError("GPU is lost")
        return number

    return SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=start,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=handle,
        nvmlDeviceGetMemoryInfo=lambda number: SimpleNamespace(used=100 + number, total=1000),
        nvmlDeviceGetUtilizationRates=lambda _: SimpleNamespace(gpu=50),
    )


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        (nvml(), [Gpu(0, 100, 1000, 0.5), Gpu(1, 101, 1000, 0.5)]),
        (nvml(answers=(False, True)), [Gpu(1, 101, 1000, 0.5)]),
        (nvml(driver=False), []),
        (None, []),
    ],
    ids=["two", "one is lost", "no driver", "no library"],
)
def test_gpus_are_read_where_they_answer(library, expected, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", library)
    assert reader()() == expected


def test_gpus_are_among_the_metrics_of_a_server_that_uses_them(monkeypatch):
    monkeypatch.setattr("meanrev_server.observation.observation.reader", lambda: lambda: [Gpu(3, 100, 1000, 0.25)])
    monkeypatch.setattr("meanrev_server.observation.observation.Observation._uses_gpu", lambda _: True)
    with observing(metrics="127.0.0.1:0") as server:
        metrics = server.metrics()
    gpu = (("gpu", "3"),)
    assert metrics["meanrev_gpu_memory_used_bytes", gpu] == 100
    assert metrics["meanrev_gpu_memory_total_bytes", gpu] == 1000
    assert metrics["meanrev_gpu_utilisation_ratio", gpu] == 0.25
