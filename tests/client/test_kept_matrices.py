"""Matrices that a server keeps: put once, named by every research method, and sent again where they have left."""

import asyncio
import pickle
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from meanrev_wire.matrix_ids import matrix_id

GRID = {"entry": [1.0, 2.0], "exit": [0.0], "lookback": [10]}
METHODS = {
    "fit_ou": {"dt": 0.5},
    "tests": {},
    "stats": {"kind": "equity"},
    "sweep": {**GRID, "walk_forward": (200, 50)},
    "scan": {"alpha": 1.0, "null_universes": 0},
    "backtest": {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 0.0},
    "reality_check": {"resamples": 99, "benchmark": 7},
    "rolling": {"kind": "cara", "window": 100},
}


@pytest.fixture(scope="module")
def frame():
    """(400, 4) prices by day; a label is a number, and one a pair."""
    rng = np.random.default_rng(3)
    values = 50 + 0.3 * np.cumsum(rng.normal(size=(400, 1)), axis=0) + rng.normal(size=(400, 4))
    days = pd.date_range("2021-03-01", periods=400, tz="UTC")
    return pd.DataFrame(values, index=days, columns=pd.Index(["KO", 7, ("a", 1), "PEP"], tupleize_cols=False))


def milliseconds(frame):
    return frame.index.as_unit("ms").asi8


class Sent:
    """What a client sends, by method."""

    def __init__(self, client, monkeypatch):
        self.calls = []
        stream, unary = client._transport.stream, client._transport.unary

        def counted(path, messages, timeout):
            held = list(messages)
            self.calls.append((path.rpartition("/")[2], sum(map(len, held))))
            return stream(path, iter(held), timeout)

        def one(path, data, timeout):
            self.calls.append((path.rpartition("/")[2], len(data)))
            return unary(path, data, timeout)

        monkeypatch.setattr(client._transport, "stream", counted)
        monkeypatch.setattr(client._transport, "unary", one)

    def taken(self):
        """Return the methods that were called since the last time, each with whether it carried the matrix."""
        taken, self.calls = self.calls, []
        return [(method, nbytes > 4000) for method, nbytes in taken]


@pytest.fixture
def sent(client, monkeypatch):
    return Sent(client, monkeypatch)


@pytest.fixture(autouse=True)
def nothing_kept(where):
    """The server is shared by all tests, and keeps nothing at the beginning of each."""
    with mr.Client(where) as other:
        for left in other.matrices(limit=1000):
            other.drop(left)


@pytest.fixture
def data(client, frame):
    """The frame as it is kept."""
    return client.put(frame)


def answers(client, method, prices):
    """Return a method's answer without what differs from call to call."""
    found = getattr(client, method)(prices, **METHODS[method])
    return found, {name: value for name, value in found.meta.items() if name not in {"elapsed_ms", "address"}}


def test_its_id_is_a_hash_of_names_times_and_numbers(data, frame):
    stamps = milliseconds(frame).astype("<i8")
    names = ["KO", "7", "('a', 1)", "PEP"]
    told = b"meanrev matrix 1\n" + (400).to_bytes(8, "little") + (4).to_bytes(8, "little")
    told += b"".join(len(name).to_bytes(8, "little") + name.encode() for name in names)
    told += (400).to_bytes(8, "little") + stamps.tobytes() + frame.to_numpy().T.tobytes()
    assert data.matrix_id == sha256(told).hexdigest()
    assert (data.rows, data.cols, data.nbytes, data.columns) == (400, 4, 400 * 5 * 8, ("KO", 7, ("a", 1), "PEP"))
    assert 0 < data.stored_ms <= data.used_ms


@pytest.mark.parametrize("method", METHODS)
def test_a_research_method_takes_it_and_sends_nothing(client, sent, data, frame, method):
    by_frame = answers(client, method, frame)
    sent.taken()
    assert answers(client, method, data) == by_frame
    assert [carried for _, carried in sent.taken()] == [False]
    client.drop(data)
    sent.taken()
    assert answers(client, method, data) == by_frame, "sent again by itself"
    named, put, again = sent.taken()
    assert named == again
    assert put == ("PutMatrix", True)


def test_bars_come_in_the_container_that_was_put(client, data, frame):
    by_id, by_frame = (client.backtest(prices, **METHODS["backtest"], path=True) for prices in (data, frame))
    pd.testing.assert_frame_equal(by_id.path.equity, by_frame.path.equity)
    part = client.backtest(data.part(), **METHODS["backtest"], path=True)
    np.testing.assert_array_equal(part.path.equity, by_frame.path.equity.to_numpy())


