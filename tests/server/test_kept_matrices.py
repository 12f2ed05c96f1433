"""Matrices that stay on the server: kept, named in place of an upload, extended, listed and dropped."""

import asyncio
import json
import struct
from hashlib import sha256

import grpc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meanrev_server.rpc.status import Refused
from meanrev_wire import meanrev_pb2
from meanrev_wire import research_pb2 as wire
from meanrev_wire.matrix_ids import matrix_id
from tests.server.research import NAMES, PRICES, chunks
from tests.server.state.conftest import Server

STAMPS = np.arange(0, 4000, 10)
METHODS = {
    "FitOu": {"tests": ["adf", "kpss"]},
    "RunTests": {},
    "SweepThresholds": {"entry": [1.0, 2.0], "exit": [0.0], "lookback": [10, 20]},
    "ScanPairs": {"alpha": 1.0, "lookback": 10, "null_universes": 3},
    "Backtest": {"entry": 1.5, "exit": 0.3, "cost": 0.001, "path": True, "trades": True},
    "ReturnStats": {"kind": "equity"},
    "RealityCheck": {"resamples": 99},
    "TradeResiduals": {"factors": [1], "window": [60], "positions": True, "train": 80, "test": 40},
    "FitResiduals": {"factors": 1, "days": [300]},
}


@pytest.fixture(scope="module")
def kept(ask):
    return ask("PutMatrix", chunks(PRICES, 100, columns=NAMES, stamps=STAMPS, total=400)).matrix_id


def named(matrix_id, *, columns=(), first_row=0, stop_row=0, **options):
    metadata = json.dumps(options) if options else ""
    rows = {"first_row": first_row, "stop_row": stop_row}
    return [wire.MatrixChunk(matrix_id=matrix_id, columns=columns, metadata=metadata, **rows)]


def refusal(ask, method, request):
    with pytest.raises(grpc.RpcError) as refused:
        ask(method, request)
    trailing = dict(refused.value.trailing_metadata())
    return refused.value.code().name, refused.value.details(), json.loads(trailing["meanrev-error"])


def answer(ask, method, request):
    """Return the bytes of the replies with a result, or the refusal."""
    try:
        return [reply.SerializeToString() for reply in ask(method, request) if reply.HasField("result")]
    except grpc.RpcError as error:
        return error.code(), error.details()


class TestTheId:
    def test_it_is_the_hash_that_the_proto_describes(self, kept):
        told = b"meanrev matrix 1\n" + struct.pack("<QQ", 400, 5)
        told += b"".join(struct.pack("<Q", 1) + name.encode() for name in NAMES)
        told += struct.pack("<Q400q", 400, *STAMPS.tolist()) + PRICES.T.tobytes()
        assert kept == sha256(told).hexdigest() == matrix_id(PRICES, NAMES, STAMPS)

    @pytest.mark.parametrize("rows", [1, 7, 400])
    @pytest.mark.parametrize("total", [0, 400])
    def test_it_does_not_depend_on_the_chunks(self, ask, kept, rows, total):
        sent = chunks(PRICES, rows, columns=NAMES, stamps=STAMPS, total=total)
        assert ask("PutMatrix", sent).matrix_id == kept

    def test_columns_without_names_have_their_numbers(self, ask):
        assert ask("PutMatrix", chunks(PRICES)).matrix_id == matrix_id(PRICES, list("01234"))

    def test_every_bit_counts(self, ask):
        quiet = np.array([[1.0], [np.nan], [0.0]])
        other = np.array([[1.0], [struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000001))[0]], [0.0]])
        ids = [ask("PutMatrix", chunks(values)).matrix_id for values in (quiet, other, quiet * -1)]
        assert ids[0] == matrix_id(quiet, ["0"])
        assert len(set(ids)) == 3

    @pytest.mark.parametrize("order", ["C", "F"])
    def test_it_does_not_depend_on_the_layout(self, order):
        values = np.array(PRICES, order=order)
        assert matrix_id(values, NAMES) == matrix_id(values[::1], NAMES) == matrix_id(PRICES, NAMES)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("first", "stop", "columns"), [(0, 0, ()), (37, 391, ()), (0, 0, "DB"), (5, 0, "BCD")])
def test_a_result_by_id_has_the_bytes_of_one_by_upload(ask, kept, method, first, stop, columns):
    rows, places = slice(first, stop or None), [NAMES.index(name) for name in columns or NAMES]
    values, stamps = PRICES[rows][:, places], STAMPS[rows]
    sent = chunks(values, 100, columns=columns or NAMES, stamps=stamps, total=len(values), **METHODS[method])
    by_id = named(kept, columns=columns, first_row=first, stop_row=stop, **METHODS[method])
    found = answer(ask, method, by_id)
    assert found == answer(ask, method, sent)
    assert isinstance(found, list), found


