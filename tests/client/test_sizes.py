"""Large matrices and large answers: what fits arrives whole, what can never fit is refused first, and parts join."""

import asyncio

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from meanrev.methods import chunks
from meanrev.methods.parts import Fetched, Joined, JoinedSweep
from meanrev.results import Estimate
from meanrev.transport.blocking import BlockingTransport
from meanrev_wire import codec, research_pb2

GRID = {"entry": "0.5:2.5:0.25", "exit": "-0.5:0.5:0.25", "cost_per_side": [0.0, 0.001], "lookback": [10, 20]}
SMALL = 16 * 1024
"""Of a message: answers of a few kilobytes travel in parts."""


@pytest.fixture(scope="module")
def narrow():
    """A server whose messages are small."""
    with mr.serve(max_message_bytes=SMALL, grace_s=0) as where:
        yield where


@pytest.fixture
def universe():
    rng = np.random.default_rng(3)
    values = np.full((120, 60), 50.0)
    for t in range(1, len(values)):
        values[t] = values[t - 1] + 0.1 * (50 - values[t - 1]) + rng.normal(0, 0.5, 60)
    return values


@pytest.fixture
def cut_small(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 8 * 1024)


@pytest.fixture
def counted(monkeypatch):
    """Paths that the blocking transport was asked for."""
    paths = []

    def counting(name):
        real = getattr(BlockingTransport, name)

        def call(self, path, *args):
            paths.append(path.rpartition("/")[2])
            return real(self, path, *args)

        monkeypatch.setattr(BlockingTransport, name, call)

    counting("unary")
    counting("stream")
    return paths


class TestAnswersInParts:
    @pytest.mark.parametrize("figures", [None, ["max_drawdown"], ["num_trades", "win_rate", "total_costs"]])
    def test_a_sweep_in_parts_is_the_sweep_in_one(self, narrow, address, universe, cut_small, figures):
        with mr.Client(narrow) as parts, mr.Client(address) as whole:
            asked = {**GRID, "figures": figures, "walk_forward": (60, 20)}
            assert parts.sweep(universe, **asked) == whole.sweep(universe, **asked)

    def test_a_row_of_figures_larger_than_a_message_is_cut_within_it(self, narrow, address, universe, cut_small):
        fine = {**GRID, "entry": mr.grid(0.5, 3, 0.01), "exit": mr.grid(-0.5, 0.5, 0.1)}
        with mr.Client(narrow) as parts, mr.Client(address) as whole:
            found = parts.sweep(universe[:, :3], **fine)
            assert 8 * found.entry_zscore.size > SMALL
            assert found == whole.sweep(universe[:, :3], **fine)

    def test_fits_and_pairs_in_parts_are_those_in_one(self, narrow, address, universe, cut_small):
        with mr.Client(narrow) as parts, mr.Client(address) as whole:
            many = np.tile(universe, (1, 5)) * np.linspace(1, 2, 300)
            assert parts.fit_ou(many) == whole.fit_ou(many)
            assert parts.scan(universe[:, :30], alpha=1.0) == whole.scan(universe[:, :30], alpha=1.0)

    @pytest.mark.parametrize("method", ["sweep", "fit_ou", "scan"])
    def test_a_job_keeps_its_parts(self, narrow, address, universe, cut_small, method):
        options = {"sweep": GRID, "fit_ou": {}, "scan": {"alpha": 1.0}}[method]
        with mr.Client(narrow) as parts, mr.Client(address) as whole:
            job = parts.submit(method, universe, **options)
            direct = getattr(whole, method)(universe, **options)
            assert job.result() == direct
            assert parts.job(job.job_id).result() == direct

    def test_asyncio_joins_them_too(self, narrow, universe, cut_small):
        async def both():
            async with mr.AsyncClient(narrow) as client:
                job = await client.submit("sweep", universe, **GRID)
                return await client.sweep(universe, **GRID), await job.result()

        swept, fetched = asyncio.run(both())
        assert swept == fetched
        assert np.isfinite(swept.figures.sharpe_ratio).any()

    def test_a_small_answer_is_one_reply_with_the_figures_at_the_origin(self, address, universe):
        with mr.Client(address) as client:
            replies = list(
                client._transport.stream(
                    "/meanrev.MeanRevResearch/SweepThresholds",
                    iter(chunks.MatrixChunks(chunks.matrix(universe), [str(i) for i in range(60)], "{}")),
                    60,
                )
            )
        last = [research_pb2.SweepReply.FromString(reply) for reply in replies]
        assert sum(reply.HasField("result") for reply in last) == 1
        assert all(figure.first_column == figure.first_cell == 0 for figure in last[-1].result.figures)

    def test_a_lost_connection_in_the_middle_mixes_no_two_attempts(self, narrow, universe, cut_small, monkeypatch):
        real, attempts = BlockingTransport.stream, []

        def failing(self, path, messages, timeout):
            attempts.append(path)
            n_results = 0
            for reply in real(self, path, messages, timeout):
                n_results += research_pb2.SweepReply.FromString(reply).HasField("result")
                if len(attempts) == 1 and n_results == 3:
                    raise mr.ConnectionFailed("lost")
                yield reply

        with mr.Client(narrow) as client:
            expected = client.sweep(universe, **GRID)
            monkeypatch.setattr(BlockingTransport, "stream", failing)
            assert client.sweep(universe, **GRID) == expected
        assert len(attempts) == 2