def test_it_is_put_once(client, sent, data, frame):
    sent.taken()
    again = client.put(frame.copy())
    assert sent.taken() == [("PutMatrix", False)]
    assert again.matrix_id == data.matrix_id
    assert client.put(data).matrix_id == data.matrix_id


def test_one_series_stays_one(client, frame):
    kept = client.put(frame["KO"])
    assert (kept.rows, kept.cols, kept.columns) == (400, 1, ("KO",))
    assert client.fit_ou(kept) == client.fit_ou(frame["KO"])
    assert isinstance(client.fit_ou(kept).theta, float)
    rule = METHODS["backtest"]
    assert client.backtest(kept, **rule) == client.backtest(frame["KO"], **rule)


def test_other_methods_take_its_numbers_where_they_are_here(client, data, frame):
    pd.testing.assert_frame_equal(client.pca(data).components, client.pca(frame).components)
    with pytest.raises(mr.InvalidInput, match="returns must hold numbers, and the server alone has those of this kept"):
        client.pca(client.matrix(data.matrix_id))


class TestByAnId:
    def test_it_is_found_with_its_names_and_times(self, client, data, frame):
        found = client.matrix(data.matrix_id)
        assert (found.columns, found.rows) == (("KO", "7", "('a', 1)", "PEP"), 400)
        by_text = frame.set_axis(list(found.columns), axis=1)
        for method in ("fit_ou", "sweep"):
            one, other = (answers(client, method, prices)[0] for prices in (found, by_text))
            assert one == other
        one, other = (answers(client, "backtest", prices)[0].trades for prices in (found, by_text))
        np.testing.assert_array_equal(one.profit, other.profit)
        np.testing.assert_array_equal(one.entry_time, other.entry_time.tz_localize(None).to_numpy())
        assert client.reality_check(found, **{**METHODS["reality_check"], "benchmark": "7"}).best != ""

    def test_it_is_not_sent_again(self, client, data):
        found = client.matrix(data.matrix_id)
        client.drop(data)
        with pytest.raises(mr.InvalidInput, match="matrix_id must be of a matrix that PutMatrix keeps") as missing:
            client.fit_ou(found)
        assert missing.value.code == "NOT_FOUND"
        assert pickle.loads(pickle.dumps(missing.value)).code == "NOT_FOUND"

    def test_one_of_a_list_has_no_names(self, client, data):
        (listed,) = client.matrices()
        assert (listed.matrix_id, listed.rows, listed.columns) == (data.matrix_id, 400, ())
        with pytest.raises(
            mr.InvalidInput, match=r"prices must have columns, which a list of matrices does not; matrix"
        ):
            client.fit_ou(listed)
        with pytest.raises(mr.InvalidInput, match=r"prices must have columns"):
            client.backtest(listed, **METHODS["backtest"])
        assert client.drop(listed).matrix_id == data.matrix_id
        assert client.matrices() == ()

    def test_one_series_of_it_needs_its_numbers_for_the_path_of_bars(self, client, data):
        one = client.matrix(data.matrix_id).part(["KO"])
        with pytest.raises(mr.InvalidInput, match="prices must hold numbers"):
            client.backtest(one, **METHODS["backtest"])

    @pytest.mark.parametrize("given", ["x", "A" * 64, 3, None])
    def test_what_is_no_id(self, client, given):
        for method in (client.matrix, client.drop):
            with pytest.raises(mr.InvalidInput, match="matrix_id must be 64 hexadecimal digits"):
                method(given)

    @pytest.mark.parametrize("limit", [0, 1001])
    def test_a_limit_of_the_list(self, client, limit):
        with pytest.raises(mr.InvalidInput, match="limit must be from 1 to 1000"):
            client.matrices(limit=limit)


