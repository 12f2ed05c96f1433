"""A broken request is INVALID_ARGUMENT, names field, value and rule, and leaves the server as it was."""

import json

import grpc
import pytest

from meanrev_wire import meanrev_pb2 as pb

NAN, INF = float("nan"), float("inf")
PROCESS = {"theta": 1.0, "mu": 0.0, "sigma": 1.0}


def ou(**changes):
    return pb.OuEstimate(**{**PROCESS, **changes})


def thresholds(metadata="", cost=0.1, **changes):
    return pb.ThresholdRequest(ou_params=ou(**changes), transaction_cost=cost, metadata=metadata)


def matrix(rows=2, cols=2, values=(1.0, 2.0, 3.0, 5.0)):
    return pb.Matrix(rows=rows, cols=cols, values=values)


def bar(**changes):
    return pb.BacktestInput(**{"price": 1.0, "entry_zscore": 2.0, **changes})


CASES = [
    ("EstimateOUParams", pb.PriceUpdate(price=INF), "price must not be infinite, got inf"),
    ("EstimateOUParams", pb.PriceUpdate(prices=[1, -INF]), "prices[1] must not be infinite, got -inf"),
    ("EstimateOUParams", pb.PriceUpdate(prices=[1, 2], timestamps_ms=[1]), "timestamps_ms must hold one timestamp"),
    ("EstimateOUParams", pb.PriceUpdate(metadata='{"dt": 0}'), "metadata.dt must be a number greater than 0, got 0"),
    (
        "EstimateOUParams",
        pb.PriceUpdate(metadata='{"dt": "1"}'),
        "metadata.dt must be a number greater than 0, got '1'",
    ),
    ("EstimateOUParams", pb.PriceUpdate(metadata='{"bias": "tang"}'), "metadata.bias"),
    ("EstimateOUParams", pb.PriceUpdate(metadata='{"window": 50, "forgetting": 0.9}'), "metadata."),
    ("EstimateOUParams", pb.PriceUpdate(metadata='{"strict": true, "wnidow": 50}'), "metadata.wnidow is not an option"),
    ("OptimalThresholds", thresholds(theta=0.0), "ou_params.theta must be > 0, got 0.0"),
    ("OptimalThresholds", thresholds(theta=NAN), "ou_params.theta must be finite, got nan"),
    ("OptimalThresholds", thresholds(sigma=-1.0), "ou_params.sigma must be > 0, got -1.0"),
    ("OptimalThresholds", thresholds(mu=INF), "ou_params.mu must be finite, got inf"),
    ("OptimalThresholds", thresholds(cost=-0.1), "transaction_cost"),
    ("OptimalThresholds", thresholds(cost=0.0), "transaction_cost"),
    ("OptimalThresholds", thresholds('{"stop": 0.5}'), "metadata.stop"),
    ("OptimalThresholds", thresholds('{"model": "ou"}'), "metadata.model"),
    ("OptimalThresholds", pb.ThresholdRequest(ou_params=ou(), optimization_objective="best"), "optimization_objective"),
    ("OptimalThresholds", pb.ThresholdRequest(), "ou_params.theta"),
    ("BacktestWithCosts", bar(price=NAN), "price must be finite, got nan"),
    ("BacktestWithCosts", bar(price=0.0), "price must be > 0 in mode 'compounding'"),
    ("BacktestWithCosts", bar(prices=[1, 2, -3.0]), "prices[2] must be > 0"),
    ("BacktestWithCosts", bar(prices=[1, 2, INF]), "prices[2] must be finite, got inf"),
    ("BacktestWithCosts", bar(entry_zscore=0.0), "entry_zscore must be finite and > 0, got 0.0"),
    ("BacktestWithCosts", bar(exit_zscore=2.0), "exit_zscore"),
    ("BacktestWithCosts", bar(exit_zscore=-2.5), "exit_zscore"),
    ("BacktestWithCosts", bar(transaction_cost=-1e-3), "transaction_cost"),
    ("BacktestWithCosts", bar(update_frequency=-1), "update_frequency must be >= 0, got -1"),
    ("BacktestWithCosts", bar(metadata='{"lookback": 1}'), "metadata.lookback"),
    ("BacktestWithCosts", bar(metadata='{"mode": "both"}'), "metadata.mode"),
    ("ComputeLogReturns", pb.ReturnsRequest(prices=[1, 0]), "prices[1] must be finite and > 0 for log returns"),
    (
        "ComputeLogReturns",
        pb.ReturnsRequest(prices=[1], return_type="ln"),
        "return_type must be one of 'log', 'simple'",
    ),
    (
        "ComputeLogReturns",
        pb.ReturnsRequest(prices=[1, 2, 3], metadata='{"n_assets": 2}'),
        "prices must hold a multiple",
    ),
    ("PcaPortfolios", pb.PcaRequest(), "returns_matrix.rows must be between 1 and"),
    (
        "PcaPortfolios",
        pb.PcaRequest(returns_matrix=matrix(values=[1.0])),
        "returns_matrix.values must hold rows * cols",
    ),
    (
        "PcaPortfolios",
        pb.PcaRequest(returns_matrix=matrix(values=[1, 2, NAN, 4])),
        "returns_matrix[1, 0] must be finite",
    ),
    ("PcaPortfolios", pb.PcaRequest(returns_matrix=matrix(), n_components=-1), "n_components must be >= 0, got -1"),
    ("PcaPortfolios", pb.PcaRequest(returns_matrix=matrix(), scaling="robust"), "scaling must be one of"),
    (
        "PcaPortfolios",
        pb.PcaRequest(returns_matrix=matrix(2**31 - 1, 2**31 - 1)),
        "returns_matrix.rows must be between",
    ),
    ("CaraOptimalWeights", pb.OptimizationInput(), "returns must be given unless both expected_returns and covariance"),
    ("CaraOptimalWeights", pb.OptimizationInput(returns=matrix(), gamma=-1), "gamma must be finite and > 0, got -1.0"),
    (
        "CaraOptimalWeights",
        pb.OptimizationInput(returns=matrix(values=[1, 2, INF, 4])),
        "returns[1, 0] must not be inf",
    ),
    ("CaraOptimalWeights", pb.OptimizationInput(returns=matrix(1, 4)), "returns must have at least 2 rows"),
    (
        "SharpeOptimalWeights",
        pb.OptimizationInput(returns=matrix(), risk_free_rate=NAN),
        "risk_free_rate must be finite",
    ),
    (
        "SharpeOptimalWeights",
        pb.OptimizationInput(
            expected_returns=[0.0] * 4, covariance=matrix(4, 4, [0.0] * 16), gamma=0.5, risk_free_rate=1e308
        ),
        "risk_free_rate must be at most 1e+50 in magnitude, got 1e+308",
    ),
    (
        "CaraOptimalWeights",
        pb.OptimizationInput(expected_returns=[0.0, 1.0], covariance=matrix(values=[1.0, 0.0, 0.0, 1e-60])),
        "covariance[1, 1] must be 0 or at least 1e-50 in magnitude, got 1e-60",
    ),
    (
        "CaraOptimalWeights",
        pb.OptimizationInput(returns=matrix(), gamma=1e308),
        "gamma must be between 1e-50 and 1e+50",
    ),
    (
        "CaraOptimalWeights",
        pb.OptimizationInput(returns=matrix(), transaction_cost=1e308),
        "transaction_cost must be at most 1e+50",
    ),
    ("SharpeOptimalWeights", pb.OptimizationInput(returns=matrix(), transaction_cost=-1), "transaction_cost must be"),
    ("SharpeOptimalWeights", pb.OptimizationInput(returns=matrix(), expected_returns=[1.0]), "expected_returns"),
    ("SharpeOptimalWeights", pb.OptimizationInput(returns=matrix(), metadata='{"bounds": [0.1]}'), "metadata.bounds"),
    (
        "SharpeOptimalWeights",
        pb.OptimizationInput(returns=matrix(), metadata='{"bounds": [0.6, 0.9]}'),
        "metadata.bounds",
    ),
    ("MultiperiodOptimize", pb.MultiperiodRequest(), "returns_sequence must be given unless both"),
    (
        "MultiperiodOptimize",
        pb.MultiperiodRequest(returns_sequence=[matrix(), matrix(4, 1)]),
        "returns_sequence[1].cols",
    ),
    ("MultiperiodOptimize", pb.MultiperiodRequest(returns_sequence=[matrix()], n_periods=2), "n_periods must leave"),
    (
        "MultiperiodOptimize",
        pb.MultiperiodRequest(returns_sequence=[matrix()], n_periods=-2),
        "n_periods must be between",
    ),
    ("MultiperiodOptimize", pb.MultiperiodRequest(returns_sequence=[matrix()], gamma=-2), "gamma must be"),
    (
        "MultiperiodOptimize",
        pb.MultiperiodRequest(expected_returns=[1.0, 0.0], covariance=matrix(values=[1e-60, 0.0, 0.0, 1.0])),
        "covariance[0, 0] must be 0 or at least 1e-50 in magnitude, got 1e-60",
    ),
    (
        "PortfolioStats",
        pb.PortfolioStatsRequest(returns=matrix(), metadata='{"periods_per_year": 1e300}'),
        "metadata.periods_per_year must be between 1e-50 and 1e+50",
    ),
    (
        "MultiperiodOptimize",
        pb.MultiperiodRequest(returns_sequence=[matrix()], rebalance_frequency=-2),
        "rebalance_freq",
    ),
    ("PortfolioStats", pb.PortfolioStatsRequest(returns=matrix(), weights=[1.0]), "weights must hold one weight"),
    ("PortfolioStats", pb.PortfolioStatsRequest(returns=matrix(), metadata='{"levels": [1.5]}'), "metadata.levels[0]"),
    ("PortfolioStats", pb.PortfolioStatsRequest(), "returns.rows must be between"),
    ("GenerateSignals", pb.SignalRequest(), "price_history.prices must hold at least one price"),
    ("GenerateSignals", pb.SignalRequest(price_history=pb.PriceHistory(prices=[1, NAN])), "price_history.prices[1]"),
    ("GenerateSignals", pb.SignalRequest(price_history=pb.PriceHistory(prices=[1, 2])), "ou_params.theta must be > 0"),
    ("GenerateSignals", pb.SignalRequest(price_history=pb.PriceHistory(prices=[1] * 9)), "ou_params.theta must be > 0"),
    (
        "GenerateSignals",
        pb.SignalRequest(price_history=pb.PriceHistory(prices=[1.0]), ou_params=ou(mu=1.0), position_state="up"),
        "position_state must be one of",
    ),
    ("PortfolioHealthStream", pb.HealthRequest(asset_ids=["A"], update_frequency_ms=-1), "update_frequency_ms must be"),
    ("PortfolioHealthStream", pb.HealthRequest(metadata='{"holdings": {"A": "x"}}'), "metadata.holdings"),
    ("PortfolioHealthStream", pb.HealthRequest(metadata='{"limits": {"stale": 1}}'), "metadata.limits"),
]


