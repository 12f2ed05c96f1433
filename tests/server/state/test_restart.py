"""What outlives the server: portfolios, marks, jobs and results; each caller's own."""

import asyncio
import time
from pathlib import Path

import pytest

from meanrev_server import installed
from meanrev_server.errors import StorageFailed
from meanrev_server.research import grid_sweep
from meanrev_server.rpc.status import Refused
from meanrev_server.state import on_disk, steps, stores
from meanrev_server.state.on_disk import OnDisk
from meanrev_wire import research_pb2 as wire

GRID = {"entry": [1.0, 1.5, 2.0], "exit": [0.0, 0.5]}


def book(cash=5.0, name="book", assets=("A",)):
    holdings = [wire.Holding(asset_id=asset, quantity=2.0) for asset in assets]
    return wire.Portfolio(portfolio_id=name, holdings=holdings, cash=cash, limits='{"max_abs_z": 3}')


def prices(*values, stamps=()):
    return wire.PublishPricesRequest(asset_ids=list("ABC"[: len(values)]), prices=values, timestamps_ms=stamps)


def last(server, *names, identity=""):
    heard = []
    with server.call.state.of(identity).marks.listening(names, heard.append, time.monotonic()):
        return {mark.asset_id: (mark.price, mark.timestamp_ms) for mark in heard}


async def count(server, query):
    database = server.call.state.archive.database
    return (await database.run(lambda: database.connection.execute(query).fetchone()))[0]


async def test_portfolios_outlive_the_server(server, tmp_path):
    async with server(tmp_path) as first:
        await first.ask("PutPortfolio", book(1.0))
        stored = await first.ask("PutPortfolio", book(2.0))
        held = first.call.state.stored.total
    async with server(tmp_path) as second:
        found = await second.ask("GetPortfolio", wire.PortfolioRequest(portfolio_id="book"))
        assert (found.cash, found.updated_ms, found.holdings[0].quantity) == (2.0, stored.updated_ms, 2.0)
        assert '"max_abs_z":3' in found.limits
        assert second.call.state.stored.total == held


async def test_marks_outlive_the_server(server, tmp_path):
    async with server(tmp_path) as first:
        await first.ask("PublishPrices", prices(1.0, 2.0, stamps=[5, 6]))
        await first.ask("PublishPrices", prices(3.0, stamps=[4]))
    async with server(tmp_path) as second:
        assert last(second, "A", "B") == {"A": (3.0, 5), "B": (2.0, 6)}


async def test_marks_are_written_behind_in_rows_of_many(server, tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "MARKS_INTERVAL_S", 600)
    async with server(tmp_path) as first:
        for n in range(100):
            await first.ask("PublishPrices", prices(*[float(n)] * 3))
            await asyncio.sleep(0.001)
        assert await count(first, "SELECT count(*) FROM marks") == 0
        await first.call.state._flush()
        assert await count(first, "SELECT count(*) FROM marks") == 1


async def test_marks_are_written_at_each_interval(server, tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "MARKS_INTERVAL_S", 0.01)
    async with server(tmp_path) as first:
        await first.ask("PublishPrices", prices(1.0))
        for _ in range(600):
            if await count(first, "SELECT count(*) FROM marks"):
                break
            await asyncio.sleep(0.05)
        assert await count(first, "SELECT count(*) FROM marks") == 1


async def test_rows_of_marks_are_joined(server, tmp_path, monkeypatch):
    from meanrev_server.state import rows

    monkeypatch.setattr(rows, "_FEW_ROWS", 3)
    async with server(tmp_path) as first:
        for n in range(10):
            await first.ask("PublishPrices", prices(float(n), *[7.0] * (n == 2)))
            await first.call.state._flush()
        assert await count(first, "SELECT count(*) FROM marks") <= 4
    async with server(tmp_path) as second:
        assert {name: price for name, (price, _) in last(second, "A", "B").items()} == {"A": 9.0, "B": 7.0}


async def test_a_mark_expires_while_the_server_is_down(server, tmp_path):
    async with server(tmp_path) as first:
        await first.ask("PublishPrices", prices(1.0))
    await asyncio.sleep(0.3)
    async with server(tmp_path, mark_ttl_s=0.2) as second:
        assert last(second, "A") == {}
        assert second.call.state.stored.total == 0


