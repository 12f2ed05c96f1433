"""Replies carry a warning exactly where there is one to give: each note's boundary, through the wire."""

import json
import math

import numpy as np
import pytest

from gpu_kernels import ou, sweep
from gpu_kernels.sweep.rolling_loss import lookback_note
from meanrev_wire import meanrev_pb2
from tests.gpu_kernels.sweep.test_scores import reverting
from tests.server.research import chunks

PRICES = 5.0 + reverting(8, 1, 400, seed=3)[0]
FIT = ou.single(ou.fit(PRICES[None], bias="median_unbiased"))
ENOUGH = math.ceil(10 * FIT.half_life)
INTERVAL = FIT.half_life_lower, FIT.half_life_upper
WALK = np.cumsum(np.random.default_rng(3).normal(0, 0.3, 120)) + 50
RULE = {"mode": "unit", "entry": 1.0, "exit": 0.0, "cost": 0.01}


def noted(metadata):
    return json.loads(metadata or "{}").get("note", "")


@pytest.mark.parametrize("lookback", [ENOUGH - 1, ENOUGH])
def test_a_backtest_notes_a_lookback_below_ten_times_the_half_life(ask, lookback):
    both = np.stack([PRICES, 0.1 * np.arange(400.0) + PRICES[0]], axis=1)  # the second column does not revert
    result = ask("Backtest", chunks(both, lookback=lookback, **RULE))[-1].result
    assert list(result.note) == [lookback_note(lookback, FIT.half_life, INTERVAL), ""]
    assert bool(result.note[0]) == (lookback < ENOUGH)


@pytest.mark.parametrize("score", [{"score": "online"}, {"score": "fixed", "fit_rows": 100}])
def test_another_score_than_the_rolling_one_has_no_note(ask, score):
    assert list(ask("Backtest", chunks(PRICES[:, None], lookback=20, **score, **RULE))[-1].result.note) == [""]
    grid = {"mode": "unit", "entry": [1.0], "exit": [0.0], "cost": [0.01]}
    [best] = ask("SweepThresholds", chunks(PRICES[:, None], **score, **grid))[-1].result.best
    assert best.note == ""


def test_a_sweep_notes_the_lookback_of_the_best_cell(ask):
    grid = {"mode": "unit", "entry": [1.0], "exit": [0.0], "cost": [0.01]}
    for lookback in (ENOUGH - 1, ENOUGH):
        [best] = ask("SweepThresholds", chunks(PRICES[:, None], lookback=[lookback], **grid))[-1].result.best
        assert best.note == lookback_note(lookback, FIT.half_life, INTERVAL)
    untradable = ask("SweepThresholds", chunks(np.full((60, 1), np.nan), lookback=[20], **grid))[-1].result.best
    assert [best.note for best in untradable] == [""]


@pytest.mark.parametrize("every", [1, 64, 1_000])
def test_the_first_reply_of_a_long_first_message_has_the_note(call, every):
    options = json.dumps({"mode": "unit", "lookback": 20})
    given = {"entry_zscore": 1.0, "transaction_cost": 0.01, "update_frequency": every}
    replies = call("BacktestWithCosts", prices=PRICES, metadata=options, **given)
    expected = lookback_note(20, FIT.half_life, INTERVAL)
    assert [noted(reply.metadata) for reply in replies] == [expected] + [""] * (len(replies) - 1)
    enough = json.dumps({"mode": "unit", "lookback": ENOUGH})
    assert not any(reply.metadata for reply in call("BacktestWithCosts", prices=PRICES, metadata=enough, **given))


