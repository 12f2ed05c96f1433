"""RealityCheck on the server: the operation's answer, its options and refusals, parts, a dry run and a job."""

import json

import grpc
import numpy as np
import pytest

from gpu_kernels import data_snooping
from meanrev_wire import research_pb2
from tests.server.research import chunks

RETURNS = 0.01 * np.random.default_rng(4).standard_normal((80, 6)) + 0.002 * np.arange(6)
NAMES = [f"rule {i}" for i in range(6)]
SINGLES = ("n_tested", "p_reality_check", "p_lower", "p_consistent", "p_upper", "effective_tries", "block_length")


def assert_answers(reply, expected, names):
    result = reply.result
    assert list(result.columns) == names
    assert tuple(result.status) == expected.status
    assert tuple(result.reason) == expected.reason
    for name in ("mean", "std_error", "sharpe_ratio", "superior"):
        np.testing.assert_array_equal(getattr(result, name), getattr(expected, name), err_msg=name)
    assert {name: getattr(reply, name) for name in SINGLES} == {name: getattr(expected, name) for name in SINGLES}
    assert {name: getattr(reply, name) for name in expected.overfitting._fields} == expected.overfitting._asdict()
    assert reply.best == names[expected.best]
    np.testing.assert_array_equal(reply.path_sharpe_ratios, expected.paths.path_sharpe_ratios)
    assert list(reply.chosen) == [names[strategy] for strategy in expected.paths.chosen]


def test_the_answer_is_the_operations(ask):
    reply = ask("RealityCheck", chunks(RETURNS, 30, columns=NAMES))[-1]
    assert_answers(reply, data_snooping.examine(RETURNS), NAMES)


def test_every_option_reaches_the_operation(ask):
    options = {
        "resamples": 150,
        "block_length": 5,
        "size": 0.2,
        "seed": 9,
        "n_blocks": 6,
        "n_folds": 5,
        "n_test_folds": 1,
        "purged": 2,
        "embargo": 1,
    }
    reply = ask("RealityCheck", chunks(RETURNS, 80, columns=NAMES, benchmark="rule 2", **options))[-1]
    expected = data_snooping.examine(RETURNS, benchmark=2, **options)
    assert_answers(reply, expected, [name for name in NAMES if name != "rule 2"])
    assert expected.p_consistent != data_snooping.examine(RETURNS, benchmark=2).p_consistent


@pytest.mark.parametrize(
    ("options", "field", "rule"),
    [
        ({"benchmark": "rule 9"}, "metadata.benchmark", "must be the name of a column, got 'rule 9'"),
        ({"n_blocks": 5}, "metadata.n_blocks", "must be even and 2 .. 16, got 5"),
        ({"block_length": 81}, "metadata.block_length", "0 or 1 .. 80"),
        ({"n_test_folds": 10}, "metadata.n_test_folds", "must be 1 .. 9, got 10"),
        ({"resamples": 98}, "metadata.resamples", "got 98"),
        ({"n_folds": 101}, "metadata.n_folds", "got 101"),
        ({"purged": 30}, "metadata.n_test_folds", "must leave 10 rows for training"),
    ],
)
def test_options_out_of_range_are_refused(ask, options, field, rule):
    with pytest.raises(grpc.RpcError) as error:
        ask("RealityCheck", chunks(RETURNS, 80, columns=NAMES, **options))
    assert field in error.value.details()
    assert rule in error.value.details()


def test_a_missing_return_is_refused_by_its_place(ask):
    returns = RETURNS.copy()
    returns[50, 3] = np.nan
    with pytest.raises(grpc.RpcError, match=r"block\[50, 3\].*fill it with 0"):
        ask("RealityCheck", chunks(returns, 30, columns=NAMES))


def test_a_dry_run_computes_nothing(ask):
    asked = research_pb2.MatrixChunk(
        columns=NAMES, total_rows=80, total_columns=6, metadata=json.dumps({"dry_run": True})
    )
    (reply,) = ask("RealityCheck", [asked])
    assert not reply.HasField("result")
    assert reply.estimate.reply_bytes > 0


@pytest.mark.parametrize(
    ("method", "options"),
    [("RealityCheck", {"resamples": 2**63 - 1}), ("SweepThresholds", {"reality_check": {"resamples": 2**63 - 1}})],
)
def test_more_resamples_than_any_server_draws_are_refused(ask, method, options):
    with pytest.raises(grpc.RpcError, match=r"resamples must be a whole number from 99 to 268435456, got 9223"):
        ask(method, chunks(RETURNS, 80, **options))