async def test_a_clock_that_is_set_back_changes_no_order(server, tmp_path, monkeypatch):
    async with server(tmp_path) as first:
        await first.ask("PublishPrices", prices(1.0))
        before = last(first, "A")["A"][1]
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() - 3600)
        await first.ask("PublishPrices", prices(2.0))
        assert last(first, "A") == {"A": (2.0, before)}


async def test_a_mark_far_ahead_is_refused_and_nothing_is_published(server):
    ahead = int(time.time() * 1000) + 86_460_000
    async with server() as first:
        with pytest.raises(Refused, match=r"timestamps_ms\[1\] must be at most one day after the server's clock"):
            await first.ask("PublishPrices", prices(1.0, 2.0, stamps=[5, ahead]))
        assert last(first, "A", "B") == {}


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("PublishPrices", wire.PublishPricesRequest(asset_ids=["A", "é" * 129], prices=[1, 2]), r"asset_ids\[1\]"),
        ("PutPortfolio", book(assets=("A", "x" * 257)), r"holdings\[1\].asset_id"),
        ("PutPortfolio", book(name="x" * 257), "portfolio_id"),
    ],
)
async def test_long_ids_are_refused(server, method, request_, field):
    async with server() as first:
        with pytest.raises(Refused, match=f"{field} must take at most 256 bytes as UTF-8"):
            await first.ask(method, request_)


async def test_what_is_stored_is_bounded(server):
    async with server(max_state_bytes=4096) as first:
        with pytest.raises(Refused, match=r"of 4096; max_state_bytes \(MEANREV_MAX_STATE_BYTES\) raises it"):
            await first.ask("PutPortfolio", book(assets=[str(n) for n in range(100)]))
        await first.ask("PutPortfolio", book())
        with pytest.raises(Refused, match="of 2048 that one caller may store; state_share"):
            await first.ask("PutPortfolio", book(assets=[str(n) for n in range(8)]), "alice")


async def test_finished_jobs_outlive_the_server(server, tmp_path):
    async with server(tmp_path) as first:
        job = await first.submit()
        result = await first.result(job.job_id)
        ended = await first.watch(job.job_id)
    async with server(tmp_path) as second:
        assert await second.watch(job.job_id) == ended
        assert await second.fetch(job.job_id) == result
        assert (await second.submit()).status == "done"
        assert (await second.ask("ListJobs", wire.ListJobsRequest())).jobs[0] == ended


async def test_a_job_goes_on_where_a_stop_left_it(server, tmp_path, monkeypatch):
    monkeypatch.setattr(grid_sweep, "group_columns", lambda *_: 1)
    async with server() as memory:
        expected = await memory.result((await memory.submit("SweepThresholds", **GRID)).job_id)
    async with server(tmp_path) as first:
        kept = asyncio.Event()
        loop = asyncio.get_running_loop()

        def at(step):
            if step == "chunk kept: committed":
                loop.call_soon_threadsafe(kept.set)
                time.sleep(0.2)  # so that the stop comes before the other parts

        monkeypatch.setattr(steps, "reached", at)
        job = await first.submit("SweepThresholds", **GRID)
        await asyncio.wait_for(kept.wait(), 30)
    computed = []
    monkeypatch.setattr(steps, "reached", computed.append)
    async with server(tmp_path) as second:
        assert await second.result(job.job_id) == expected
        assert 0 < computed.count("chunk kept: committed") < 5
        assert await count(second, "SELECT starts FROM jobs") <= 1


async def test_parts_of_other_code_are_computed_again(server, tmp_path, monkeypatch):
    monkeypatch.setattr(grid_sweep, "group_columns", lambda *_: 1)
    paused = asyncio.Event()
    loop = asyncio.get_running_loop()

    def at(step):
        if step == "result: to be created":
            loop.call_soon_threadsafe(paused.set)
            time.sleep(0.5)

    monkeypatch.setattr(steps, "reached", at)
    async with server(tmp_path) as first:
        job = await first.submit("SweepThresholds", **GRID)
        await asyncio.wait_for(paused.wait(), 30)
    computed = []
    monkeypatch.setattr(steps, "reached", computed.append)
    monkeypatch.setattr(installed, "MEANREV", "another")
    async with server(tmp_path) as second:
        await second.result(job.job_id)
    assert computed.count("chunk kept: committed") == 5


