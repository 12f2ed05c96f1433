"""FitOu with tests: the figures are those of RunTests, bit for bit, and the fits those of a call without tests."""

import json
from typing import Any, get_args

import grpc
import numpy as np
import pytest

from gpu_kernels import reversion
from gpu_kernels.dispatch import using
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research import columns, reversion_columns
from meanrev_server.research.catalogue import TASKS
from meanrev_server.research.prepared import Request
from meanrev_wire import research_pb2
from tests.gpu_kernels.native import needs_compiler
from tests.server.research import NAMES, PRICES, chunks

TESTS = list(get_args(reversion_columns.ReversionTest))
FIGURES = [
    field.name for field in research_pb2.TestColumns.DESCRIPTOR.fields if field.name not in {"columns", "n_samples"}
]
SPOILT = PRICES.copy()
SPOILT[9, 1], SPOILT[:, 2], SPOILT[7, 3] = np.nan, 5.0, np.inf


def answered(method, values, backend="numpy", most_bytes=2**22, **options):
    """Return the replies of a task in this process, as one message."""
    request = Request.read(TASKS[method], Outline(*values.shape, tuple(NAMES), json.dumps(options)))
    with using(backend, 2):
        answer = request.task.run(UploadedMatrix(values, tuple(NAMES), None), request.options, lambda *_: None)
    parts = list(answer.parts(request.task.reply, request.total, (), most_bytes))
    whole: Any = request.task.reply()
    for part in parts:
        whole.MergeFromString(part)
    return whole.result, parts


@pytest.mark.parametrize("backend", [pytest.param("native", marks=needs_compiler), "numpy"])
@pytest.mark.parametrize("options", [{}, {"trend": "n", "adf_lags": 2}, {"trend": "ct", "bandwidth": 4, "periods": 6}])
def test_the_figures_are_those_of_run_tests_to_the_last_bit(backend, options):
    asked = {"adf_lags": 0, **options}
    tests = answered("FitOu", SPOILT, backend, tests=TESTS, **asked)[0].tests
    expected = answered("RunTests", SPOILT, backend, **asked)[0]
    assert list(tests.status) == ["ok", "error", "error", "error", "ok"]
    assert [bool(reason) for reason in tests.reason] == [False, True, True, True, False]
    del expected.columns[:], expected.n_samples[:]
    assert tests.SerializeToString() == expected.SerializeToString()


@pytest.mark.parametrize("options", [{}, {"bias": "median_unbiased", "dt": 0.1}, {"bias": "jackknife", "adf_lags": 1}])
def test_the_fits_are_those_without_tests(options):
    alone, beside = (answered("FitOu", SPOILT, **options, **more)[0] for more in ({}, {"tests": TESTS}))
    assert not alone.HasField("tests")
    assert beside.HasField("tests")
    beside.ClearField("tests")
    assert beside.SerializeToString() == alone.SerializeToString()


def test_every_figure_belongs_to_one_test():
    assert set(TESTS) == {"adf", "pp", "kpss", "dfgls", "variance_ratio", "hurst", "half_life"}
    named = [name for test in TESTS for name in reversion_columns.figures_of([test])]
    assert [*reversion.ReversionTests._fields[1:-2]] == named == list(reversion_columns.figures_of())


@pytest.mark.parametrize("tests", [["kpss"], ["hurst", "pp"], ["half_life", "half_life"]])
def test_the_reply_has_the_tests_that_were_asked_for(ask, tests):
    result = ask("FitOu", chunks(PRICES, 50, columns=NAMES, tests=tests))[-1].result
    expected = {"status", "reason", *reversion_columns.figures_of(tests)}
    assert {name for name in FIGURES if len(getattr(result.tests, name))} == expected
    assert not len(result.tests.columns) + len(result.tests.n_samples)
    assert len(result.theta) == len(result.tests.status) == 5


def test_no_test_is_as_if_the_option_were_not_there():
    one, other = answered("FitOu", SPOILT)[1], answered("FitOu", SPOILT, tests=[])[1]
    assert one == other


@needs_compiler
def test_groups_of_columns_and_parts_of_the_answer_change_nothing(monkeypatch):
    whole = answered("FitOu", SPOILT, "native", tests=TESTS)[0]
    monkeypatch.setattr(columns, "_MOST_COLUMNS", 2)
    joined, parts = answered("FitOu", SPOILT, "native", most_bytes=400, tests=TESTS)
    assert len(parts) > 3
    assert not research_pb2.FitOuReply.FromString(parts[0]).result.tests.status
    assert joined.SerializeToString() == whole.SerializeToString()


@pytest.mark.parametrize(
    ("n_rows", "options", "message"),
    [
        (20, {"tests": ["pp"]}, r"block must be \(B, T\) with T >= 32"),
        (400, {"tests": ["dickey"]}, r"metadata.tests\[0\] must be one of 'adf', 'pp', .*, got 'dickey'"),
        (400, {"tests": "pp"}, r"metadata.tests must be a list of names, each one of 'adf', .*, got 'pp'"),
        (400, {"trend": "ct"}, r"metadata.trend must be left out where option tests names no test"),
        (400, {"bandwidth": 3, "tests": []}, "metadata.bandwidth must be left out"),
        (400, {"periods": 3}, "metadata.periods must be left out"),
        (400, {"tests": ["pp"], "periods": 1}, "metadata.periods must be a whole number from 2"),
    ],
)
def test_a_refusal_names_the_field(ask, n_rows, options, message):
    with pytest.raises(grpc.RpcError, match=message) as caught:
        ask("FitOu", chunks(PRICES[:n_rows], columns=NAMES, **options))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
