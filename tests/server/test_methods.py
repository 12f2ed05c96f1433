"""Each method's reply carries the maths' own numbers under the wire's names."""

import json

import grpc
import numpy as np
import pytest

from gpu_kernels import moments, multiperiod, ou, pca, returns, signals, sweep, thresholds, weights
from meanrev_wire import codec, meanrev_pb2
from tests.gpu_kernels.ou.irregular_times import fit_irregular

RNG = np.random.default_rng(7)
RETURNS = RNG.normal(1e-3, 1e-2, (120, 4)) @ (np.eye(4) + 0.3)
PRICES = 100.0 + np.cumsum(RNG.normal(0, 0.3, 300)) * 0.2 + RNG.normal(0, 1, 300)


def matrix(values):
    return meanrev_pb2.Matrix(rows=values.shape[0], cols=values.shape[1], values=values.reshape(-1))


def options(**values):
    return json.dumps(values)


def as_array(message):
    return codec.matrix(message, "reply")


def test_ou_estimates_come_one_a_message_and_agree_with_the_fit(call):
    replies = call("EstimateOUParams", [meanrev_pb2.PriceUpdate(asset_id="A", price=price) for price in PRICES])
    assert [reply.n_samples for reply in replies] == list(range(1, 301))
    assert {reply.status for reply in replies[:3]} == {"updating"}
    fit = ou.single(ou.fit(PRICES[None, :]))
    last = replies[-1]
    shared = set(fit._fields) & {field.name for field in last.DESCRIPTOR.fields} - {"status", "reason"}
    assert len(shared) >= 14
    for name in shared:
        assert getattr(last, name) == pytest.approx(getattr(fit, name), rel=1e-9), name
    assert last.asset_id == "A"


def test_an_ou_block_has_one_reply_equal_to_the_last_of_its_prices(call):
    stamps = list(range(1_000, 301_000, 1_000))
    [block] = call("EstimateOUParams", prices=PRICES, timestamps_ms=stamps, asset_id="A")
    singles = call(
        "EstimateOUParams",
        [meanrev_pb2.PriceUpdate(price=p, timestamp_ms=t) for p, t in zip(PRICES, stamps, strict=True)],
    )
    assert block.theta == pytest.approx(singles[-1].theta, rel=1e-12)
    assert block.timestamp_ms == singles[-1].timestamp_ms == 300_000


def test_ou_options_reach_the_fit(call):
    chosen = options(dt=0.5, window=100, bias="tang_chen", adf_lags=2, strict=True)
    [found] = call("EstimateOUParams", prices=PRICES, metadata=chosen)
    fit = ou.single(ou.fit(PRICES[None, -100:], dt=0.5, bias="tang_chen", adf_lags=2))
    for name in ("theta", "sigma", "half_life", "adf_statistic", "adf_p_value"):
        assert getattr(found, name) == pytest.approx(getattr(fit, name), rel=1e-8), name
    assert found.n_samples == 100


def test_ou_uses_timestamps_where_a_time_unit_is_set(call):
    gaps = RNG.integers(1, 5, PRICES.size)
    stamps = np.cumsum(gaps) * 1000
    [found] = call("EstimateOUParams", prices=PRICES, timestamps_ms=stamps, metadata=options(time_unit_ms=1000))
    fit = ou.single(fit_irregular(PRICES[None, :], np.cumsum(gaps).astype(float)))
    assert found.theta == pytest.approx(fit.theta, rel=1e-8)
    assert found.mu == pytest.approx(fit.mu, rel=1e-8)


def test_assets_of_one_stream_do_not_meet(call):
    other = PRICES[::-1] * 2
    mixed = [
        meanrev_pb2.PriceUpdate(asset_id=name, price=price)
        for pair in zip(PRICES, other, strict=True)
        for name, price in zip("AB", pair, strict=True)
    ]
    replies = call("EstimateOUParams", mixed)
    [alone_a] = call("EstimateOUParams", prices=PRICES)
    [alone_b] = call("EstimateOUParams", prices=other)
    assert replies[-2].theta == pytest.approx(alone_a.theta, rel=1e-9)
    assert replies[-1].theta == pytest.approx(alone_b.theta, rel=1e-9)