async def test_a_cancelled_job_is_not_resumed(server, tmp_path, monkeypatch):
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def at(step):
        if step == "job begun: committed":
            loop.call_soon_threadsafe(began.set)
            time.sleep(0.3)

    monkeypatch.setattr(steps, "reached", at)
    async with server(tmp_path) as first:
        job = await first.submit("SweepThresholds", **GRID)
        await asyncio.wait_for(began.wait(), 30)
        await first.ask("CancelJob", wire.JobRequest(job_id=job.job_id))
    async with server(tmp_path) as second:
        assert (await second.watch(job.job_id)).status == "cancelled"


async def test_a_job_that_ends_the_server_again_and_again_fails(server, tmp_path, monkeypatch):
    monkeypatch.setattr(OnDisk, "pause", lambda *_: None)  # as a crash, which pauses nothing
    monkeypatch.setattr(on_disk, "MOST_STARTS", 2)
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def at(step):
        if step == "chunks chosen: committed":
            loop.call_soon_threadsafe(began.set)
            time.sleep(0.2)

    monkeypatch.setattr(steps, "reached", at)
    async with server(tmp_path) as first:
        job = await first.submit()
        await asyncio.wait_for(began.wait(), 30)
    began.clear()
    async with server(tmp_path):
        await asyncio.wait_for(began.wait(), 30)
    async with server(tmp_path) as third:
        ended = await third.watch(job.job_id)
        assert (ended.status, ended.error) == (
            "failed",
            "the server ended 2 times while the job ran; it is not started again",
        )


async def test_nothing_of_alice_is_bobs(server, tmp_path):
    async with server(tmp_path) as first:
        job = await first.submit(identity="alice")
        await first.result(job.job_id, "alice")
        await first.ask("PutPortfolio", book(), "alice")
        await first.ask("PublishPrices", prices(1.0), "alice")
    async with server(tmp_path) as second:
        for other in ("bob", ""):
            for method in ("WatchJob", "FetchResult", "CancelJob"):
                with pytest.raises(Refused, match="no job"):
                    await second.ask(method, wire.JobRequest(job_id=job.job_id), other)
            with pytest.raises(Refused, match="no portfolio"):
                await second.ask("GetPortfolio", wire.PortfolioRequest(portfolio_id="book"), other)
            assert last(second, "A", identity=other) == {}
            assert not (await second.ask("ListJobs", wire.ListJobsRequest(), other)).jobs
            assert (await second.submit(identity=other)).job_id != job.job_id
        assert last(second, "A", identity="alice")
        assert (await second.submit(identity="alice")).job_id == job.job_id


async def test_dropped_jobs_leave_no_files(server, tmp_path):
    async with server(tmp_path, max_jobs=2) as first:
        for lags in range(5):
            await first.result((await first.submit(adf_lags=lags)).job_id)
    assert len(list((tmp_path / "results").iterdir())) == 2
    assert not list((tmp_path / "inputs").iterdir())


async def test_two_submissions_at_once_are_one_job_that_is_kept_before_either_is_answered(server, tmp_path):
    async with server(tmp_path) as first:
        jobs = await asyncio.gather(*(first.submit() for _ in range(4)))
        assert len({job.job_id for job in jobs}) == 1
        assert await count(first, "SELECT count(*) FROM jobs") == 1


async def test_pages_of_jobs(server):
    async with server() as first:
        ids = [(await first.submit(adf_lags=lags)).job_id for lags in range(3)]
        page = await first.ask("ListJobs", wire.ListJobsRequest(limit=2))
        rest = await first.ask("ListJobs", wire.ListJobsRequest(limit=2, page=page.next_page))
        assert sorted(job.job_id for job in [*page.jobs, *rest.jobs]) == sorted(ids)
        assert not rest.next_page
        with pytest.raises(Refused, match="page must be empty, or the next_page of a reply"):
            await first.ask("ListJobs", wire.ListJobsRequest(page="x"))
        with pytest.raises(Refused, match="limit must be from 0 to 1000, got 1001"):
            await first.ask("ListJobs", wire.ListJobsRequest(limit=1001))


def test_storage_failures_name_no_path():
    from meanrev_server.state.failures import storing

    with pytest.raises(StorageFailed) as failed, storing("the job could not be stored"):
        Path("/nowhere/at/all").read_bytes()
    assert str(failed.value) == "the job could not be stored: a file of the state directory is missing"
