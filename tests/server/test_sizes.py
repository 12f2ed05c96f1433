"""Sizes of matrices and answers: admitted or refused as a whole, cut into parts, and known before the work."""

import asyncio
import json
import queue
import tracemalloc
from contextlib import contextmanager
from dataclasses import replace

import grpc
import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpu_kernels.dispatch import Selection, using
from meanrev_server.admission import Admission
from meanrev_server.app import App
from meanrev_server.capacity import Capacity
from meanrev_server.config import ConfigError, Settings
from meanrev_server.errors import LimitReached
from meanrev_server.matrix_upload import UploadedMatrix, begin
from meanrev_server.outline import Outline
from meanrev_server.research import grid_sweep
from meanrev_server.research.answer import PART_BYTES, Answer
from meanrev_server.research.catalogue import TASKS
from meanrev_server.research.prepared import Request
from meanrev_wire import codec, meanrev_pb2, research_pb2
from tests.server.research import Research, chunks
from tests.server.serving import serving

KIB, MIB = 1024, 1024**2
TIGHT = {
    "max_matrix_bytes": MIB,
    "max_bytes_in_flight": MIB,
    "max_message_bytes": 64 * KIB,
    "max_queue_bytes": 64 * KIB,
}
"""A matrix that fills the server: nothing beside it is let in, and none of its chunks may count twice."""


def matrix(n_rows, n_columns, seed=1):
    rng = np.random.default_rng(seed)
    values = np.full((n_rows, n_columns), 100.0)
    for t in range(1, n_rows):
        values[t] = 100 + 0.9 * (values[t - 1] - 100) + rng.normal(0, 1, n_columns)
    return values


def refusal(ask, method, request):
    with pytest.raises(grpc.RpcError) as refused:
        ask(method, request)
    return refused.value.code(), refused.value.details(), dict(refused.value.trailing_metadata())


async def uploaded(messages, call):
    return await (await begin(messages, call)).table()


async def iterated(messages):
    for message in messages:
        yield message


async def forwarded(waiting):
    while (message := await waiting.get()) is not None:
        yield message


@contextmanager
def stalled(first):
    """Send one chunk, and nothing more while the context is open: what is answered is answered without the rest."""
    waiting = queue.SimpleQueue()
    waiting.put(first)
    try:
        yield iter(waiting.get, None)
    finally:
        waiting.put(None)


