"""Each method gives what the maths gives, over a socket and without one."""

import sys

import numpy as np
import pytest

import meanrev as mr
from gpu_kernels import moments, ou, pca, sweep, thresholds, weights
from gpu_kernels import returns as kernel_returns


def test_a_fit_equals_the_maths_for_one_series(client, prices):
    fit = client.ou(prices[:, 0])
    expected = ou.fit(prices[None, :, 0])
    for name in ("theta", "mu", "sigma", "half_life", "r_squared", "theta_std_error", "adf_statistic"):
        assert fit[name] == pytest.approx(getattr(expected, name)[0], rel=1e-9)
    assert isinstance(fit.theta, float)
    assert (fit.n_samples, fit.status) == (400, "converged")


def test_a_fit_of_many_series_has_an_entry_a_column(client, prices):
    fit = client.ou(prices)
    expected = ou.fit(prices.T)
    np.testing.assert_allclose(fit.theta, expected.theta, rtol=1e-9)
    np.testing.assert_allclose(fit.half_life_upper, expected.half_life_upper, rtol=1e-8)
    assert fit.asset_id == ("0", "1", "2")
    assert fit.status == ("converged",) * 3


def test_one_series_that_cannot_be_fitted_leaves_the_others_alone(client, prices):
    spoilt = prices.copy()
    spoilt[:, 1] = 5.0
    fit = client.ou(spoilt)
    assert [status == "error" for status in fit.status] == [False, True, False]
    assert "constant" in fit.reason[1]
    levels = client.thresholds(fit, round_trip_cost=0.1)
    np.testing.assert_array_equal(np.isnan(levels.entry_zscore), [False, True, False])


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_series_too_short_to_fit_has_no_number_and_the_reason(client, length):
    prices = np.arange(1.0, length + 1.0)
    for fit in (client.ou(prices), client.fit_ou(prices)):
        assert (fit.status, fit.reason, fit.n_samples) == ("updating", "fewer than 4 prices", length)
        assert np.isnan([fit.theta, fit.mu, fit.half_life, fit.half_life_upper, fit.b_upper, fit.mu_lower]).all()


def test_a_fit_near_a_unit_root_has_the_exact_interval(client, prices):
    fit, plain = client.ou(prices[:, 0], bias="median_unbiased"), client.ou(prices[:, 0])
    assert fit.theta == pytest.approx(-np.log(fit.b_median_unbiased))
    assert fit.theta < plain.theta
    assert fit.theta_upper == pytest.approx(-np.log(fit.b_lower))
    assert (plain.b_lower, plain.mu_lower) == (fit.b_lower, fit.mu_lower)
    assert client.fit_ou(prices[:, 0], bias="median_unbiased").theta_lower == pytest.approx(fit.theta_lower)


def test_no_price_at_all_is_refused(client):
    for nothing in ([], np.empty((0, 3)), np.empty((5, 0))):
        with pytest.raises(mr.InvalidInput, match="prices must hold at least one price"):
            client.ou(nothing)


def test_more_series_than_one_stream_carries_take_several(client, prices, monkeypatch):
    whole = client.ou(prices)
    monkeypatch.setattr(sys.modules["meanrev.methods.ou"], "_ASSETS_A_CALL", 2)
    assert client.ou(prices) == whole
    spoilt = prices.copy()
    spoilt[7, 2] = np.inf
    found = client.ou(spoilt)
    assert (found.status[2], found.reason[2]) == ("error", "the price inf at row 7 is infinite")
    assert found.theta[:2].tolist() == whole.theta[:2].tolist()


def test_names_of_series_must_differ_and_be_as_many(client, prices):
    with pytest.raises(mr.InvalidInput, match=r"asset_ids must differ .* got 'A'"):
        client.ou(prices, asset_ids=["A", "B", "A"])
    with pytest.raises(mr.InvalidInput, match="asset_ids must hold 3 names"):
        client.ou(prices, asset_ids=["A"])


def test_timestamps_are_used_where_a_time_unit_is_given(client, prices):
    stamps = 1_600_000_000_000 + 3_600_000 * np.arange(400)
    fit = client.ou(prices[:, 0], timestamps_ms=stamps, time_unit_ms=3_600_000)
    assert fit.theta == pytest.approx(client.ou(prices[:, 0]).theta, rel=1e-4)
    assert fit.timestamp_ms == stamps[-1]


def test_thresholds_equal_the_maths(client, prices):
    fit = client.ou(prices[:, 0])
    found = client.thresholds(fit, round_trip_cost=0.1, objective="profit")
    expected = thresholds.optimal(fit.theta, fit.mu, fit.sigma, 0.1, objective="profit")
    assert found.entry_zscore == pytest.approx(float(expected.entry_z), rel=1e-12)
    assert found.meta["round_trip_cost"] == pytest.approx(0.1)


