"""Results carry notes and the errors of Sharpe ratios, also where an earlier server sends none."""

import math

import numpy as np
import pytest

import meanrev as mr
from meanrev.methods.sharpe_errors import sharpe_errors
from meanrev_wire import meanrev_pb2

WALK = np.cumsum(np.random.default_rng(3).normal(0, 0.3, 120)) + 50
LEVELS = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 0.01, "mode": "unit"}


def test_thresholds_of_a_random_walk_have_a_note_and_those_of_a_reverting_series_none(client, prices):
    fits = [client.ou(series, bias="median_unbiased") for series in (prices[:, 0], WALK)]
    assert fits[0].adf_p_value < 0.05 <= fits[1].adf_p_value
    notes = [client.thresholds(fit, round_trip_cost=0.02).note for fit in fits]
    assert notes[0] == ""
    assert "the unit root of this fit is not rejected" in notes[1]
    bare = {name: fits[1][name] for name in ("theta", "mu", "sigma")}
    assert client.thresholds(bare, round_trip_cost=0.02).note == ""  # nothing is known of its test
    both = client.fit_ou(np.stack([prices[:120, 0], WALK, np.ones(120)], axis=1), bias="median_unbiased")
    found = client.thresholds(both, round_trip_cost=0.02)
    assert [bool(note) for note in found.note] == [bool(p >= 0.05) for p in both.adf_p_value[:2]] + [False]
    assert len(found.to_frame()) == 3


def test_a_pair_that_is_not_cointegrated_has_a_note(client):
    walks = np.cumsum(np.random.default_rng(2).normal(0, 0.3, (300, 2)), axis=0) + 80
    found = client.pair(walks[:, 0], walks[:, 1])
    assert found.p_value >= 0.05
    assert found.status == "traded"
    assert "is not rejected" in found.note
    assert "is not rejected" in client.thresholds(found, round_trip_cost=0.02).note


def test_backtests_have_the_note_on_a_short_lookback(client, prices):
    short = client.backtest(prices, lookback=20, **LEVELS)
    assert all("score 'rolling' over 20 bars" in note for note in short.note)
    assert client.backtest(prices[:, 0], lookback=20, **LEVELS).note == short.note[0]
    assert client.backtest(prices[:, 0], score="online", **LEVELS).note == ""
    swept = client.sweep(prices[:, 0], entry=[1.0], exit=[0.0], cost_per_side=0.01, mode="unit")
    assert swept.best.note == short.note[0]


def test_a_stream_has_the_errors_of_the_bars_so_far_and_a_backtest_those_with_autocorrelation(client, prices):
    last = list(client.backtest_stream(prices[:, 0].tolist(), **LEVELS))[-1]
    whole = client.backtest(prices[:, 0], **LEVELS)
    assert whole.sharpe_ratio == pytest.approx(last.sharpe_ratio, rel=1e-9)
    assert whole.sharpe_std_error == client.backtest(prices[:, :2], **LEVELS).sharpe_std_error[0]
    assert last.sharpe_std_error == pytest.approx(whole.sharpe_std_error, rel=0.3)
    assert last.sharpe_std_error != whole.sharpe_std_error


def test_weights_have_the_error_of_their_returns_and_none_of_their_own_moments(client, returns):
    for ask in (client.cara, client.sharpe):
        found = ask(returns)
        expected = client.stats(returns @ np.asarray(found.weights), periods_per_year=1.0)
        assert found.sharpe_ratio == pytest.approx(expected.sharpe_ratio, rel=1e-9)
        assert found.sharpe_std_error == pytest.approx(expected.sharpe_std_error, rel=1e-9)
        assert found.probability_sharpe_positive == pytest.approx(expected.probability_sharpe_positive, rel=1e-6)
        given = ask(returns, expected_returns=returns.mean(axis=0))
        assert math.isnan(given.sharpe_std_error)
    plan = client.multiperiod(returns, n_periods=2)
    halves = np.array_split(returns, 2)
    expected = [
        client.stats(half @ weights, periods_per_year=1.0).sharpe_std_error
        for half, weights in zip(halves, plan.weights_sequence, strict=True)
    ]
    np.testing.assert_allclose(plan.sharpe_std_error, expected, rtol=1e-9)


def test_portfolio_statistics_have_the_error_of_the_portfolio(client, returns):
    meta = client.portfolio_stats(returns).meta
    expected = client.stats(returns.mean(axis=1))
    assert meta["sharpe_std_error"] == pytest.approx(expected.sharpe_std_error, rel=1e-9)
    assert meta["probability_sharpe_positive"] == pytest.approx(expected.probability_sharpe_positive, rel=1e-9)


def test_a_reply_without_errors_has_nan():
    earlier = sharpe_errors(meanrev_pb2.BacktestMetric(sharpe_ratio=1.0))
    assert all(math.isnan(value) for value in earlier.values())
    assert set(earlier) == {"sharpe_std_error", "probability_sharpe_positive"}


@pytest.mark.parametrize("score", ["rolling", "online", "fixed"])
def test_signals_take_a_score(client, prices, score):
    found = client.signals(prices[:, 0], score=score, **({"lookback": 30} if score == "rolling" else {}))
    if score == "rolling":
        window = prices[-30:, 0]
        assert found.zscore == pytest.approx((window[-1] - window.mean()) / window.std(), rel=1e-9)
        assert "score 'rolling' over 30 bars" in found.note
    else:
        assert found.note == ""


def test_an_online_score_takes_no_fit(client, prices):
    fit = client.ou(prices[:, 0])
    with pytest.raises(mr.InvalidInput, match="fit must be left out for score 'online'"):
        client.signals(prices[:, 0], fit, score="online")


def test_three_prices_have_no_half_life(client):
    three = np.array([1.0, 2.0, 1.5])
    assert math.isnan(client.ou(three).half_life)
    assert np.isnan(client.fit_ou(np.stack([three, three[::-1]], axis=1)).half_life).all()
    assert all(
        math.isnan(each.half_life) for each in client.ou_stream(("A", price, i) for i, price in enumerate(three))
    )
    several = np.stack([three, three[::-1]], axis=1)
    for ask in (client.tests, client.scan, client.johansen):
        with pytest.raises(mr.InvalidInput, match="must"):
            ask(several)
    with pytest.raises(mr.InvalidInput, match="must have T >= 6 rows"):
        client.pair(three, three[::-1])
    with pytest.raises(mr.InvalidInput, match="fewer than 4 prices to fit"):
        client.signals(three)