class TestAdmission:
    @pytest.mark.parametrize("announced", [True, False])
    def test_a_lone_matrix_of_the_largest_size_passes(self, announced):
        values = matrix(MIB // 8 // 32, 32)
        with serving(**TIGHT | {"max_bytes_in_flight": 8 * MIB}) as address, Research(address) as ask:
            parts = chunks(values, 200, total=len(values) if announced else 0)
            assert len(ask("FitOu", parts)[-1].result.theta) == 32
            job = ask("SubmitJob", chunks(values, 200, total=len(values) if announced else 0, method="FitOu"))
            assert list(ask("WatchJob", research_pb2.JobRequest(job_id=job.job_id)))[-1].status == "done"

    async def test_beside_another_it_is_told_to_come_again(self):
        values, app, door = matrix(MIB // 8 // 32, 32), App(Settings(**TIGHT)), Admission(Capacity(9, MIB, 10**9))
        parts = [part.SerializeToString() for part in chunks(values, 200, total=len(values))]
        sending = asyncio.Queue()
        sending.put_nowait(parts[0])
        with door.admit() as ticket, door.admit() as other:
            held = asyncio.ensure_future(uploaded(forwarded(sending), replace(app.call, ticket=ticket)))
            while door.load.nbytes < MIB:  # noqa: ASYNC110 - the room is taken once the chunk has been read
                await asyncio.sleep(0)
            small = chunks(matrix(4, 2), total=4)[0].SerializeToString()
            with pytest.raises(LimitReached, match="try again later") as busy:
                await uploaded(iterated([small]), replace(app.call, ticket=other))
            assert busy.value.passing
            for part in [*parts[1:], None]:
                sending.put_nowait(part)
            np.testing.assert_array_equal((await held).values, values)
            ticket.release()
            assert (await uploaded(iterated([small]), replace(app.call, ticket=other))).values.shape == (4, 2)
        app.close()

    @pytest.mark.parametrize("method", ["FitOu", "SubmitJob"])
    def test_what_can_never_fit_is_refused_at_its_first_chunk(self, method):
        values = matrix(100, 32)
        with serving(**TIGHT) as address, Research(address) as ask:
            first = chunks(values, 100, total=5000, **({"method": "FitOu"} if method == "SubmitJob" else {}))[0]
            with stalled(first) as sent:
                code, details, trailing = refusal(ask, method, sent)
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert f"must take at most {MIB} bytes" in details
        assert "max_matrix_bytes (MEANREV_MAX_MATRIX_BYTES)" in details
        assert f"got {5000 * 32 * 8}" in details
        assert trailing["grpc-retry-pushback-ms"] == "-1"
        assert json.loads(trailing["meanrev-error"])["value"] == 5000 * 32 * 8

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"figures": ["sharp"]}, "metadata.figures must be one of"),
            ({"entry": [2.0, 1.0]}, "metadata.entry[1] must ascend"),
            ({"lookback": [10, 10]}, "metadata.lookback must not repeat"),
            ({"entry": "0.5:3:0.0001", "exit": "-0.5:0.4:0.001"}, "cells must be at most 1000000"),
        ],
    )
    def test_options_are_refused_before_the_matrix_is_sent(self, options, words):
        first = chunks(matrix(10, 2), 10, total=20, **options)[0]
        with serving(**TIGHT) as address, Research(address) as ask, stalled(first) as sent:
            code, details, _ = refusal(ask, "SweepThresholds", sent)
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert words in details

    def test_a_promise_takes_no_memory(self):
        n_columns, n_rows = 128, 2**20
        first = chunks(matrix(10, n_columns), 10, total=n_rows)[0]
        with serving() as address, Research(address) as ask:
            ask("FitOu", chunks(matrix(40, n_columns), total=40))
            process = psutil.Process()
            before = process.memory_info().rss
            grown = []

            def measured():
                yield first
                grown.append(process.memory_info().rss - before)

            code, details, _ = refusal(ask, "FitOu", measured())
            grown.append(process.memory_info().rss - before)
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert "total_rows must be what the chunks hold, 10" in details
        assert max(grown) < 8 * n_rows * n_columns / 4

    def test_a_width_without_numbers_is_refused_and_named_by_no_one(self):
        chunk = research_pb2.MatrixChunk(block=meanrev_pb2.Matrix(rows=1, cols=2**27))
        estimate = research_pb2.MatrixChunk(total_rows=1, total_columns=2**27, metadata='{"dry_run": true}')
        with serving() as address, Research(address) as ask:
            code, details, _ = refusal(ask, "FitOu", [chunk])
            assert code is grpc.StatusCode.INVALID_ARGUMENT
            assert "must hold rows * cols" in details
            assert ask("FitOu", [estimate])[-1].estimate.work == 2**27

    def test_many_names_are_looked_through_once(self):
        """Names that were compared with all before them would take several minutes."""
        n_columns = 100_000
        values, names = np.ones((1, n_columns)), [f"n{i}" for i in range(n_columns)]
        with serving() as address, Research(address) as ask:
            last = ask("FitOu", chunks(values, columns=names))
            assert [name for reply in last for name in reply.result.columns] == names
            code, details, _ = refusal(ask, "FitOu", chunks(values, columns=[*names[:-1], "n7"]))
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert "columns must differ from each other, got 'n7'" in details