def test_emit_every_thins_an_assets_replies_and_still_ends_with_the_last(call):
    updates = [meanrev_pb2.PriceUpdate(price=price, metadata=options(emit_every=7)) for price in PRICES[:30]]
    replies = call("EstimateOUParams", updates)
    assert [reply.n_samples for reply in replies] == [7, 14, 21, 28, 30]


@pytest.mark.parametrize("objective", ["", "sharpe", "profit", "kelly"])
def test_thresholds(call, objective):
    process = meanrev_pb2.OuEstimate(theta=2.0, mu=5.0, sigma=0.8)
    found = call("OptimalThresholds", ou_params=process, transaction_cost=0.01, optimization_objective=objective)
    expected = thresholds.optimal(2.0, 5.0, 0.8, 0.01, objective=objective or "sharpe")
    assert found.entry_zscore == pytest.approx(float(expected.entry_z), rel=1e-12)
    assert found.exit_zscore == pytest.approx(float(expected.exit_z), abs=1e-12)
    assert found.expected_holding_periods == pytest.approx(float(expected.holding_time), rel=1e-12)
    assert found.expected_return_per_trade == pytest.approx(float(expected.return_per_trade), rel=1e-12)
    assert found.win_rate_estimate == 1.0
    extras = json.loads(found.metadata)
    assert extras["round_trip_cost"] == 0.01
    assert ("kelly_fraction" in extras) == (objective == "kelly")


def test_threshold_costs_may_be_per_side_fractions(call):
    process = meanrev_pb2.OuEstimate(theta=2.0, mu=5.0, sigma=0.8)
    chosen = options(cost_unit="per_side_fraction", legs=2)
    found = call("OptimalThresholds", ou_params=process, transaction_cost=0.001, metadata=chosen)
    same = call("OptimalThresholds", ou_params=process, transaction_cost=2 * 0.001 * 5.0 * 2)
    assert found.entry_zscore == same.entry_zscore


def test_thresholds_of_bars_that_are_too_coarse_for_the_correction_say_so(call):
    process = meanrev_pb2.OuEstimate(theta=0.43, mu=0.0, sigma=0.03)
    fine, coarse, continuous = (
        call("OptimalThresholds", ou_params=process, transaction_cost=0.001, metadata=options(**chosen))
        for chosen in ({"dt": 0.01}, {"dt": 1.0}, {})
    )
    assert "note" not in json.loads(fine.metadata)
    assert json.loads(coarse.metadata)["note"].startswith("the bars are too coarse")
    assert (coarse.entry_zscore, coarse.exit_zscore) == (continuous.entry_zscore, continuous.exit_zscore)


def test_a_cycle_that_never_ends_is_called_unprofitable_in_practice(call):
    process = meanrev_pb2.OuEstimate(theta=1.0, mu=0.0, sigma=1.0)
    found = call("OptimalThresholds", ou_params=process, transaction_cost=9.0)
    assert json.loads(found.metadata)["note"].startswith("unprofitable in practice")


def bars(**shared):
    return [
        meanrev_pb2.BacktestInput(price=price, entry_zscore=1.5, exit_zscore=0.2, transaction_cost=5e-4, **shared)
        for price in PRICES
    ]


def test_backtest_metrics_come_every_bar_and_agree_with_the_paths(call):
    replies = call("BacktestWithCosts", bars())
    assert [reply.bar_number for reply in replies] == list(range(1, 301))
    paths = sweep.accounts([PRICES], 1.5, 0.2, 5e-4, path=True).paths
    np.testing.assert_allclose([reply.equity for reply in replies], paths.equity[0], rtol=1e-12)
    np.testing.assert_array_equal([reply.position for reply in replies], paths.position[0])
    assert replies[-1].num_trades > 3
    assert all(np.isfinite(reply.zscore) for reply in replies)


