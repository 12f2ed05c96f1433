"""RollingWeights on a socket: every window is the operation's, in parts, groups and with times."""

import json

import grpc
import numpy as np
import pytest

from gpu_kernels import rolling
from meanrev_server.research.answer import Answer
from meanrev_wire import codec, research_pb2
from tests.server.research import NAMES, PRICES, chunks

RETURNS = np.diff(PRICES, axis=0) / PRICES[:-1]
SIZES = {"window": 90, "step": 15}
LISTS = ("expected_return", "expected_volatility", "sharpe_ratio", "sharpe_std_error", "utility", "shrinkage")


def result_of(ask, values, **options):
    return ask("RollingWeights", chunks(values, 60, columns=NAMES, **SIZES, **options))[-1].result


class TestWeights:
    @pytest.mark.parametrize("kind", ["cara", "sharpe"])
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"mode": "long_only", "gamma": 3.0, "risk_free_rate": 1e-4},
            {"covariance": "ewma", "halflife": 30},
            {"bounds": [0.0, [0.5, None, 0.4, None, 0.5]], "leverage": 2},
        ],
        ids=str,
    )
    def test_each_window_has_those_of_the_operation(self, ask, kind, options):
        values = RETURNS.copy()
        values[100, 2] = np.nan
        values[200:300, 4] = 0.01
        result = result_of(ask, values, kind=kind, **options)
        given = {**options}
        if "bounds" in given:
            given["bounds"] = (0.0, [0.5, np.inf, 0.4, np.inf, 0.5])
        expected = rolling.weights(values, kind, **SIZES, **given)
        assert tuple(result.status) == expected.status
        assert tuple(result.reason) == expected.reason
        assert "error" in expected.status
        assert (list(result.start_row), list(result.stop_row)) == (expected.start.tolist(), expected.stop.tolist())
        assert list(result.dropped_rows) == expected.dropped_rows.tolist()
        np.testing.assert_allclose(codec.matrix(result.weights, "weights"), expected.weights, rtol=1e-9, atol=1e-11)
        for name in LISTS:
            np.testing.assert_allclose(getattr(result, name), getattr(expected, name), rtol=1e-8, err_msg=name)
        np.testing.assert_allclose(result.turnover, rolling.turnover(expected.weights), rtol=1e-8, atol=1e-10)
        known = np.isfinite(expected.sharpe_std_error)
        positive = np.array(result.probability_sharpe_positive)
        assert ((positive[known] > 0.5) == (expected.sharpe_ratio[known] > 0)).all()
        assert not result.HasField("components")

    def test_groups_of_windows_join(self, ask, monkeypatch):
        whole = result_of(ask, RETURNS)
        monkeypatch.setattr(rolling, "_MOST_WINDOWS", 6)
        parts = result_of(ask, RETURNS)
        assert (whole.start_row, whole.status, whole.reason) == (parts.start_row, parts.status, parts.reason)
        np.testing.assert_allclose(parts.weights.values, whole.weights.values, rtol=1e-9)

    def test_a_window_has_the_times_of_its_rows(self, ask):
        stamps = 1_700_000_000_000 + 86_400_000 * np.arange(len(RETURNS))
        result = ask("RollingWeights", chunks(RETURNS, 100, stamps=stamps, **SIZES))[-1].result
        np.testing.assert_array_equal(result.first_ms, stamps[np.array(result.start_row)])
        np.testing.assert_array_equal(result.last_ms, stamps[np.array(result.stop_row) - 1])
        assert not result_of(ask, RETURNS).first_ms

    def test_progress_counts_windows(self, ask):
        replies = ask("RollingWeights", chunks(RETURNS, **SIZES))
        n_windows = len(replies[-1].result.start_row)
        assert {reply.total for reply in replies} == {n_windows} == {(399 - 90) // 15 + 1}
        assert replies[-1].done == n_windows


class TestComponents:
    @pytest.mark.parametrize("options", [{}, {"n_components": 2, "scaling": "zscore"}], ids=str)
    def test_each_window_has_those_of_the_operation(self, ask, options):
        values = RETURNS.copy()
        values[30, 1] = np.nan
        last = ask("RollingWeights", chunks(values, 60, columns=NAMES, kind="pca", **SIZES, **options))[-1]
        expected = rolling.components(values, **SIZES, **options)
        assert (last.kind, last.n_components) == ("pca", expected.components.shape[1])
        found = codec.matrix(last.result.components, "components").reshape(expected.components.shape)
        np.testing.assert_array_equal(found, expected.components)
        ratios = codec.matrix(last.result.explained_variance_ratio, "ratios")
        np.testing.assert_array_equal(ratios, expected.explained_variance_ratio)
        np.testing.assert_array_equal(last.result.total_variance_explained, expected.total_variance_explained)
        assert tuple(last.result.reason) == expected.reason
        assert expected.reason[0] == "returns[30, 1] must be finite, got nan"
        assert not last.result.HasField("weights")

    def test_a_large_answer_comes_in_parts_that_join(self):
        components = np.arange(12 * 40.0).reshape(12, 40)
        whole = {"columns": list(map(str, range(40))), "start_row": np.arange(3), "components": components}
        parts = list(
            Answer(whole, {"kind": "pca", "n_components": 4}).parts(research_pb2.RollingWeightsReply, 3, (), 900)
        )
        replies = [research_pb2.RollingWeightsReply.FromString(part) for part in parts]
        assert len(replies) > 2
        rows = [codec.matrix(reply.result.components, "rows") for reply in replies if reply.result.components.rows]
        np.testing.assert_array_equal(np.concatenate(rows), components)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "pca", "gamma": 2.0}, "metadata.gamma must be left out: it applies to kind 'cara' and 'sharpe' only"),
        ({"kind": "pca", "bounds": [0, 1]}, "metadata.bounds must be left out"),
        ({"n_components": 3}, "metadata.n_components must be left out: it applies to kind 'pca' only, got 3"),
        ({"window": 400}, "metadata.window must be at most the 399 rows of the matrix, got 400"),
        ({"window": 1}, "metadata.window"),
        ({"step": 0}, "metadata.step"),
        ({"halflife": 3}, "metadata.halflife applies to covariance 'ewma' only"),
        ({"bounds": [0.5, 0.9]}, "metadata.bounds must let the weights sum to 1"),
        ({"mode": "unconstrained", "leverage": 2}, "metadata.mode must be 'budget' or 'long_only'"),
    ],
)
def test_a_wrong_option_is_named(ask, options, message):
    with pytest.raises(grpc.RpcError) as refused:
        ask("RollingWeights", chunks(RETURNS, **options))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert message in refused.value.details()


def test_a_dry_run_tells_what_it_takes(ask):
    sizes = {"total_rows": 5_000, "total_columns": 50}
    request = [research_pb2.MatrixChunk(**sizes, metadata=json.dumps({"dry_run": True, **SIZES}))]
    (only,) = ask("RollingWeights", request)
    assert only.estimate.work > 328 * 50**2
    assert not only.HasField("result")