class TestSettings:
    @pytest.mark.parametrize(
        ("settings", "names"),
        [
            ({"max_matrix_bytes": 2**33}, ("max_matrix_bytes = 8589934592", "max_bytes_in_flight = 4294967296")),
            ({"max_bytes_in_flight": MIB}, ("max_message_bytes = 67108864", "max_bytes_in_flight = 1048576")),
            ({"max_queue_bytes": MIB}, ("max_message_bytes = 67108864", "max_queue_bytes = 1048576")),
            ({"max_batch_size": 9, "max_queue_calls": 8}, ("max_batch_size = 9", "max_queue_calls = 8")),
            ({"gpus": 2, "worker": "thread"}, ("gpus must be 1", "'thread'")),
            ({"gpus": 2, "backend": "numpy"}, ("gpus = 2", "backend = 'numpy'")),
            (
                {"default_deadline_s": 0.1, "max_queue_delay_us": 100_000},
                ("default_deadline_s = 0.1", "max_queue_delay_us = 100000"),
            ),
        ],
    )
    async def test_those_that_contradict_each_other_are_refused_at_the_start(self, settings, names):
        app = App(Settings(listen="127.0.0.1:0", backend="numpy") if "gpus" not in settings else Settings())
        app.settings = Settings(listen="127.0.0.1:0", **settings)
        with pytest.raises(ConfigError) as refused:
            await app.start()
        app.close()
        assert all(name in str(refused.value) for name in names)

    def test_the_defaults_and_one_lowered_limit_agree(self):
        Settings().check()
        Settings(max_queue_calls=1).check()
        Settings(max_matrix_bytes=4096).check()
        Settings(max_bytes_in_flight=2 * 1024**3).check()


def rebuilt(parts, reply_type):
    """Join parts as protobuf itself does: serialised messages that follow each other merge."""
    whole = reply_type()
    for part in parts:
        whole.MergeFromString(part)
    return whole


RESULT = {
    "columns": ["A", "B", "C"],
    "entry_zscore": np.arange(4.0),
    "lookback": np.array([1, 300, -1, 1 << 40]),
    "n_cells": 4,
    "best": [research_pb2.CellChoice(column="A", cell=2), research_pb2.CellChoice(column="B", cell=-1)],
    "figures": [{"name": "sharpe_ratio", "values": np.arange(12.0).reshape(3, 4)}],
}