class TestJoining:
    def test_parts_may_come_in_any_order(self):
        joined = JoinedSweep(research_pb2.SweepReply)
        figure = {"name": "sharpe_ratio", "first_column": 1, "first_cell": 1, "values": np.array([[4.0]])}
        joined.append(codec.encode(research_pb2.SweepReply, result={"figures": [figure]}))
        rest = [
            {"name": "sharpe_ratio", "values": np.array([[1.0, 2.0]])},
            {"name": "sharpe_ratio", "first_column": 1, "values": np.array([[3.0]])},
        ]
        names = {"columns": ["A", "B"], "entry_zscore": np.ones(2)}
        joined.append(codec.encode(research_pb2.SweepReply, result={**names, "figures": rest}))
        np.testing.assert_array_equal(joined.value().figures["sharpe_ratio"], [[1.0, 2.0], [3.0, 4.0]])

    def test_a_missing_part_is_an_error(self):
        joined = JoinedSweep(research_pb2.SweepReply)
        names = {"columns": ["A", "B"], "entry_zscore": np.ones(2)}
        figure = {"name": "sharpe_ratio", "values": np.array([[1.0, 2.0]])}
        joined.append(codec.encode(research_pb2.SweepReply, result={**names, "figures": [figure]}))
        with pytest.raises(mr.ServerError, match="before figure 'sharpe_ratio' was whole"):
            joined.value()

    def test_single_numbers_are_those_of_the_first_part_and_matrices_grow(self):
        joined = Joined(research_pb2.ScanReply)
        for number, n_pairs in enumerate((7, 0)):
            result = {"y": [f"y{number}"], "theta": np.array([number + 0.5]), "period_half_life": np.ones((1, 3))}
            joined.append(codec.encode(research_pb2.ScanReply, done=1, total=1, result=result, n_pairs=n_pairs))
        reply = joined.value()
        assert (list(reply.result.y), list(reply.result.theta), reply.n_pairs) == (["y0", "y1"], [0.5, 1.5], 7)
        assert codec.matrix(reply.result.period_half_life, "period_half_life").shape == (2, 3)

    @pytest.mark.parametrize(
        "parts", [[(0, 0, 2)], [(0, 0, 1), (0, 4, 2)], [(0, 0, 2), (1, 3, 2)], [(1, 0, 2)], []], ids=str
    )
    def test_parts_of_a_job_that_do_not_join_are_an_error(self, parts):
        fetched = Fetched(research_pb2.ResultPart, lambda: Joined(research_pb2.FitOuReply))
        data = codec.encode(research_pb2.FitOuReply, result={"columns": ["A"]})
        with pytest.raises(mr.ServerError, match=r"out of turn|were announced"):
            _fetch(fetched, data, parts)


def _fetch(fetched, data, parts):
    for reply, offset, replies in parts:
        part = {"reply": reply, "offset": offset, "replies": replies, "total": len(data), "data": data}
        fetched.append(codec.encode(research_pb2.ResultPart, **part))
    fetched.value()