def test_a_cost_a_side_is_a_fraction_of_both_trades(client):
    process = {"theta": 0.1, "mu": 50.0, "sigma": 0.5}
    assert client.thresholds(process, cost_per_side=1e-3) == client.thresholds(process, round_trip_cost=0.1)


@pytest.mark.parametrize("costs", [{}, {"cost_per_side": 1e-3, "round_trip_cost": 0.1}])
def test_exactly_one_cost_is_taken(client, costs):
    with pytest.raises(mr.InvalidInput, match="cost must be given once"):
        client.thresholds({"theta": 0.1, "mu": 50.0, "sigma": 0.5}, **costs)


def test_a_process_without_sigma_is_refused_by_name(client):
    with pytest.raises(mr.InvalidInput, match="theta, mu and sigma"):
        client.thresholds({"theta": 0.1, "mu": 50.0}, round_trip_cost=0.1)


def test_many_thresholds_equal_each_alone(client, prices):
    fit = client.ou(prices)
    together = client.thresholds(fit, cost_per_side=1e-4)
    for i in range(3):
        alone = client.thresholds({name: fit[name][i] for name in ("theta", "mu", "sigma")}, cost_per_side=1e-4)
        assert together.entry_zscore[i] == alone.entry_zscore


def test_many_means_of_one_speed_are_many_processes(client):
    found = client.thresholds({"theta": 1.0, "mu": [0.0, 1.0, 2.0], "sigma": 1.0}, round_trip_cost=0.1)
    assert found.entry_zscore.shape == (3,)


def test_a_backtest_equals_the_maths(client, prices):
    found = client.backtest(prices[:, 0], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=1e-4)
    expected = sweep.backtest(prices[None, :, 0], np.array([1.0]), np.array([0.0]), np.array([1e-4]))
    assert found.cumulative_return == pytest.approx(expected.cumulative_return[0, 0], rel=1e-9)
    assert found.num_trades == expected.num_trades[0, 0]
    assert (found.bar_number, found.path) == (400, None)


def test_a_backtest_with_its_path_ends_at_the_same_metrics(client, prices):
    levels = client.thresholds(client.ou(prices[:, 0]), cost_per_side=1e-4)
    short = client.backtest(prices[:, 0], levels, cost_per_side=1e-4)
    long = client.backtest(prices[:, 0], levels, cost_per_side=1e-4, path=True)
    assert long.sharpe_ratio == short.sharpe_ratio
    assert long.path.equity.shape == (400,)
    assert long.path.equity[-1] == long.equity
    assert long.path.to_frame().shape[0] == 400


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "entry_zscore and exit_zscore must be given"),
        ({"entry_zscore": 1.0}, "entry_zscore and exit_zscore must be given"),
        ({"thresholds": {"entry_zscore": 1.0, "exit_zscore": 0.0}, "exit_zscore": 0.0}, "thresholds must be left out"),
    ],
)
def test_a_backtest_takes_its_levels_once(client, given, message):
    with pytest.raises(mr.InvalidInput, match=message):
        client.backtest([1.0, 2.0], cost_per_side=0.0, **given)


def test_a_backtest_takes_prices(client):
    with pytest.raises(mr.InvalidInput, match="at least one price"):
        client.backtest([], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=0.0)


@pytest.mark.parametrize("kind", ["log", "simple"])
def test_returns_equal_the_maths(client, prices, kind):
    found = client.log_returns(prices, return_type=kind)
    expected = kernel_returns.compute(prices, kind=kind)
    np.testing.assert_array_equal(found.log_returns, expected.returns)
    assert (found.mean_return, found.std_return, found.n_periods) == (expected.mean, expected.std, expected.n_periods)


def test_components_equal_the_maths(client, returns):
    found = client.pca(returns, n_components=2, scaling="zscore")
    expected = pca.fit(returns, n_components=2, scaling="zscore")
    np.testing.assert_allclose(found.components, expected.components, atol=1e-12)
    np.testing.assert_allclose(found.transformed, expected.transformed, atol=1e-12)
    assert found.total_variance_explained == pytest.approx(expected.total_variance_explained)


@pytest.mark.parametrize("method", ["cara", "sharpe"])
def test_weights_equal_the_maths(client, returns, method):
    estimate = moments.covariance(returns)
    found = getattr(client, method)(returns, gamma=3.0)
    expected = getattr(weights, method)(estimate.mean, estimate.matrix, gamma=3.0)
    np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-9)
    assert found.utility == pytest.approx(expected.utility)


