"""Kept matrices in a state directory: they outlive the server, are read when a call uses them, and are checked then."""

import asyncio

import numpy as np
import pytest

from meanrev_server.errors import StorageFailed
from meanrev_server.rpc.status import Refused
from meanrev_wire import research_pb2 as wire
from meanrev_wire.matrix_ids import matrix_id
from tests.server.research import NAMES, PRICES, chunks

STAMPS = np.arange(400)
OF_ONE = PRICES.nbytes + STAMPS.nbytes + 2048
"""About what a matrix counts."""


def put(number=0, stamps=STAMPS):
    return chunks(PRICES + number, 100, columns=NAMES, stamps=stamps, total=len(PRICES))


def by_id(name, **fields):
    return [wire.MatrixChunk(matrix_id=name, **fields)]


async def theta(server, request, identity=""):
    return list((await server.ask("FitOu", request, identity))[-1].result.theta)


def files(folder):
    return sorted(path.name.partition(".")[0] for path in (folder / "matrices").iterdir())


async def ids(server, identity=""):
    listed = await server.ask("ListMatrices", wire.ListMatricesRequest(), identity)
    return [info.matrix_id for info in listed.matrices]


async def test_they_outlive_the_server_each_callers_own(server, tmp_path):
    async with server(tmp_path) as first:
        mine = await first.ask("PutMatrix", put(), "alice")
        other = await first.ask("PutMatrix", put(1), "bob")
        expected = await theta(first, by_id(mine.matrix_id), "alice")
        held = first.call.state.matrices.matrices.disk.total
    async with server(tmp_path) as second:
        matrices = second.call.state.matrices.matrices
        assert (await ids(second, "alice"), await ids(second, "bob")) == ([mine.matrix_id], [other.matrix_id])
        assert (matrices.disk.total, matrices.memory.total) == (held, 0)
        assert await theta(second, by_id(mine.matrix_id), "alice") == expected
        (found,) = (
            await second.ask("ListMatrices", wire.ListMatricesRequest(matrix_id=mine.matrix_id), "alice")
        ).matrices
        assert (list(found.columns), list(found.timestamps_ms)) == (NAMES, STAMPS.tolist())
        assert found.stored_ms == mine.stored_ms
        with pytest.raises(Refused, match="PutMatrix keeps"):
            await theta(second, by_id(other.matrix_id), "alice")


async def test_memory_has_those_that_were_used_last_and_the_disk_the_others(server, tmp_path):
    async with server(tmp_path, kept_matrix_bytes=2 * OF_ONE) as one:
        names = [(await one.ask("PutMatrix", put(number))).matrix_id for number in range(3)]
        matrices = one.call.state.matrices.matrices
        loaded = [matrices.get("", name).table is not None for name in names]
        assert loaded == [False, True, True]
        assert await theta(one, by_id(names[0])) == await theta(one, put())
        assert [matrices.get("", name).table is not None for name in names] == [True, False, True]
        assert matrices.memory.total <= 2 * OF_ONE


async def test_those_used_least_recently_leave_the_disk(server, tmp_path):
    async with server(tmp_path) as first:
        names = [(await first.ask("PutMatrix", put(number))).matrix_id for number in range(3)]
        await first.ask("PutMatrix", by_id(names[0]))
    async with server(tmp_path, kept_disk_bytes=3 * OF_ONE) as second:
        newest = (await second.ask("PutMatrix", put(3))).matrix_id
        assert set(await ids(second)) == {names[0], names[2], newest}, "the order of uses outlives the server"
        await second.call.state.archive.database.run(lambda: None)
        assert files(tmp_path) == sorted([names[0], names[2], newest])


async def test_a_drop_outlives_the_server(server, tmp_path):
    async with server(tmp_path) as first:
        name = (await first.ask("PutMatrix", put())).matrix_id
        await first.ask("DropMatrix", wire.MatrixRequest(matrix_id=name))
        assert files(tmp_path) == []
        await first.ask("PutMatrix", put())
    async with server(tmp_path) as second:
        assert await ids(second) == [name]
        assert files(tmp_path) == [name]


@pytest.mark.parametrize("harm", ["a byte", "the end", "the file"])
async def test_a_damaged_one_is_found_and_can_be_put_again(server, tmp_path, harm):
    async with server(tmp_path) as first:
        name = (await first.ask("PutMatrix", put())).matrix_id
    (path,) = (tmp_path / "matrices").iterdir()
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.unlink() if harm == "the file" else path.write_bytes(data if harm == "a byte" else data[:-9])
    async with server(tmp_path) as second:
        with pytest.raises(Refused, match="the file of this one is damaged; put it again"):
            await theta(second, by_id(name))
        assert await ids(second) == []
        assert second.call.state.matrices.matrices.memory.total == 0
        assert (await second.ask("PutMatrix", put())).matrix_id == name
        assert await theta(second, by_id(name)) == await theta(second, put())


async def test_a_full_disk_keeps_nothing(server, tmp_path, monkeypatch):
    async with server(tmp_path) as one:

        async def full(kept):
            raise StorageFailed("the matrix could not be stored: No space left on device")

        monkeypatch.setattr(one.call.state.archive, "put_matrix", full)
        with pytest.raises(Refused, match="No space left on device"):
            await one.ask("PutMatrix", put())
        matrices = one.call.state.matrices.matrices
        assert (len(matrices), matrices.memory.total, matrices.disk.total) == (0, 0, 0)


async def test_calls_that_use_one_at_once_read_it_once(server, tmp_path, monkeypatch):
    async with server(tmp_path) as first:
        name = (await first.ask("PutMatrix", put())).matrix_id
    async with server(tmp_path) as second:
        archive, reads = second.call.state.archive, []
        read = archive.matrix

        async def counted(kept):
            reads.append(kept)
            return await read(kept)

        monkeypatch.setattr(archive, "matrix", counted)
        found = await asyncio.gather(*(theta(second, by_id(name)) for _ in range(4)))
        assert len(reads) == 1
        assert all(each == found[0] for each in found)
        assert second.call.state.matrices.matrices.get("", name).uses == 0


async def test_a_job_of_a_kept_matrix_is_resumed_though_the_matrix_was_dropped(server, tmp_path, monkeypatch):
    monkeypatch.setattr("meanrev_server.research.job_run._run", lambda *_: asyncio.sleep(0))
    async with server(tmp_path) as first:
        name = (await first.ask("PutMatrix", put())).matrix_id
        job = await first.ask("SubmitJob", by_id(name, metadata='{"method": "FitOu"}'))
        await first.ask("DropMatrix", wire.MatrixRequest(matrix_id=name))
    monkeypatch.undo()
    async with server(tmp_path) as second:
        assert await second.result(job.job_id)


async def test_without_a_directory_they_leave_memory_for_good(server):
    async with server(kept_matrix_bytes=2 * OF_ONE) as one:
        names = [(await one.ask("PutMatrix", put(number))).matrix_id for number in range(3)]
        assert set(await ids(one)) == set(names[1:])
        with pytest.raises(Refused, match=r"kept_matrix_bytes \(MEANREV_KEPT_MATRIX_BYTES\) gives more"):
            await theta(one, by_id(names[0]))
        assert names[1] == matrix_id(PRICES + 1, NAMES, STAMPS)
