"""Computations run in threads that were prepared for them, on the twin that was chosen."""

import asyncio
import threading

from gpu_kernels.selection import Selection, current
from meanrev_server.app import App
from meanrev_server.config import Settings
from meanrev_server.launcher import Launcher


async def test_a_computation_runs_on_the_selected_twin_in_a_thread_of_its_own():
    launcher = Launcher(1, Selection("native", 3))
    assert await launcher.run(current) == Selection("native", 3)
    assert (await launcher.run(threading.current_thread)).name.startswith("meanrev-compute")
    launcher.close()


async def test_every_thread_is_prepared_before_its_first_computation():
    here = threading.local()
    launcher = Launcher(2, Selection(), prepare=lambda: setattr(here, "ready", True))
    meeting = threading.Barrier(2)

    def work():
        meeting.wait(10)  # so that each thread has one
        return here.ready

    assert await asyncio.gather(launcher.run(work), launcher.run(work)) == [True, True]
    launcher.close()


async def test_the_gpu_of_the_settings_is_that_of_every_compute_thread(monkeypatch):
    from gpu_kernels import backend, device

    chosen = []
    monkeypatch.setattr(backend, "choose", lambda name: backend.Backend("cuda", "for the test"))
    monkeypatch.setattr(
        device, "limit", lambda *arguments: chosen.append((threading.current_thread().name[:15], *arguments))
    )
    app = App(Settings(device=1, gpu_memory=0.5))
    await app.call.compute(current)
    app.close()
    assert chosen == [(threading.current_thread().name[:15], 1, 0.5), ("meanrev-compute", 1, 0.5)]