@given(st.data())
@settings(max_examples=15, deadline=None)
def test_any_choice_is_what_an_upload_of_it_is(ask, kept, data):
    first = data.draw(st.integers(0, 350))
    stop = data.draw(st.integers(first + 1, 400))
    columns = data.draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    values = PRICES[first:stop][:, [NAMES.index(name) for name in columns]]
    sent = chunks(values, 50, columns=columns, stamps=STAMPS[first:stop], total=len(values))
    by_id = named(kept, columns=columns, first_row=first, stop_row=stop)
    assert answer(ask, "FitOu", by_id) == answer(ask, "FitOu", sent)
    assert ask("PutMatrix", by_id).matrix_id == matrix_id(values, columns, STAMPS[first:stop])


def test_a_job_by_id_is_the_job_by_upload(ask, kept):
    sent = chunks(PRICES, 100, columns=NAMES, stamps=STAMPS, total=400, method="FitOu", dt=0.5)
    assert ask("SubmitJob", named(kept, method="FitOu", dt=0.5)).job_id == ask("SubmitJob", sent).job_id


def test_a_dry_run_needs_no_size(ask, kept):
    (by_id,) = ask("FitOu", named(kept, dry_run=True))
    (sent,) = ask("FitOu", chunks(PRICES, columns=NAMES, total=400, dry_run=True))
    assert by_id.estimate.work == sent.estimate.work
    assert by_id.estimate.peak_bytes == sent.estimate.peak_bytes


OTHER = "0" * 64
REFUSED = [
    ({"matrix_id": "XYZ"}, "matrix_id", "must be 64 hexadecimal digits, 0-9 and a-f in lower case, got 'XYZ'"),
    ({"first_row": 400}, "first_row", "must be from 0 to 399, the last row of the kept matrix, got 400"),
    ({"first_row": -1}, "first_row", "must be from 0 to 399"),
    ({"first_row": 2**62}, "first_row", "must be from 0 to 399"),
    ({"stop_row": 401}, "stop_row", "must be from first_row + 1 = 1 to 400, the rows of the kept matrix, or 0 for all"),
    ({"first_row": 9, "stop_row": 9}, "stop_row", "must be from first_row + 1 = 10 to 400"),
    ({"stop_row": -5}, "stop_row", "got -5"),
    ({"columns": ["A", "Z"]}, "columns", "must be a column of the kept matrix, such as 'A', got 'Z'"),
    ({"columns": ["A", "B", "A"]}, "columns", "must differ from each other, got 'A'"),
    ({"row_offset": 5}, "chunk[0].row_offset", "must be left out beside matrix_id: first_row and stop_row choose rows"),
    ({"timestamps_ms": [1, 2]}, "chunk[0].timestamps_ms", "must be left out beside matrix_id"),
    ({"total_rows": 399}, "total_rows", "must be left out beside matrix_id, or 400"),
    ({"total_columns": 4}, "total_columns", "must be left out beside matrix_id, or 5"),
    ({"block": meanrev_pb2.Matrix(rows=1, cols=1, values=[1])}, "chunk[0].block", "must be left out beside matrix_id"),
]


@pytest.mark.parametrize(("fields", "field", "said"), REFUSED, ids=lambda value: str(value)[:30])
@pytest.mark.parametrize("method", ["FitOu", "PutMatrix"])
def test_what_contradicts_an_id_is_refused(ask, kept, method, fields, field, said):
    code, text, details = refusal(ask, method, [wire.MatrixChunk(**{"matrix_id": kept, **fields})])
    assert (code, details["field"]) == ("INVALID_ARGUMENT", field)
    assert said in text


def test_an_id_in_capitals_is_no_id(ask, kept):
    code, text, _ = refusal(ask, "FitOu", named(kept.upper()))
    assert code == "INVALID_ARGUMENT"
    assert "in lower case" in text


def test_nothing_follows_an_id(ask, kept):
    code, text, _ = refusal(ask, "FitOu", [*named(kept), *chunks(PRICES)])
    assert (code, text[:58]) == ("INVALID_ARGUMENT", "chunk[1] must not follow chunk[0], which names a kept matr")


def test_only_the_first_chunk_names_a_matrix(ask, kept):
    sent = chunks(PRICES, 200)
    sent[1].matrix_id = kept
    assert "chunk[1].matrix_id must be empty" in refusal(ask, "FitOu", sent)[1]
    sent = chunks(PRICES)
    sent[0].first_row = 3
    assert (
        "first_row must be left out: it chooses rows of the matrix that matrix_id names"
        in refusal(ask, "FitOu", sent)[1]
    )