@pytest.mark.parametrize(("method", "request_message", "said"), CASES, ids=[f"{m}-{s[:40]}" for m, _, s in CASES])
def test_the_rule_is_named(call, method, request_message, said):
    with pytest.raises(grpc.RpcError) as refused:
        call(method, request_message)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT, refused.value
    assert said in refused.value.details()


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x0a\x05ab", b"\x12\x81\x80"])
@pytest.mark.parametrize("method", [method.name for method in pb.DESCRIPTOR.services_by_name["MeanRevService"].methods])
def test_bytes_that_are_no_message_are_refused(call, method, data):
    with pytest.raises(grpc.RpcError) as refused:
        call(method, data)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "bytes are not a valid meanrev." in refused.value.details()


def test_particulars_travel_beside_the_message(call):
    with pytest.raises(grpc.RpcError) as refused:
        call("ComputeLogReturns", prices=[1.0, 2.0, -3.0])
    trailing = dict(refused.value.trailing_metadata())
    assert json.loads(trailing["meanrev-error"]) == {
        "field": "prices",
        "rule": "must be finite and > 0 for log returns",
        "value": -3.0,
        "index": 2,
    }


def test_a_zero_variance_asset_is_a_failed_precondition_that_names_it(call):
    still = pb.Matrix(rows=3, cols=2, values=[1, 2, 1, 3, 1, 5])
    with pytest.raises(grpc.RpcError) as refused:
        call("CaraOptimalWeights", returns=still)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "asset 0 has no variance" in refused.value.details()


def test_a_period_that_has_no_answer_is_named(call):
    still = pb.Matrix(rows=3, cols=2, values=[1, 2, 1, 3, 1, 5])
    with pytest.raises(grpc.RpcError) as refused:
        call("MultiperiodOptimize", returns_sequence=[matrix(3, 2, [1, 2, 3, 5, 8, 13]), still])
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert json.loads(dict(refused.value.trailing_metadata())["meanrev-error"]) == {
        "field": "returns_sequence[1]",
        "index": [0, 0],
    }


def test_an_unknown_method_is_unimplemented(call):
    with pytest.raises(grpc.RpcError) as refused:
        call("ComputeLogReturns", path="/meanrev.MeanRevService/computelogreturns")
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
