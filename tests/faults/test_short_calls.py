"""Short calls are answered while huge jobs compute, however many threads there are, and callers take turns."""

import asyncio
import time
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

import meanrev as mr
from meanrev_server.app import App
from meanrev_server.config import Settings
from meanrev_server.records import Caller, CallRecord
from tests.gpu_kernels.native import needs_compiler
from tests.server import research
from tests.server.serving import serving

PATIENCE_S = 60
WALKS = 100.0 + np.cumsum(np.random.default_rng(3).normal(size=(4000, 100)), axis=0) * 0.01
SWEEP = {"entry": "0.5:3:0.001", "exit": "0:0.4:0.01", "lookback": [20, 30], "cost": [0, 1e-4, 2e-4], "stop": 4.0}


@needs_compiler
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("worker", ["thread", "process"])
def test_short_calls_are_answered_beside_two_huge_jobs(made, threads, worker):
    with serving(compute_threads=threads, backend="native", worker=worker, max_result_bytes=2**36) as address:
        launcher = made[0].call.launcher
        with research.Research(address) as ask, mr.Client(address, timeout=PATIENCE_S) as client:
            for cost in (1e-3, 2e-3):
                chunks = research.chunks(
                    WALKS, 500, total=len(WALKS), method="SweepThresholds", **{**SWEEP, "cost": [cost]}
                )
                ask("SubmitJob", chunks)
            end = time.monotonic() + PATIENCE_S
            while not launcher.load.busy:
                assert time.monotonic() < end
                time.sleep(0.01)
            rng = np.random.default_rng(0)
            for _ in range(20):
                # One that goes together with others, and one that is computed alone.
                client.thresholds({"theta": 1.0, "mu": 0.0, "sigma": 1.0}, round_trip_cost=0.01)
                client.pca(rng.standard_normal((50, 4)), n_components=2)
            assert launcher.load.busy


async def test_research_of_callers_takes_turns():
    """Whoever has asked for much waits behind one who asks for little."""
    app, may_go_on, started = App(Settings(backend="numpy", compute_threads=1)), Event(), []

    def asked(name):
        call = replace(app.call, record=CallRecord(caller=Caller(identity=name)))
        return asyncio.ensure_future(call.research(lambda: (started.append(name), may_go_on.wait(PATIENCE_S))))

    calls = [asked("alice") for _ in range(5)] + [asked("bob")]
    await asyncio.sleep(0)  # each has asked by then, and the first one computes
    may_go_on.set()
    await asyncio.gather(*calls)
    app.close()
    assert started[:3].count("bob") == 1
