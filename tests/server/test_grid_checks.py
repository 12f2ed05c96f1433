"""The reality check of a sweep's grid on the server: the operation's answer, refusals, sizes, parts of jobs."""

import json
import tracemalloc

import grpc
import numpy as np
import pytest

from gpu_kernels import grid_check, threshold_grid
from gpu_kernels.dispatch import Selection, using
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.catalogue import TASKS
from meanrev_server.research.prepared import Request
from meanrev_server.state.parts import Parts
from meanrev_wire import codec, research_pb2
from tests.server.research import NAMES, PRICES, chunks

GRID = {"entry": [1.0, 1.5, 2.0], "exit": [0.0, 0.5, 1.2], "lookback": [10, 20]}
FEW = {"resamples": 99, "n_blocks": 4, "n_folds": 4}
CELLS = threshold_grid.expand([1.0, 1.5, 2.0], [0.0, 0.5, 1.2], [0.0005], [10, 20])
P_VALUES = ("p_consistent", "p_lower", "p_upper", "p_reality_check")


def swept(ask, prices=PRICES, **check):
    return ask("SweepThresholds", chunks(prices, 150, columns=NAMES, **GRID, reality_check={**FEW, **check}))


def figure(replies, name):
    """Return a figure of all columns and cells."""
    found = np.full((5, 18), -9.0)
    for block in (one for reply in replies for one in reply.result.figures if one.name == name):
        values = codec.matrix(block.values, "values")
        found[block.first_column : block.first_column + len(values)] = values
    return found


def assert_is(message, expected, first=0):
    assert message.status == "ok"
    assert (message.best_column, message.best_cell) == (NAMES[first + expected.series], expected.cell)
    assert (message.n_periods, message.n_tried) == (expected.n_periods, expected.n_tried)
    for name in (*P_VALUES, "n_tested", "effective_tries", "block_length"):
        assert getattr(message, name) == getattr(expected.found, name), name
    assert message.pbo == expected.found.overfitting.pbo
    np.testing.assert_array_equal(message.path_sharpe_ratios, expected.found.paths.path_sharpe_ratios)
    np.testing.assert_array_equal(message.path_sharpe_std_errors, expected.found.paths.path_std_errors)
    assert list(message.chosen_column) == (first + expected.chosen_series).tolist()
    assert list(message.chosen_cell) == expected.chosen_cell.tolist()


def test_each_column_is_a_family_of_its_own(ask):
    replies = swept(ask, family="series", seed=4)
    checks = replies[-1].result.reality_checks
    scheme = grid_check.Scheme(seed=4, **FEW)
    assert [check.column for check in checks] == NAMES
    expected = [grid_check.check(PRICES[:, [place]].T, CELLS, scheme=scheme) for place in range(5)]
    for place, check in enumerate(checks):
        assert_is(check, expected[place], place)
    np.testing.assert_array_equal(figure(replies, "superior"), np.concatenate([one.superior for one in expected]))
    assert (replies[-1].done, replies[-1].total) == (2 * 5 * 16, 2 * 5 * 16)


def test_all_columns_are_one_family(ask):
    replies = swept(ask, family="all", block_length=7, size=0.3, n_test_folds=1, purged=2, embargo=1)
    (check,) = replies[-1].result.reality_checks
    scheme = grid_check.Scheme(block_length=7, size=0.3, n_test_folds=1, purged=2, embargo=1, **FEW)
    expected = grid_check.check(PRICES.T, CELLS, scheme=scheme)
    assert check.column == ""
    assert_is(check, expected)
    np.testing.assert_array_equal(figure(replies, "superior"), expected.superior)


def test_nothing_is_tested_unless_it_is_asked_for(ask):
    reply = ask("SweepThresholds", chunks(PRICES, columns=NAMES, **GRID))[-1]
    assert not reply.result.reality_checks
    assert "superior" not in [block.name for block in reply.result.figures]
    assert reply.total == 5 * 16


def test_a_column_without_anything_to_test_has_a_reason(ask):
    prices = PRICES.copy()
    prices[:, 1], prices[25:, 2], prices[:, 3] = -1.0, np.nan, 100.0
    replies = swept(ask, prices, family="series")
    checks = replies[-1].result.reality_checks
    assert [check.status for check in checks] == ["ok", "error", "error", "error", "ok"]
    words = ["there is nothing to choose among", "at least 30 bars", "must vary in at least one"]
    assert all(word in check.reason for word, check in zip(words, checks[1:4], strict=True))
    assert all(np.isnan(check.p_consistent) and check.best_cell == -1 for check in checks[1:4])
    assert np.isnan(figure(replies, "superior")[1:4]).all()
    together = swept(ask, prices, family="all")[-1].result.reality_checks[0]
    assert together.status == "ok"
    assert (together.n_tried, together.n_tested) == (4 * 16, 3 * 16 - 3)