class TestLimits:
    @pytest.fixture
    def limited(self):
        with mr.serve(max_matrix_bytes=2 * 1024 * 1024, grace_s=0) as where:
            yield where

    def test_what_can_never_fit_is_refused_before_it_is_sent(self, limited, counted):
        with mr.Client(limited) as client:
            for _ in range(2):
                with pytest.raises(mr.InvalidInput, match=r"prices must take at most 2097152 bytes.*got 3200000") as no:
                    client.fit_ou(np.ones((4000, 100)))
                assert "MEANREV_MAX_MATRIX_BYTES" in str(no.value)
            with pytest.raises(mr.InvalidInput, match="max_matrix_bytes"):
                client.submit("sweep", np.ones((4000, 100)))
            with pytest.raises(mr.InvalidInput, match=r"^returns must take at most 2097152 bytes"):
                client.stats(np.ones((4000, 100)))
        assert set(counted) == {"Info"}

    def test_limits_are_asked_for_once_and_only_by_large_uploads(self, address, counted, universe):
        large = np.tile(universe, (20, 1))
        with mr.Client(address) as client:
            client.fit_ou(universe)
            assert counted == ["FitOu"]
            client.fit_ou(large)
            client.fit_ou(large)
        assert counted == ["FitOu", "Info", "FitOu", "FitOu"]

    def test_chunks_fit_a_server_of_small_messages(self, narrow, address, universe):
        large = np.tile(universe, (20, 3)) * np.linspace(1, 2, 180)
        stamps = 86_400_000 * np.arange(len(large))
        assert large.nbytes > chunks.LARGE_BYTES
        frame = pd.DataFrame(large, index=pd.to_datetime(stamps, unit="ms"))
        with mr.Client(narrow) as small, mr.Client(address) as other:
            assert small.fit_ou(frame) == other.fit_ou(frame)

    def test_a_row_that_fits_no_message_is_refused_first(self, narrow, counted):
        with mr.Client(narrow) as client, pytest.raises(mr.InvalidInput, match=r"MEANREV_MAX_MESSAGE_BYTES.*3000 col"):
            client.fit_ou(np.ones((100, 3000)))
        assert counted == ["Info"]

    def test_the_servers_own_refusal_says_the_same(self, limited, monkeypatch, counted):
        monkeypatch.setattr(chunks, "LARGE_BYTES", 1 << 40)
        monkeypatch.setattr("meanrev.methods.sending.LARGE_BYTES", 1 << 40)
        with (
            mr.Client(limited) as client,
            pytest.raises(mr.InvalidInput, match=r"prices must take at most 2097152 bytes.*got 3200000"),
        ):
            client.fit_ou(np.ones((4000, 100)))
        assert counted == ["FitOu"]

    def test_asyncio_asks_once_too(self, limited):
        async def ask():
            async with mr.AsyncClient(limited) as client:
                with pytest.raises(mr.InvalidInput, match="max_matrix_bytes"):
                    await client.fit_ou(np.ones((4000, 100)))
                return await client.fit_ou(np.ones((1500, 100)))

        assert len(asyncio.run(ask()).theta) == 100

    def test_a_server_that_was_told_to_take_more_is_asked_anew(self, limited, address, counted):
        with mr.Client(address) as client:
            client._upload_limits = {"max_matrix_bytes": 1000, "max_message_bytes": 1 << 20}
            client.fit_ou(np.ones((4000, 100)))
        assert counted == ["Info", "FitOu"]

    def test_info_tells_the_limits(self, client):
        found = client.info()
        assert found.max_matrix_bytes == 2 * 1024**3
        assert found.max_bytes_in_flight >= found.max_matrix_bytes
        assert found.max_work_in_flight == 10**13
        assert found.max_result_bytes == 1024**3


class TestDryRun:
    def test_nothing_is_uploaded(self, address, counted, monkeypatch):
        sent = []
        real = BlockingTransport.stream
        monkeypatch.setattr(
            BlockingTransport,
            "stream",
            lambda self, path, messages, timeout: real(self, path, _kept(messages), timeout),
        )

        def _kept(messages):
            for message in messages:
                sent.append(message)
                yield message

        with mr.Client(address) as client:
            estimate = client.sweep(np.ones((3000, 100)), dry_run=True, **GRID)
        assert isinstance(estimate, Estimate)
        assert estimate.work == 100 * 3000 * 2 * 2 * 44
        assert len(sent) == 1
        assert len(sent[0]) < 2000

    @pytest.mark.parametrize("method", ["sweep", "fit_ou", "scan"])
    def test_submit_estimates_what_the_method_does(self, client, universe, method):
        estimate = client.submit(method, universe, dry_run=True)
        direct = getattr(client, method)(universe, dry_run=True)
        assert estimate.work == direct.work > 0
        assert estimate.peak_bytes == direct.peak_bytes > universe.nbytes

    def test_time_comes_from_earlier_work(self, universe):
        with mr.serve(grace_s=0) as where, mr.Client(where) as client:
            assert client.sweep(universe, dry_run=True)["seconds"] == 0
            client.sweep(universe)
            once = client.sweep(universe, dry_run=True)["seconds"]
            twice = client.sweep(np.tile(universe, (2, 1)), dry_run=True)["seconds"]
            assert once > 0
            assert twice == pytest.approx(2 * once)

    def test_options_are_checked(self, client, universe):
        with pytest.raises(mr.InvalidInput, match="figures must be one of"):
            client.sweep(universe, figures=["sharp"], dry_run=True)
        with pytest.raises(mr.InvalidInput, match=r"entry\[1\] must ascend"):
            client.sweep(universe, entry=[2.0, 1.0], dry_run=True)

    def test_options_longer_than_a_server_reads_are_named(self, client, universe):
        with pytest.raises(mr.InvalidInput, match=r"entry must be shorter: .* 65536 bytes as JSON; a range such as"):
            client.sweep(universe, entry=np.linspace(0.5, 3, 5000))

    def test_asyncio_estimates_too(self, address, universe):
        async def ask():
            async with mr.AsyncClient(address) as client:
                return await client.sweep(universe, dry_run=True), await client.submit("fit_ou", universe, dry_run=True)

        swept, fitted = asyncio.run(ask())
        assert swept.work > fitted.work == universe.size