@pytest.mark.parametrize("method", [*METHODS, "PutMatrix", "SubmitJob"])
def test_an_unknown_id_is_not_found(ask, method):
    options = {"method": "FitOu"} if method == "SubmitJob" else {}
    code, text, details = refusal(ask, method, named(OTHER, **options))
    assert (code, details["field"], details["value"]) == ("NOT_FOUND", "matrix_id", OTHER)
    assert "PutMatrix keeps" in text


class TestAppend:
    MORE, LATER = PRICES[:30] + 1, np.arange(4000, 4300, 10)

    def request(self, matrix_id, values=MORE, columns=(), stamps=LATER, rows=20):
        sent = chunks(values, rows, columns=columns, stamps=stamps, total=len(values))
        sent[0].matrix_id = matrix_id
        return sent

    @pytest.mark.parametrize("columns", [(), NAMES])
    def test_the_rows_follow_under_a_new_id(self, ask, kept, columns):
        longer = ask("AppendRows", self.request(kept, columns=columns))
        whole, times = np.vstack([PRICES, self.MORE]), np.concatenate([STAMPS, self.LATER])
        assert longer.matrix_id == matrix_id(whole, NAMES, times)
        assert (longer.rows, longer.cols, longer.nbytes) == (430, 5, 430 * 6 * 8)
        assert ask("PutMatrix", named(kept)).rows == 400, "the shorter one stays"
        sent = chunks(whole, columns=NAMES, stamps=times, total=430)
        assert answer(ask, "FitOu", named(longer.matrix_id)) == answer(ask, "FitOu", sent)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"columns": list("ABCED")}, "columns[3] must be those of the kept matrix, in its order: 'D' here"),
            ({"values": PRICES[:3, :4], "stamps": [4001, 4002, 4003]}, "chunk[0].block.cols must be 5, as in the kept"),
            ({"stamps": None}, "timestamps_ms must be sent: the kept matrix has"),
            ({"stamps": np.arange(3990, 4020)}, "must increase strictly from row to row"),
            ({"matrix_id": ""}, "chunk[0].matrix_id must be 64 hexadecimal digits"),
            ({"matrix_id": OTHER}, "matrix_id must be of a matrix that PutMatrix keeps"),
        ],
        ids=lambda value: str(value)[:24],
    )
    def test_other_rows_are_refused(self, ask, kept, change, said):
        with pytest.raises(grpc.RpcError) as refused:
            ask("AppendRows", self.request(**{"matrix_id": kept, **change}))
        assert said in refused.value.details()

    def test_no_rows_are_refused(self, ask, kept):
        assert (
            "chunk[0].block must be sent: it has the first of the further rows"
            in refusal(ask, "AppendRows", named(kept))[1]
        )
        assert "block must be sent in at least one chunk" in refusal(ask, "AppendRows", [])[1]


class TestLists:
    async def test_newest_first_a_page_at_a_time(self, monkeypatch):
        async with Server() as server:
            ids = []
            for number in range(5):
                monkeypatch.setattr("time.time", lambda number=number: 1e9 + number)
                ids.append((await server.ask("PutMatrix", chunks(PRICES + number))).matrix_id)
            monkeypatch.undo()
            first = await server.ask("ListMatrices", wire.ListMatricesRequest(limit=3))
            second = await server.ask("ListMatrices", wire.ListMatricesRequest(limit=3, page=first.next_page))
            assert [info.matrix_id for info in (*first.matrices, *second.matrices)] == ids[::-1]
            assert second.next_page == ""

    def test_one_with_its_columns(self, ask, kept):
        (found,) = ask("ListMatrices", wire.ListMatricesRequest(matrix_id=kept)).matrices
        assert (list(found.columns), list(found.timestamps_ms), found.rows) == (NAMES, STAMPS.tolist(), 400)

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"limit": 1001}, "limit must be from 0 to 1000"),
            ({"page": "x"}, "page must be empty, or the next_page of a reply"),
            ({"matrix_id": "x"}, "matrix_id must be 64 hexadecimal digits"),
            ({"matrix_id": OTHER, "limit": 3}, "limit must be left out beside matrix_id"),
            ({"metadata": '{"strict": true, "a": 1}'}, "metadata.a"),
        ],
    )
    def test_a_request_that_breaks_a_rule(self, ask, fields, said):
        assert said in refusal(ask, "ListMatrices", wire.ListMatricesRequest(**fields))[1]