class TestParts:
    def answer(self):
        return Answer(RESULT, extras={"n_cells": 4})

    def parts(self, *most):
        return list(self.answer().parts(research_pb2.SweepReply, 12, (), *most))

    def test_a_small_answer_is_what_protobuf_would_write(self):
        parts = self.parts()
        plain = codec.encode(research_pb2.SweepReply, done=12, total=12, metadata='{"n_cells": 4}', result=RESULT)
        assert parts == [plain]

    @given(st.integers(300, 1200))
    def test_lists_join_in_order_and_blocks_say_where_they_belong(self, most):
        parts = self.parts(most)
        assert all(len(part) <= most for part in parts)
        whole = rebuilt(parts, research_pb2.SweepReply).result
        assert list(whole.columns) == ["A", "B", "C"]
        assert list(whole.entry_zscore) == [0, 1, 2, 3]
        assert list(whole.lookback) == [1, 300, -1, 1 << 40]
        assert list(whole.best) == RESULT["best"]
        figure = np.full((3, 4), np.nan)
        for block in whole.figures:
            values = codec.matrix(block.values, "values")
            rows = slice(block.first_column, block.first_column + values.shape[0])
            figure[rows, block.first_cell : block.first_cell + values.shape[1]] = values
        np.testing.assert_array_equal(figure, RESULT["figures"][0]["values"])

    def test_single_numbers_are_in_the_first_part_alone(self):
        parts = [research_pb2.SweepReply.FromString(part) for part in self.parts(300)]
        assert len(parts) > 2
        assert [part.result.n_cells for part in parts] == [4] + [0] * (len(parts) - 1)
        assert [bool(part.metadata) for part in parts] == [True] + [False] * (len(parts) - 1)
        assert all(part.done == part.total == 12 for part in parts)

    def test_lists_beside_the_result_and_paths_are_cut_too(self):
        notes = [research_pb2.ColumnNote(column=f"c{i}", status="error", reason="x" * 50) for i in range(40)]
        pairs = {"y": [str(i) for i in range(40)], "period_half_life": np.arange(120.0).reshape(40, 3)}
        answer = Answer(pairs, {"n_pairs": 9, "notes": notes})
        parts = [research_pb2.ScanReply.FromString(part) for part in answer.parts(research_pb2.ScanReply, 1, (), 600)]
        assert [note.column for part in parts for note in part.notes] == [f"c{i}" for i in range(40)]
        plain = [{"column": note.column, "status": note.status, "reason": note.reason} for note in notes]
        again = list(Answer({}, {"notes": plain}).parts(research_pb2.ScanReply, 1, (), 600))
        assert [note for part in again for note in research_pb2.ScanReply.FromString(part).notes] == notes
        assert all(len(part) <= 600 for part in again)
        halves = [value for part in parts for value in part.result.period_half_life.values]
        assert halves == list(range(120))
        assert [part.n_pairs for part in parts if part.n_pairs] == [9]

    def test_paths_say_at_which_row_they_begin(self):
        paths = {"equity": np.arange(500.0).reshape(100, 5), "returns": -np.arange(500.0).reshape(100, 5)}
        answer = Answer({"paths": {"first_row": 0, **paths}})
        found = {name: np.full((100, 5), np.nan) for name in paths}
        parts = [
            research_pb2.BacktestReply.FromString(part).result.paths
            for part in answer.parts(research_pb2.BacktestReply, 1, (), 1000)
        ]
        for part in parts:
            for name in paths:
                if part.HasField(name):
                    values = codec.matrix(getattr(part, name), name)
                    found[name][part.first_row : part.first_row + len(values)] = values
        np.testing.assert_equal(found, paths)

    def test_an_item_larger_than_a_part_travels_alone(self):
        answer = Answer({"columns": ["a" * 5000, "b"]})
        whole = rebuilt(answer.parts(research_pb2.FitOuReply, 1, (), 4096), research_pb2.FitOuReply)
        assert [len(name) for name in whole.result.columns] == [5000, 1]


OPTIONS = {name: {} for name in TASKS} | {
    "SweepThresholds": {"entry": "0.5:2.5:0.1", "lookback": [10, 20], "figures": ["max_drawdown", "num_trades"]},
    "FitOu": {"adf_lags": 1},
    "ScanPairs": {"lookback": 20, "split": 0.99},  # so few bars to test on that every pair has a note
    "Backtest": {"entry": 1.0, "exit": 0.0, "path": True},
    "ReturnStats": {"kind": "equity"},
    "RealityCheck": {"resamples": 99},
    "TradeResiduals": {"factors": [2], "window": [60], "regression": [30], "min_dof": 5, "train": 60, "test": 30},
    "FitResiduals": {"factors": 2, "window": 60, "regression": 30, "min_dof": 5, "days": [100, 200]},
}
ASKED = [*OPTIONS.items(), ("FitOu", {"tests": ["adf", "pp", "kpss", "hurst"]}), ("FitOu", {"tests": ["half_life"]})]


def answered(request, table, progress=lambda *_: None):
    """Return the replies of a request."""
    return request.task.run(table, request.options, progress).parts(request.task.reply, request.total)