class TestParts:
    @pytest.mark.parametrize("here", [True, False])
    def test_a_part_is_what_the_frame_of_it_is(self, client, sent, data, frame, here):
        whole = data if here else client.matrix(data.matrix_id)
        part = whole.part(["PEP", "KO"], first_row=20, stop_row=380).part(first_row=5)
        cut = frame[["PEP", "KO"]][25:380]
        assert (part.rows, part.cols, part.columns, part.matrix_id) == (355, 2, ("PEP", "KO"), data.matrix_id)
        for method in ("fit_ou", "tests", "sweep", "scan"):
            assert answers(client, method, part)[0] == answers(client, method, cut)[0]
        sent.taken()
        assert client.fit_ou(part) == client.fit_ou(cut)
        assert sent.taken() == [("FitOu", False), ("FitOu", True)]
        own = client.put(part)
        assert own.matrix_id == matrix_id(cut.to_numpy(), ["PEP", "KO"], milliseconds(cut))
        assert (client.fit_ou(own), own.columns) == (client.fit_ou(cut), ("PEP", "KO"))

    def test_a_dropped_whole_is_sent_again_for_its_part(self, client, data, frame):
        client.drop(data)
        assert client.fit_ou(data.part([7])) == client.fit_ou(frame[[7]])
        assert [kept.matrix_id for kept in client.matrices()] == [data.matrix_id]

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"columns": ["KO", "X"]}, r"columns\[1\] must be of the kept matrix, such as 'KO', got 'X'"),
            ({"columns": ["KO", "KO"]}, r"columns\[1\] must differ from each other"),
            ({"columns": []}, "columns must be a list of at least one name"),
            ({"columns": "KO"}, "columns must be a list of at least one name"),
            ({"first_row": 400}, "first_row must be from 0 to 399, the last row, got 400"),
            ({"first_row": -1}, "first_row must be from 0 to 399"),
            ({"first_row": 9, "stop_row": 9}, "stop_row must be from 10 to 400, the number of rows, got 9"),
            ({"stop_row": 401}, "stop_row must be from 1 to 400"),
        ],
    )
    def test_what_is_not_there(self, data, given, said):
        with pytest.raises(mr.InvalidInput, match=said):
            data.part(**given)


class TestAppend:
    def test_the_rows_follow(self, client, sent, data, frame):
        first = client.put(frame[:390])
        sent.taken()
        longer = client.append(first, frame[390:])
        assert sent.taken() == [("AppendRows", False)]
        assert (longer.matrix_id, longer.rows, longer.columns) == (data.matrix_id, 400, data.columns)
        assert answers(client, "sweep", longer)[0] == answers(client, "sweep", frame)[0]
        for kept in (first, longer):
            client.drop(kept)
        assert client.fit_ou(longer) == client.fit_ou(frame), "sent again as one"
        assert client.append(first, frame[390:]).matrix_id == data.matrix_id, "the first part is sent again"

    def test_arrays_and_single_series(self, client, prices):
        whole = client.put(prices)
        assert client.append(client.put(prices[:300]), prices[300:]).matrix_id == whole.matrix_id
        series = client.append(client.put(prices[:399, 0]), prices[399:, 0])
        assert client.fit_ou(series) == client.fit_ou(prices[:, 0])

    def test_where_the_server_alone_has_the_numbers(self, client, data, frame):
        client.put(frame[:390])
        named = client.matrix(client.put(frame[:390]).matrix_id)
        longer = client.append(named, frame[390:].set_axis(list(named.columns), axis=1))
        assert longer.matrix_id == data.matrix_id
        assert client.fit_ou(longer).theta.tolist() == client.fit_ou(frame).theta.tolist()

    def test_what_does_not_follow(self, client, data, frame):
        later = frame.shift(400, freq="D")
        for rows, said in (
            (later.iloc[:, :3], r"rows must have shape \(t, 4\) with t >= 1, as the kept matrix, got \(400, 3\)"),
            (later[:0], "rows must have shape"),
            (later.to_numpy(), "rows must have times, as the kept matrix"),
            (frame, "must increase strictly from row to row"),
            (later.iloc[:, ::-1], "must be those of the kept matrix, in its order: 'KO' here"),
        ):
            with pytest.raises(mr.InvalidInput, match=said):
                client.append(data, rows)
        with pytest.raises(mr.InvalidInput, match="matrix must be a whole kept matrix, and not a part of one"):
            client.append(data.part(["KO"]), later)
        with pytest.raises(mr.InvalidInput, match="rows must have no times, like the kept matrix"):
            client.append(client.put(frame.to_numpy()), later)


def test_names_are_given_when_it_is_put(client, data, prices):
    for series, names in ((prices, ["x", "y", "z"]), (prices[:, 1], ["y"])):
        kept = client.put(series, asset_ids=names)
        assert kept.columns == tuple(names)
        assert client.fit_ou(kept) == client.fit_ou(series, asset_ids=names)
        assert client.fit_ou(kept.part(first_row=9)) == client.fit_ou(series[9:], asset_ids=names)
    assert client.fit_ou(client.put(prices).part(["2", "0"])).asset_id == ("2", "0")
    with pytest.raises(mr.InvalidInput, match=r"asset_ids must be left out beside a kept matrix.*part\(columns\)"):
        client.fit_ou(data, asset_ids=["A", "B", "C", "D"])