def test_backtest_blocks_and_single_bars_are_the_same_run(call):
    singles = call("BacktestWithCosts", bars(update_frequency=50, metadata=options(mode="unit", lookback=15)))
    block = meanrev_pb2.BacktestInput(
        prices=PRICES,
        entry_zscore=1.5,
        exit_zscore=0.2,
        transaction_cost=5e-4,
        update_frequency=50,
        metadata=options(mode="unit", lookback=15),
    )
    assert call("BacktestWithCosts", [block]) == singles
    assert [reply.bar_number for reply in singles] == [50, 100, 150, 200, 250, 300]


def test_a_last_metric_comes_where_the_stream_ends_between_two(call):
    replies = call("BacktestWithCosts", bars(update_frequency=70))
    assert [reply.bar_number for reply in replies] == [70, 140, 210, 280, 300]


def test_a_long_block_is_traded_whole(call):
    prices = 100 + RNG.normal(0, 1, 5_000)
    block = meanrev_pb2.BacktestInput(prices=prices, entry_zscore=2, exit_zscore=0, update_frequency=1_000)
    replies = call("BacktestWithCosts", [block])
    assert [reply.bar_number for reply in replies] == [1_000, 2_000, 3_000, 4_000, 5_000]
    grid = sweep.backtest(prices[None, :], np.array([2.0]), np.array([0.0]), np.array([0.0]))
    assert replies[-1].equity == pytest.approx(grid.equity[0, 0], rel=1e-10)
    assert replies[-1].num_trades == grid.num_trades[0, 0]


@pytest.mark.parametrize("mode", ["compounding", "unit"])
@pytest.mark.parametrize("every", [1, 70, 300, 1000])
def test_a_first_block_and_what_follows_are_one_run(call, mode, every):
    hours = 1_600_000_000_000 + 7_200_000 * np.arange(300)
    shared = {"entry_zscore": 1.5, "exit_zscore": 0.2, "transaction_cost": 5e-4, "update_frequency": every}
    chosen = {"metadata": options(mode=mode, lookback=15, execution_delay=2, initial_capital=3.0)}
    singles = [
        meanrev_pb2.BacktestInput(price=price, timestamp_ms=stamp, **shared, **chosen)
        for price, stamp in zip(PRICES, hours.tolist(), strict=True)
    ]
    expected = call("BacktestWithCosts", singles)
    for sizes in ((300,), (200, 1, 99), (128, 172), (150, 20, 130)):
        ends = np.cumsum(sizes)
        blocks = [
            meanrev_pb2.BacktestInput(
                prices=PRICES[end - size : end], timestamps_ms=hours[end - size : end], **shared, **chosen
            )
            for size, end in zip(sizes, ends, strict=True)
        ]
        assert call("BacktestWithCosts", blocks) == expected, sizes


def test_an_option_that_a_block_does_not_know_is_told_once(call):
    block = meanrev_pb2.BacktestInput(
        prices=PRICES, entry_zscore=1.5, exit_zscore=0.2, update_frequency=100, metadata=options(colour="red")
    )
    told = [json.loads(reply.metadata or "{}").get("ignored_options") for reply in call("BacktestWithCosts", [block])]
    assert told == [["colour"], None, None]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exit_zscore": 2.0}, "exit_zscore must be at least -entry_z and below entry_z, got 2.0"),
        ({"transaction_cost": -1.0}, "transaction_cost must be finite and >= 0, got -1.0"),
    ],
)
def test_a_wrong_level_of_a_block_is_named_as_that_of_a_bar(call, change, message):
    fields = {"entry_zscore": 1.5, "exit_zscore": 0.2, "transaction_cost": 0.0, **change}
    for message_of in ({"prices": PRICES}, {"price": 50.0}):
        with pytest.raises(grpc.RpcError, match=message):
            call("BacktestWithCosts", [meanrev_pb2.BacktestInput(**message_of, **fields)])


@pytest.mark.parametrize("kind", ["", "log", "simple"])
def test_returns(call, kind):
    found = call("ComputeLogReturns", prices=PRICES, return_type=kind)
    expected = returns.compute(PRICES, kind=kind or "log")
    np.testing.assert_array_equal(found.log_returns, expected.returns)
    assert (found.mean_return, found.std_return, found.n_periods) == expected[1:]