@pytest.mark.parametrize("method", ["cara", "sharpe"])
def test_own_estimates_replace_the_sample(client, returns, method):
    mean, covariance = returns.mean(axis=0), np.cov(returns.T)
    found = getattr(client, method)(expected_returns=mean, covariance=covariance)
    np.testing.assert_allclose(found.weights, getattr(client, method)(returns).weights, rtol=1e-9)
    with pytest.raises(mr.InvalidInput, match="returns must be given unless both"):
        getattr(client, method)(expected_returns=mean)


def test_options_reach_the_server(client, returns):
    found = client.cara(returns, mode="long_only", bounds=(0.0, 0.5), estimator="ledoit_wolf")
    assert found.weights.min() >= -1e-9
    assert found.weights.max() <= 0.5 + 1e-9
    assert "shrinkage" in str(found.meta)


@pytest.mark.parametrize("gamma", [0.0, -1.0])
def test_a_gamma_that_the_wire_cannot_tell_from_unset_is_refused(client, returns, gamma):
    for ask in (client.cara, client.sharpe, client.multiperiod):
        with pytest.raises(mr.InvalidInput, match="gamma must be > 0"):
            ask(returns, gamma=gamma)


def test_a_plan_takes_a_list_a_cube_or_one_matrix_to_cut(client, returns):
    halves = [returns[:200], returns[200:398]]
    listed = client.multiperiod([returns[:199], returns[199:398]], transaction_cost=1e-4)
    assert listed == client.multiperiod(returns[:398].reshape(2, 199, 3), transaction_cost=1e-4)
    assert listed == client.multiperiod(returns[:398], n_periods=2, transaction_cost=1e-4)
    assert client.multiperiod(halves).weights_sequence.shape == (2, 3)
    np.testing.assert_allclose(listed.weights_sequence.sum(axis=1), 1.0, atol=1e-8)


def test_a_plan_needs_returns_or_both_estimates(client, returns):
    with pytest.raises(mr.InvalidInput, match="returns_sequence must be given"):
        client.multiperiod(expected_returns=returns.mean(axis=0))
    plan = client.multiperiod(expected_returns=returns.mean(axis=0), covariance=np.cov(returns.T), n_periods=4)
    assert plan.weights_sequence.shape == (4, 3)


def test_statistics_take_the_weights_that_a_method_returned(client, returns):
    found = client.sharpe(returns)
    stats = client.portfolio_stats(returns, found)
    assert stats == client.portfolio_stats(returns, list(found.weights))
    assert stats.std_return == pytest.approx(np.std(returns @ found.weights, ddof=1))
    assert stats.marginal_contrib.sum() == pytest.approx(stats.std_return)
    np.testing.assert_allclose(stats.covariance, np.cov(returns.T), rtol=1e-9)


def test_a_signal_follows_from_the_fit_and_the_thresholds(client, prices):
    fit = client.ou(prices[:, 0])
    levels = client.thresholds(fit, round_trip_cost=0.05)
    cheap = np.append(prices[:, 0], fit.mu - 5.0)
    assert client.signals(cheap, fit, levels).signal == "buy"
    assert client.signals(cheap, fit, levels, position="short").signal == "buy"
    assert client.signals(cheap, fit, levels, position="long").signal == "hold"
    corrected = client.ou(prices[:, 0], bias="median_unbiased")
    assert client.signals(prices[:, 0]).meta["theta"] == pytest.approx(corrected.theta)
    assert client.signals(prices[:, 0], bias="none").meta["theta"] == pytest.approx(fit.theta)


def test_a_signal_takes_the_fit_of_one_series(client, prices):
    with pytest.raises(mr.InvalidInput, match="fit must hold a number each for theta, mu, sigma"):
        client.signals(prices[:, 0], client.ou(prices))


def test_what_a_call_took_is_in_meta(client, where):
    meta = client.log_returns([1.0, 2.0]).meta
    assert meta["address"] == where
    assert meta["elapsed_ms"] > 0


@pytest.mark.parametrize("bad", ["words", {"a": 1}, [[[1.0]]], ["a", "b"], 3.0])
def test_what_is_no_series_of_numbers_is_refused_here(client, bad):
    with pytest.raises(mr.InvalidInput, match="prices must"):
        client.log_returns(bad)


def test_an_argument_of_the_wrong_type_is_refused_here(client, returns):
    with pytest.raises(mr.InvalidInput, match="n_components must be a whole number"):
        client.pca(returns, n_components="two")


def test_both_ways_give_the_same_numbers(address, prices):
    with mr.Client(address) as far, mr.Client("local") as near:
        assert far.ou(prices) == near.ou(prices)