def test_every_metric_of_a_stream_has_the_error_of_its_ratio(call):
    options = json.dumps({"mode": "unit", "lookback": 20})
    bars = [meanrev_pb2.BacktestInput(price=price, entry_zscore=1.0) for price in PRICES]
    bars[0].metadata = options
    run = sweep.OnlineBacktest(sweep.Rules(mode="unit", lookback=20))
    for price, reply in zip(PRICES.tolist(), call("BacktestWithCosts", bars), strict=True):
        run.update(price, 1.0, 0.0, 0.0)
        told = run.metric()
        assert reply.sharpe_std_error == pytest.approx(told.sharpe_std_error, nan_ok=True)
        assert reply.probability_sharpe_positive == pytest.approx(told.probability_sharpe_positive, nan_ok=True)
        assert noted(reply.metadata) == ""  # no half-life is known when a price that comes alone is traded
    assert told.sharpe_std_error > 0


@pytest.mark.parametrize(
    ("p_value", "said"), [(0.0, ""), (0.0499, ""), (0.05, "p = 0.05"), (0.3, "p = 0.3"), (math.nan, "was not tested")]
)
def test_thresholds_of_a_fit_whose_unit_root_is_not_rejected_have_a_note(call, p_value, said):
    process = meanrev_pb2.OuEstimate(theta=0.1, mu=5.0, sigma=0.3, adf_p_value=p_value)
    note = noted(call("OptimalThresholds", ou_params=process, transaction_cost=0.05).metadata)
    assert ("the unit root of this fit" in note, said in note) == (bool(said), True)
    slow = meanrev_pb2.OuEstimate(theta=0.1, mu=5.0, sigma=0.3, adf_p_value=p_value)
    assert noted(call("OptimalThresholds", ou_params=slow, transaction_cost=9.0).metadata).startswith("unprofitable")


def test_signals_note_their_own_fit_or_the_one_they_are_given(call):
    for prices in (PRICES, WALK):
        history = meanrev_pb2.PriceHistory(prices=prices)
        p_value = ou.single(ou.fit(prices[None], bias="median_unbiased")).adf_p_value
        assert ("is not rejected" in noted(call("GenerateSignals", price_history=history).metadata)) == (
            p_value >= 0.05
        )
    given = meanrev_pb2.OuEstimate(theta=0.1, mu=5.0, sigma=0.3)
    history = meanrev_pb2.PriceHistory(prices=WALK)
    assert noted(call("GenerateSignals", price_history=history, ou_params=given).metadata) == ""


def test_signals_take_the_other_scores(call):
    history = meanrev_pb2.PriceHistory(prices=PRICES)
    z_of = {}
    for rules in (
        sweep.Rules(mode="unit", lookback=20),
        sweep.Rules(mode="unit", score="online", forgetting=0.99),
    ):
        path = sweep.accounts(PRICES[None], 1.0, 0.0, 0.0, rules, path=True).paths
        z_of[rules.score] = path.zscore[0, -1]
    rolling = call("GenerateSignals", price_history=history, metadata='{"score": "rolling"}')
    assert rolling.zscore == z_of["rolling"]
    half_life = math.log(2) / json.loads(rolling.metadata)["theta"]
    assert noted(rolling.metadata) == lookback_note(20, half_life)
    online = call("GenerateSignals", price_history=history, metadata='{"score": "online", "forgetting": 0.99}')
    assert online.zscore == z_of["online"]
    assert noted(online.metadata) == ""


def test_a_portfolio_watches_with_intervals_that_hold_near_a_unit_root():
    """Of random walks, intervals by standard errors call many reverting, and the others few: the alerts follow them."""
    from meanrev_server.handlers import portfolio_health_stream

    claims = {"server": 0, "standard errors": 0}
    makers = {"server": portfolio_health_stream._estimator, "standard errors": ou.OnlineOu}
    walks = np.cumsum(np.random.default_rng(5).normal(size=(150, 100)), axis=1)
    for name, make in makers.items():
        for walk in walks:
            estimator = make()
            estimator.extend(walk)
            claims[name] += estimator.estimate().theta_lower > 0
    assert claims["standard errors"] > 30
    assert claims["server"] <= 15