def test_returns_of_a_block_go_down_its_columns(call):
    block = np.column_stack([PRICES, PRICES[::-1]])
    found = call("ComputeLogReturns", prices=block.reshape(-1), metadata=options(n_assets=2))
    np.testing.assert_array_equal(found.log_returns, returns.compute(block).returns.reshape(-1))
    assert found.n_periods == 299


@pytest.mark.parametrize("path", [None, "/meanrev.MeanRevService/PCAPortfolios"])
def test_pca_under_both_spellings(call, path):
    request = meanrev_pb2.PcaRequest(returns_matrix=matrix(RETURNS), n_components=2, scaling="zscore")
    found = call("PcaPortfolios", request, path=path)
    expected = pca.fit(RETURNS, n_components=2, scaling="zscore")
    np.testing.assert_array_equal(as_array(found.components), expected.components)
    np.testing.assert_array_equal(as_array(found.transformed), expected.transformed)
    np.testing.assert_array_equal(found.explained_variance_ratio, expected.explained_variance_ratio)


@pytest.mark.parametrize(
    ("method", "path", "optimise"),
    [
        ("CaraOptimalWeights", None, weights.cara),
        ("CaraOptimalWeights", "/meanrev.MeanRevService/CARAOptimalWeights", weights.cara),
        ("SharpeOptimalWeights", None, weights.sharpe),
    ],
)
@pytest.mark.parametrize("mode", ["budget", "long_only"])
def test_weights(call, method, path, optimise, mode):
    request = meanrev_pb2.OptimizationInput(
        returns=matrix(RETURNS), gamma=3.0, risk_free_rate=1e-4, timestamp_ms=5, metadata=options(mode=mode)
    )
    [found] = call(method, request, path=path)
    moment = moments.covariance(RETURNS)
    expected = optimise(moment.mean, moment.matrix, gamma=3.0, risk_free_rate=1e-4, mode=mode)
    np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-12, atol=1e-14)
    for name in ("expected_return", "expected_volatility", "sharpe_ratio", "utility"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-12), name
    assert found.timestamp_ms == 5


def test_gamma_zero_is_one(call):
    replies = call(
        "CaraOptimalWeights",
        [meanrev_pb2.OptimizationInput(returns=matrix(RETURNS), gamma=gamma) for gamma in (0.0, 1.0)],
    )
    assert replies[0].weights == replies[1].weights
    assert json.loads(replies[1].metadata)["turnover"] == 0.0


def test_the_callers_own_estimates_replace_the_samples(call):
    expected, covariance = np.array([0.1, 0.2]), np.array([[0.04, 0.01], [0.01, 0.09]])
    request = meanrev_pb2.OptimizationInput(expected_returns=expected, covariance=matrix(covariance), gamma=2.0)
    [found] = call("CaraOptimalWeights", request)
    np.testing.assert_allclose(found.weights, weights.cara(expected, covariance, gamma=2.0).weights)


def test_appended_rows_join_the_streams_window(call):
    parts = np.split(RETURNS, [50, 80])
    chosen = options(append=True, window=100)
    replies = call(
        "SharpeOptimalWeights",
        [meanrev_pb2.OptimizationInput(returns=matrix(part), metadata=chosen) for part in parts],
    )
    [whole] = call("SharpeOptimalWeights", [meanrev_pb2.OptimizationInput(returns=matrix(RETURNS[-100:]))])
    assert len(replies) == 3
    assert replies[-1].weights == pytest.approx(list(whole.weights), rel=1e-12)


def test_too_few_rows_are_shrunk_and_said_to_be(call):
    request = meanrev_pb2.OptimizationInput(returns=matrix(RETURNS[:4]))
    [found] = call("CaraOptimalWeights", request)
    extras = json.loads(found.metadata)
    assert found.status == "constrained"
    assert extras["covariance"] == "ledoit_wolf"
    assert 0 < extras["shrinkage"] <= 1
    assert "4 rows are too few for 4 assets" in extras["reason"]


