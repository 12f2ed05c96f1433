"""Submissions of jobs while something else happens: another one fails, or the server is installed anew."""

import asyncio
from importlib.metadata import Distribution, PackageNotFoundError

import pytest

from meanrev_server.errors import StorageFailed
from meanrev_server.jobs import JobStore
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.status import Refused
from meanrev_server.state.on_disk import OnDisk
from meanrev_wire import research_pb2 as wire

PATIENCE_S = 30


async def test_a_server_runs_on_while_its_package_is_installed_anew(server, tmp_path, monkeypatch):
    def gone(name):
        raise PackageNotFoundError(name)

    async with server(tmp_path) as first:
        before = await first.ask("Info", wire.InfoRequest())
        monkeypatch.setattr(Distribution, "from_name", gone)
        job = await first.submit()
        after = await first.ask("Info", wire.InfoRequest())
        assert after.version == before.version
        monkeypatch.undo()
        assert (await first.submit()).job_id == job.job_id


async def test_a_submission_is_kept_before_its_answer_although_the_one_before_it_has_just_failed(
    server, tmp_path, monkeypatch
):
    """The second one begins after the first has failed, and before the first has been forgotten."""
    reports = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    async with server(tmp_path) as one:
        queueing, computing, third_known = _Gates(one.call.state.archive.queue), _Gates(None), asyncio.Event()
        numbered = iter(range(1, 10))
        compute, submit = Call.compute, JobStore.submit

        async def queue(_, job, arrays):
            await queueing.passed(1 if not queueing.reached[1].is_set() else 2)
            if not queueing.reached[2].is_set():
                raise StorageFailed("the disk is full")
            await queueing.work(job, arrays)

        async def computed(call, *args):
            found = await compute(call, *args)
            await computing.passed(next(numbered))
            return found

        def submitted(store, *args):
            found = submit(store, *args)
            if computing.reached[3].is_set():
                third_known.set()
            return found

        def discard(store, job):
            computing.may_pass[2].set_result(None)  # the second one goes on before the callbacks of the first
            store._everyone.discard(job)

        monkeypatch.setattr(OnDisk, "queue", queue)
        monkeypatch.setattr(Call, "compute", computed)
        monkeypatch.setattr(JobStore, "submit", submitted)
        monkeypatch.setattr(JobStore, "discard", discard)
        for number in (1, 3):
            computing.may_pass[number].set_result(None)
        asking = [asyncio.ensure_future(one.submit())]
        await asyncio.wait_for(queueing.reached[1].wait(), PATIENCE_S)
        asking.append(asyncio.ensure_future(one.submit()))
        await asyncio.wait_for(computing.reached[2].wait(), PATIENCE_S)
        queueing.may_pass[1].set_result(None)
        await asyncio.wait_for(queueing.reached[2].wait(), PATIENCE_S)
        asking.append(asyncio.ensure_future(one.submit()))
        await asyncio.wait_for(third_known.wait(), PATIENCE_S)
        assert not asking[2].done()
        queueing.may_pass[2].set_result(None)
        with pytest.raises(Refused, match="the disk is full"):
            await asking[0]
        assert (await asking[1]).job_id == (await asking[2]).job_id
    assert reports == []


class _Gates:
    """Places at which a submission waits until the test lets it go on, which it then does at once."""

    def __init__(self, work):
        self.work = work
        self.reached = {number: asyncio.Event() for number in range(1, 5)}
        self.may_pass = {number: asyncio.get_running_loop().create_future() for number in range(1, 5)}

    async def passed(self, number):
        self.reached[number].set()
        await self.may_pass[number]