class TestEstimates:
    @pytest.mark.parametrize(("method", "options"), ASKED)
    @pytest.mark.parametrize(("n_rows", "n_columns"), [(300, 40), (2000, 7)])
    def test_an_answer_is_as_large_as_was_said(self, address, method, options, n_rows, n_columns):
        values, names = matrix(n_rows, n_columns), [f"column {i}" for i in range(n_columns)]
        sizes = {"columns": names, "total_rows": n_rows, "total_columns": n_columns}
        with Research(address) as ask:
            dry = json.dumps({**options, "dry_run": True})
            (only,) = ask(method, [research_pb2.MatrixChunk(**sizes, metadata=dry)])
            replies = ask(method, chunks(values, columns=names, total=n_rows, **options))
        actual = sum(reply.ByteSize() for reply in replies if reply.HasField("result"))
        assert not only.HasField("result")
        assert actual <= only.estimate.reply_bytes <= 1.25 * actual + 1024  # a scan has room for a note on either part

    @pytest.mark.parametrize(("method", "options"), ASKED)
    def test_memory_stays_below_what_was_said(self, method, options):
        values, names = matrix(400, 40), tuple(map(str, range(40)))
        request = Request.read(TASKS[method], Outline(400, 40, names, json.dumps(options)))
        with using(*Selection()):
            list(answered(request, UploadedMatrix(values, names, None)))  # modules are imported and tables read
            tracemalloc.start()
            for part in answered(request, UploadedMatrix(values, names, None)):
                assert len(part) <= PART_BYTES
            peak = tracemalloc.get_traced_memory()[1] + values.nbytes
            tracemalloc.stop()
        assert peak <= request.estimate.peak_bytes
        assert request.estimate.peak_bytes <= 4 * peak + 64 * MIB

    @pytest.mark.parametrize(
        ("chunk", "words"),
        [
            ({"total_columns": 3}, "total_rows must be given where dry_run asks for an estimate"),
            ({"total_rows": 3}, "chunk[0].block.cols must be between 1"),
            ({"total_rows": -1, "total_columns": 3}, "total_rows must be between 0"),
            ({"total_rows": 3, "total_columns": -1}, "total_columns must be between 1"),
            ({"total_rows": 3, "total_columns": 3, "columns": ["A"]}, "columns must hold 3 names, or none, got 1"),
        ],
        ids=str,
    )
    def test_a_size_that_is_none_is_refused(self, address, chunk, words):
        with Research(address) as ask:
            asked = research_pb2.MatrixChunk(metadata='{"dry_run": true}', **chunk)
            code, details, _ = refusal(ask, "FitOu", [asked])
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert words in details

    def test_columns_must_be_those_of_the_block(self, address):
        part = chunks(matrix(40, 3))[0]
        part.total_columns = 4
        with Research(address) as ask:
            _, details, _ = refusal(ask, "FitOu", [part])
        assert "total_columns must be what the block has, 3, got 4" in details

    def test_a_job_asks_the_method_itself(self, address):
        with Research(address) as ask:
            asked = chunks(matrix(40, 3), total=40, method="FitOu", dry_run=True)
            code, details, _ = refusal(ask, "SubmitJob", asked)
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert "metadata.dry_run must not be set for a job: FitOu itself answers it" in details

    def test_a_job_whose_result_can_never_be_kept_is_refused_before_the_upload(self):
        with serving(max_result_bytes=1000) as address, Research(address) as ask:
            first = chunks(matrix(10, 20), 10, total=40, method="FitOu")[0]
            with stalled(first) as sent:
                code, details, trailing = refusal(ask, "SubmitJob", sent)
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "more than the limit of 1000" in details
        assert "MEANREV_MAX_RESULT_BYTES" in details
        assert trailing["grpc-retry-pushback-ms"] == "-1"


class TestGroups:
    def test_groups_of_columns_change_nothing(self, monkeypatch):
        names, options = tuple("ABCDEFGHI"), {**OPTIONS["SweepThresholds"], "train": 80, "test": 40}
        table = UploadedMatrix(matrix(200, 9), names, None)
        request = Request.read(TASKS["SweepThresholds"], Outline(200, 9, names, json.dumps(options)))
        done = []
        whole = next(answered(request, table))
        monkeypatch.setattr(grid_sweep, "group_columns", lambda *_: 2)
        assert next(answered(request, table, lambda *each: done.append(each))) == whole
        assert done == sorted(done)
        assert done[-1][0] == done[-1][1]