def test_multiperiod(call):
    blocks = np.split(RETURNS, 4)
    request = meanrev_pb2.MultiperiodRequest(
        returns_sequence=[matrix(block) for block in blocks], gamma=5.0, transaction_cost=1e-3, rebalance_frequency=2
    )
    found = call("MultiperiodOptimize", request)
    plan = multiperiod.optimize(
        np.array([block.mean(axis=0) for block in blocks]),
        np.array([np.cov(block.T) for block in blocks]),
        gamma=5.0,
        transaction_cost=1e-3,
        rebalance_frequency=2,
    )
    np.testing.assert_allclose([entry.weights for entry in found.weights_sequence], plan.weights, atol=1e-8)
    assert found.cumulative_utility == pytest.approx(plan.cumulative_utility, rel=1e-9)
    assert list(found.rebalance_times) == list(plan.rebalance_times)


def test_one_matrix_may_be_cut_into_periods(call):
    whole = meanrev_pb2.MultiperiodRequest(returns_sequence=[matrix(RETURNS)], n_periods=4)
    cut = meanrev_pb2.MultiperiodRequest(returns_sequence=[matrix(block) for block in np.split(RETURNS, 4)])
    assert call("MultiperiodOptimize", whole) == call("MultiperiodOptimize", cut)


def test_portfolio_stats(call):
    held = np.array([0.4, 0.3, 0.2, 0.1])
    found = call("PortfolioStats", returns=matrix(RETURNS), weights=held, metadata=options(levels=[0.9, 0.99]))
    expected = moments.portfolio_stats(RETURNS, held, levels=(0.9, 0.99))
    for name in ("mean_return", "std_return", "skewness", "kurtosis"):
        assert getattr(found, name) == getattr(expected, name), name
    np.testing.assert_array_equal(as_array(found.correlation), expected.correlation)
    np.testing.assert_array_equal(as_array(found.covariance), expected.covariance)
    np.testing.assert_array_equal(found.marginal_contrib, expected.marginal_contrib)
    assert json.loads(found.metadata)["value_at_risk"] == expected.value_at_risk.tolist()


def test_signals_of_a_known_process_and_levels(call):
    found = call(
        "GenerateSignals",
        price_history=meanrev_pb2.PriceHistory(prices=[6.9], timestamps_ms=[77]),
        ou_params=meanrev_pb2.OuEstimate(theta=2.0, mu=5.0, sigma=1.6),
        thresholds=meanrev_pb2.ThresholdResponse(entry_zscore=2.0, exit_zscore=0.0),
    )
    cost = 2 * 0.001 * 5.0
    expected = signals.decide(6.9, 2.0, 5.0, 1.6, 2.0, 0.0, round_trip_cost=cost)
    assert found.signal == expected.signal == "sell"
    assert found.zscore == pytest.approx(1.9 / 0.8)
    assert found.expected_profit == pytest.approx((1.9 / 0.8) * 0.8 - cost)
    assert (found.confidence, found.timestamp_ms) == (expected.confidence, 77)
    assert found.reasoning == expected.reasoning


def test_signals_fit_the_history_and_find_the_levels_where_none_are_given(call):
    history = meanrev_pb2.PriceHistory(prices=PRICES)
    found = call("GenerateSignals", price_history=history)
    fit = ou.single(ou.fit(PRICES[None, :], bias="median_unbiased"))
    best = thresholds.optimal(fit.theta, fit.mu, fit.sigma, 2 * 0.001 * abs(fit.mu))
    extras = json.loads(found.metadata)
    assert extras["theta"] == pytest.approx(fit.theta)
    assert extras["entry_zscore"] == pytest.approx(float(best.entry_z))
    assert extras["adf_p_value"] == pytest.approx(fit.adf_p_value)
    assert extras["confidence_meaning"].startswith("the exit comes within")
    earlier = call("GenerateSignals", price_history=history, metadata=options(confidence="unit_root"))
    assert earlier.confidence == pytest.approx(1 - fit.adf_p_value)
