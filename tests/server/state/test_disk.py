"""A disk that is full, read-only or damaged fails what needs it, with the reason, and nothing else."""

import asyncio
import errno
import logging
import os
import resource
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from meanrev_server.research import grid_sweep
from meanrev_server.rpc.status import Refused
from meanrev_server.state import steps
from meanrev_server.state.array_files import read_arrays
from meanrev_wire import research_pb2 as wire
from tests.server.state.crash_walk import kept
from tests.server.state.test_crashes import STEPS
from tests.server.state.test_restart import GRID, book, last, prices

FULL = "No space left on device"
BEFORE = sorted(step for step in STEPS if not step.endswith((": committed", ": files removed")))
"""Steps at which a write may fail; behind a commit there is none."""

WATCHED: dict[str, set[int]] = {}


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    monkeypatch.setattr(grid_sweep, "group_columns", lambda *_: 2)


def failing(monkeypatch, at, number=errno.ENOSPC):
    """Let the disk fail at a step until the patch is undone; returns how often it did."""
    met = []

    def reached(step):
        if step == at:
            met.append(step)
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(steps, "reached", reached)
    return met


@pytest.mark.faults
@pytest.mark.parametrize("step", [step for step in BEFORE if not step.startswith(("portfolio", "marks", "matri"))])
async def test_a_full_disk_fails_the_job_with_the_reason_and_the_next_one_runs(server, tmp_path, monkeypatch, step):
    async with server(tmp_path) as first:
        other = await first.submit("FitOu")
        expected = await first.result(other.job_id)
        with monkeypatch.context() as patch:
            met = failing(patch, step)
            job = None
            try:
                job = await first.submit("SweepThresholds", **GRID)
            except Refused as refused:
                status = refused.status
            if not job:
                assert FULL in status.message
                assert status.code.name == "RESOURCE_EXHAUSTED"
                await first.call.state.archive.database.run(lambda: None)  # files are removed behind the reply
                assert not list((tmp_path / "inputs").iterdir())
                assert len((await first.ask("ListJobs", wire.ListJobsRequest())).jobs) == 1
            else:
                ended = await first.watch(job.job_id)
                if step != "job ended: to be committed":
                    assert FULL in ended.error
                assert ended.status == "failed"
            assert await first.fetch(other.job_id) == expected
        assert met
        assert first.call.state.stored.total == 0
        assert await first.result((await first.submit("SweepThresholds", **GRID)).job_id)
        assert not list(tmp_path.glob("*/*.tmp"))
    async with server(tmp_path) as second:
        assert len((await second.ask("ListJobs", wire.ListJobsRequest())).jobs) == 2
        assert sorted(path.parent.name for path in tmp_path.glob("*/*")) == ["results", "results"]


@pytest.mark.faults
@pytest.mark.parametrize("step", [step for step in BEFORE if step.startswith(("matrix:", "matrix kept"))])
async def test_a_full_disk_keeps_no_matrix_and_the_next_one_is_kept(server, tmp_path, monkeypatch, step):
    async with server(tmp_path) as first:
        before = await first.ask("PutMatrix", kept(0))
        with monkeypatch.context() as patch:
            met = failing(patch, step)
            with pytest.raises(Refused, match=FULL) as refused:
                await first.ask("PutMatrix", kept(1))
            assert refused.value.status.code.name == "RESOURCE_EXHAUSTED"
        assert met
        listed = await first.ask("ListMatrices", wire.ListMatricesRequest())
        assert [info.matrix_id for info in listed.matrices] == [before.matrix_id]
        await first.call.state.archive.database.run(lambda: None)  # files are removed behind the reply
        assert not list(tmp_path.glob("*/*.tmp"))
        assert [path.name.partition(".")[0] for path in (tmp_path / "matrices").iterdir()] == [before.matrix_id]
        await first.ask("PutMatrix", kept(1))
    async with server(tmp_path) as second:
        assert len((await second.ask("ListMatrices", wire.ListMatricesRequest())).matrices) == 2


async def test_a_portfolio_that_is_not_stored_is_not_there(server, tmp_path, monkeypatch):
    async with server(tmp_path) as first:
        await first.ask("PutPortfolio", book(1.0))
        held = first.call.state.stored.total
        with monkeypatch.context() as patch:
            failing(patch, "portfolio: to be committed", errno.EROFS)
            with pytest.raises(Refused, match="the portfolio could not be stored: Read-only file system"):
                await first.ask("PutPortfolio", book(2.0))
        assert (await first.ask("GetPortfolio", wire.PortfolioRequest(portfolio_id="book"))).cash == 1.0
        assert first.call.state.stored.total == held
        await first.ask("PutPortfolio", book(3.0))
    async with server(tmp_path) as second:
        assert (await second.ask("GetPortfolio", wire.PortfolioRequest(portfolio_id="book"))).cash == 3.0


async def test_marks_that_were_not_stored_are_stored_later(server, tmp_path, monkeypatch, caplog):
    async with server(tmp_path) as first:
        await first.ask("PublishPrices", prices(1.0, 2.0))
        with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
            failing(patch, "marks: to be committed")
            await first.call.state._flush()
        assert "marks were not stored" in caplog.text
        await first.ask("PublishPrices", prices(3.0))
    async with server(tmp_path) as second:
        assert {name: price for name, (price, _) in last(second, "A", "B").items()} == {"A": 3.0, "B": 2.0}