def test_numbers_that_changed_are_not_taken_for_those_that_were_put(client, prices):
    values = prices.copy()
    kept = client.put(values)
    before = client.fit_ou(kept)
    values[7, 1] += 1
    assert client.fit_ou(kept) == before, "the server has those that were put"
    client.drop(kept)
    with pytest.raises(mr.InvalidInput, match="prices must be as they were when they were put"):
        client.fit_ou(kept)


def test_a_job_of_it_is_the_job_of_its_numbers(client, data, frame):
    job = client.submit("fit_ou", data, dt=0.25)
    assert job.job_id == client.submit("fit_ou", frame, dt=0.25).job_id
    assert job.result() == client.fit_ou(frame, dt=0.25)
    client.drop(data)
    assert client.submit("fit_ou", data, dt=0.125).result() == client.fit_ou(frame, dt=0.125)


@pytest.mark.parametrize("known", [True, False])
def test_an_estimate_is_that_of_its_numbers(client, data, frame, known):
    kept = data if known else client.matrix(data.matrix_id)
    by_id, sent = (client.sweep(prices, **GRID, dry_run=True) for prices in (kept, frame))
    assert (by_id.work, by_id.peak_bytes) == (sent.work, sent.peak_bytes)


class TestCache:
    @pytest.fixture
    def cached(self, where):
        with mr.Client(where, cache=True) as connected:
            yield connected

    def test_one_matrix_is_sent_once_to_all_methods(self, cached, client, monkeypatch, frame):
        sent = Sent(cached, monkeypatch)
        assert answers(cached, "fit_ou", frame) == answers(client, "fit_ou", frame)
        assert sent.taken() == [("FitOu", False), ("PutMatrix", True), ("FitOu", False)]
        for method in METHODS:
            assert answers(cached, method, frame) == answers(client, method, frame)
        assert not any(carried for _, carried in sent.taken())

    def test_it_is_sent_again_once_it_has_left(self, cached, monkeypatch, frame):
        before = cached.fit_ou(frame)
        (kept,) = cached.matrices()
        cached.drop(kept)
        sent = Sent(cached, monkeypatch)
        assert cached.fit_ou(frame) == before
        assert sent.taken() == [("FitOu", False), ("PutMatrix", True), ("FitOu", False)]

    def test_changed_numbers_are_another_matrix(self, cached, client, prices):
        values = prices.copy()
        cached.fit_ou(values)
        values[5] += 1
        assert cached.fit_ou(values) == client.fit_ou(values)

    def test_names_and_one_series(self, cached, client, prices):
        names = ["x", "y", "z"]
        assert cached.fit_ou(prices, asset_ids=names) == client.fit_ou(prices, asset_ids=names)
        assert cached.sweep(prices[:, 1], **GRID) == client.sweep(prices[:, 1], **GRID)

    def test_copies_of_the_client_have_it(self, cached):
        assert pickle.loads(pickle.dumps(cached)).cache is True
        assert mr.Client("local").cache is False


def test_a_server_that_keeps_nothing_answers_nevertheless(frame):
    with mr.serve(grace_s=0, kept_matrix_bytes=0) as address, mr.Client(address, cache=True) as cached:
        assert cached.fit_ou(frame) == mr.Client(address).fit_ou(frame)
        with pytest.raises(mr.InvalidInput, match=r"prices must take at most 0 bytes to be kept; kept_matrix_bytes \("):
            cached.put(frame)


async def test_the_asyncio_client_does_the_same(where, frame):
    async with mr.AsyncClient(where) as client, mr.AsyncClient(where, cache=True) as cached:
        by_frame = await client.fit_ou(frame)
        kept = await client.put(frame)
        assert await client.fit_ou(kept) == by_frame
        await client.drop(kept)
        both = await asyncio.gather(client.fit_ou(kept), cached.fit_ou(frame), client.fit_ou(kept.part(["KO"])))
        assert both[0] == both[1] == by_frame
        (listed,) = await client.matrices()
        assert (await client.matrix(listed.matrix_id)).rows == 400
        assert (await client.append(kept, frame.shift(400, freq="D"))).rows == 800
        job = await client.submit("fit_ou", kept)
        assert await job.result() == by_frame
        for left in await client.matrices():
            await client.drop(left)