async def test_each_caller_has_its_own():
    async with Server() as server:
        mine = (await server.ask("PutMatrix", chunks(PRICES), "alice")).matrix_id
        for identity in ("bob", ""):
            assert not (await server.ask("ListMatrices", wire.ListMatricesRequest(), identity)).matrices
            for method in ("FitOu", "PutMatrix", "DropMatrix"):
                request = wire.MatrixRequest(matrix_id=mine) if method == "DropMatrix" else named(mine)
                with pytest.raises(Refused, match="must be of a matrix that PutMatrix keeps for this caller"):
                    await server.ask(method, request, identity)
        assert (await server.ask("PutMatrix", chunks(PRICES), "bob")).matrix_id == mine
        await server.ask("DropMatrix", wire.MatrixRequest(matrix_id=mine), "bob")
        assert (await server.ask("PutMatrix", named(mine), "alice")).matrix_id == mine


async def test_a_dropped_one_is_not_found_and_a_call_that_uses_it_goes_on():
    async with Server() as server:
        kept = (await server.ask("PutMatrix", chunks(PRICES, columns=NAMES))).matrix_id
        matrices = server.call.state.matrices
        held, table = await matrices.acquire("", kept)
        await server.ask("DropMatrix", wire.MatrixRequest(matrix_id=kept))
        with pytest.raises(Refused, match="matrix_id must be of a matrix that PutMatrix keeps"):
            await server.ask("DropMatrix", wire.MatrixRequest(matrix_id=kept))
        np.testing.assert_array_equal(table.values, PRICES)
        assert matrices.matrices.memory.total == held.held
        matrices.matrices.release(held)
        assert matrices.matrices.memory.total == 0


async def test_two_puts_at_once_store_it_once(monkeypatch, tmp_path):
    async with Server(tmp_path) as server:
        put, begun, going = server.call.state.archive.put_matrix, [], asyncio.Event()

        async def slowly(kept):
            begun.append(kept)
            await going.wait()
            await put(kept)

        monkeypatch.setattr(server.call.state.archive, "put_matrix", slowly)
        asked = [asyncio.ensure_future(server.ask("PutMatrix", chunks(PRICES))) for _ in range(3)]
        while not begun:  # noqa: ASYNC110 - the call begins in several steps
            await asyncio.sleep(0.01)
        going.set()
        assert len({(await each).matrix_id for each in asked}) == 1
        assert len(begun) == 1
        assert len(list((tmp_path / "matrices").iterdir())) == 1


async def test_every_use_ends_with_its_call():
    """Whatever a call that names a matrix ends with, nothing goes on using the matrix."""
    async with Server() as server:
        kept = (await server.ask("PutMatrix", chunks(PRICES, columns=NAMES))).matrix_id
        found = server.call.state.matrices.matrices.get("", kept)
        await server.ask("FitOu", named(kept))
        await server.ask("FitOu", named(kept, dry_run=True))
        for bad in (named(kept, first_row=999), named(kept, dt=-1), [*named(kept), *chunks(PRICES)]):
            with pytest.raises(Refused):
                await server.ask("FitOu", bad)
        job = await server.ask("SubmitJob", named(kept, method="FitOu"))
        await server.result(job.job_id)
        await server.ask("SubmitJob", named(kept, method="FitOu"))
        await asyncio.gather(*server.call.background)
        await asyncio.sleep(0)
        assert found.uses == 0


async def test_a_matrix_that_can_never_be_kept_is_refused_at_its_first_chunk():
    async with Server(kept_matrix_bytes=4096) as server:
        first, *_ = chunks(PRICES, 10, total=400)
        with pytest.raises(Refused, match=r"block must take at most 4096 bytes to be kept; kept_matrix_bytes ") as no:
            await server.ask("PutMatrix", [first])
        assert no.value.status.passing is False


async def test_the_options_that_a_put_does_not_have():
    async with Server() as server:
        assert '"ignored_options": ["dt"]' in (await server.ask("PutMatrix", chunks(PRICES, dt=3))).metadata
        with pytest.raises(Refused, match=r"metadata.dt is not an option"):
            await server.ask("PutMatrix", chunks(PRICES, dt=3, strict=True))


def test_names_by_the_hundred_thousand(ask):
    names = [f"asset {i}" for i in range(100_000)]
    values = np.arange(200_000.0).reshape(2, -1)
    kept = ask("PutMatrix", chunks(values, columns=names)).matrix_id
    chosen = ask("PutMatrix", named(kept, columns=names[:1:-2], first_row=1))
    assert chosen.matrix_id == matrix_id(values[1:, :1:-2], names[:1:-2])