async def test_a_file_that_grows_beyond_what_is_allowed(server, tmp_path):
    """RLIMIT_FSIZE refuses real writes, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with server(tmp_path) as first:
        other = await first.result((await first.submit("FitOu")).job_id)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8 * 1024, before[1]))
        try:
            with pytest.raises(Refused, match=r"the job could not be stored: (File too large|disk I/O error)"):
                await first.submit("SweepThresholds", **GRID)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert await first.result((await first.submit("FitOu")).job_id) == other
        assert await first.result((await first.submit("SweepThresholds", **GRID)).job_id)


@contextmanager
def small_disk(folder):
    """Mount a file system of half a mebibyte."""
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a file system cannot be mounted here; RLIMIT_FSIZE and injected errors cover the rest")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


async def test_a_small_file_system_that_is_full(server, tmp_path):
    with small_disk(tmp_path):
        async with server(tmp_path) as first:
            other = await first.result((await first.submit("FitOu")).job_id)
            filler = tmp_path / "results" / "filler.tmp"
            with pytest.raises(OSError, match=FULL):
                filler.write_bytes(bytes(1 << 20))
            with pytest.raises(Refused, match=r"the job could not be stored: (No space left|database or disk is full)"):
                await first.submit("SweepThresholds", **GRID)
            filler.unlink()
            assert await first.result((await first.submit("FitOu")).job_id) == other
            assert await first.result((await first.submit("SweepThresholds", **GRID)).job_id)


@pytest.mark.parametrize("damage", ["flipped", "cut", "missing"])
async def test_a_damaged_result_fails_that_job_and_can_be_computed_again(server, tmp_path, damage):
    async with server(tmp_path) as first:
        good, bad = [(await first.submit("FitOu", adf_lags=lags)).job_id for lags in (0, 1)]
        expected = [await first.result(job_id) for job_id in (good, bad)]
        damaged(next((tmp_path / "results").glob(f"{bad}.*")), damage)
        with pytest.raises(Refused, match="the job has no result, it is failed: the job's result cannot be read"):
            await first.fetch(bad)
        assert (await first.watch(bad)).status == "failed"
        assert await first.fetch(good) == expected[0]
        assert (await first.submit("FitOu", adf_lags=1)).job_id == bad
        assert await first.result(bad) == expected[1]


@pytest.mark.parametrize("damage", ["flipped", "cut", "missing"])
async def test_a_damaged_input_fails_that_job_at_the_next_start(server, tmp_path, monkeypatch, damage):
    waiting = threading.Event()
    monkeypatch.setattr(steps, "reached", lambda step: step == "job begun: committed" and waiting.wait(0.3))
    async with server(tmp_path) as first:
        jobs = [(await first.submit("FitOu", adf_lags=lags)).job_id for lags in (0, 1)]
    waiting.set()
    damaged(next((tmp_path / "inputs").glob(f"{jobs[1]}.*")), damage)
    async with server(tmp_path) as second:
        assert await second.result(jobs[0])
        ended = await second.watch(jobs[1])
        assert ended.status == "failed"
        assert ended.error.startswith("the job's input cannot be read: a file of the state directory is ")
        assert second.call.state.stored.total == 0


async def test_a_damaged_part_is_computed_again(server, tmp_path, monkeypatch, caplog):
    async with server() as memory:
        expected = await memory.result((await memory.submit("SweepThresholds", **GRID)).job_id)
    ended, loop = asyncio.Event(), asyncio.get_running_loop()

    def at(step):
        if step == "result: to be created":
            loop.call_soon_threadsafe(ended.set)
            threading.Event().wait(0.5)

    monkeypatch.setattr(steps, "reached", at)
    async with server(tmp_path) as first:
        job = await first.submit("SweepThresholds", **GRID)
        await asyncio.wait_for(ended.wait(), 30)
    monkeypatch.undo()
    part = min((tmp_path / "chunks").iterdir())
    assert read_arrays(part)
    damaged(part, "flipped")
    monkeypatch.setattr(grid_sweep, "group_columns", lambda *_: 2)
    async with server(tmp_path) as second:
        assert await second.result(job.job_id) == expected
    assert "a kept part is computed again" in caplog.text


def damaged(path, how):
    data = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
        return
    if how == "flipped":
        data[len(data) // 3] ^= 1
    path.write_bytes(data[: len(data) // 2] if how == "cut" else data)


def _watch(event, arguments):
    path = arguments[0] if arguments and event in {"open", "os.rename", "os.remove", "sqlite3.connect"} else None
    for root, threads in WATCHED.items():
        if str(path).startswith(root):
            threads.add(threading.get_ident())


async def test_nothing_touches_the_disk_on_the_event_loops_thread(server, tmp_path, monkeypatch):
    sys.addaudithook(_watch)  # it cannot be taken away again, but watches nothing behind this test
    threads = WATCHED[str(tmp_path)] = set()
    monkeypatch.setattr(steps, "reached", lambda _: threads.add(threading.get_ident()))
    try:
        async with server(tmp_path, max_jobs=1) as first:
            await first.ask("PutPortfolio", book())
            await first.ask("PublishPrices", prices(1.0))
            await first.result((await first.submit("SweepThresholds", **GRID)).job_id)
            await first.result((await first.submit("FitOu")).job_id)
        async with server(tmp_path):
            pass
    finally:
        del WATCHED[str(tmp_path)]
    assert len(threads) > 1
    assert threading.get_ident() not in threads