@pytest.mark.parametrize(
    ("check", "field", "rule"),
    [
        ({"family": "columns"}, "metadata.reality_check.family", "must be one of 'none', 'series', 'all'"),
        ({"family": "all", "n_blocks": 5}, "metadata.reality_check.n_blocks", "must be even and 2 .. 16, got 5"),
        ({"family": "all", "block_length": 401}, "metadata.reality_check.block_length", "0 or 1 .. 400"),
        ({"family": "series", "purged": 200}, "metadata.reality_check.n_test_folds", "must leave 10 rows"),
        ({"family": "series", "resample": 100}, "metadata.reality_check.resample", "did you mean 'resamples'?"),
    ],
)
def test_options_out_of_range_are_refused(ask, check, field, rule):
    with pytest.raises(grpc.RpcError) as error:
        swept(ask, **check)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.value.details().startswith(field)
    assert rule in error.value.details()


def test_too_few_rows_are_refused(ask):
    with pytest.raises(grpc.RpcError, match="block must have at least 30 bars"):
        swept(ask, PRICES[:29], family="series")


FAMILIES = pytest.mark.parametrize("family", ["series", "all"])


def prepared(family, n_rows=120):
    """Return a request of 10 columns, and its matrix."""
    values, names = np.tile(PRICES[:n_rows], 2), tuple(map(str, range(10)))
    options = {**GRID, "reality_check": {**FEW, "family": family}}
    return Request.read(TASKS["SweepThresholds"], Outline(n_rows, 10, names, json.dumps(options))), values, names


@FAMILIES
def test_an_answer_is_as_large_as_was_said(ask, family):
    request, values, names = prepared(family)
    options = {**GRID, "reality_check": {**FEW, "family": family}}
    replies = ask("SweepThresholds", chunks(values, columns=names, total=120, **options))
    actual = sum(reply.ByteSize() for reply in replies if reply.HasField("result"))
    assert actual <= request.estimate.reply_bytes <= 1.5 * actual + 1024  # there is room for notes


@FAMILIES
def test_memory_stays_below_what_was_said(family):
    request, values, names = prepared(family)
    with using(*Selection()):
        tracemalloc.start()
        answer = request.task.run(UploadedMatrix(values, names, None), request.options, lambda *_: None)
        list(answer.parts(request.task.reply, request.total))
        peak = tracemalloc.get_traced_memory()[1] + values.nbytes
        tracemalloc.stop()
    assert peak <= request.estimate.peak_bytes <= 4 * peak + (64 << 20)


def test_the_returns_are_announced():
    """10,000 cells of 2,500 bars are 200 MB, and five arrays of that size."""
    options = {"entry": "0.5:1.49:0.01", "exit": "-0.5:0.49:0.01", "figures": ["sharpe_ratio"]}
    asked = json.dumps({**options, "reality_check": {"family": "series"}})
    found = Request.read(TASKS["SweepThresholds"], Outline(2500, 1, ("A",), asked)).estimate
    plain = Request.read(TASKS["SweepThresholds"], Outline(2500, 1, ("A",), json.dumps(options))).estimate
    assert 1.0e9 < found.peak_bytes - plain.peak_bytes < 1.7e9
    assert found.work > 20 * plain.work
    assert found.reply_bytes < plain.reply_bytes + 100_000  # of which the figure "superior" is 80,000


class Remembered(Parts):
    """Keeps the parts of a job, and counts those that are computed."""

    def __init__(self):
        self.kept, self.computed = {}, []

    def part(self, number, compute):
        if number not in self.kept:
            self.computed.append(number)
            self.kept[number] = compute()
        return self.kept[number]


@FAMILIES
def test_a_job_does_not_compute_a_check_again(family):
    request, values, names = prepared(family, 60)
    parts, table = Remembered(), UploadedMatrix(values, names, None)
    first, second = (
        list(request.task.answer(table, request.options, lambda *_: None, parts).parts(research_pb2.SweepReply, 1))
        for _ in range(2)
    )
    assert first == second
    assert len(parts.computed) == len(parts.kept) == 1 + (10 if family == "series" else 1)
