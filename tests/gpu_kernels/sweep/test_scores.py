"""Scores of a known process and of one that is fitted on the way: on every twin, bar by bar, and without the future."""

import numpy as np
import pytest

from gpu_kernels import sweep, thresholds
from gpu_kernels.errors import InvalidInput
from gpu_kernels.performance import sharpe_error
from gpu_kernels.sweep import scores


def reverting(half_life, n_series, n_bars, seed):
    """Return stationary standardised paths, (B, T)."""
    source, decay = np.random.default_rng(seed), 2.0 ** (-1.0 / half_life)
    noise = source.standard_normal((n_bars, n_series))
    found = np.empty((n_bars, n_series))
    found[0] = noise[0]
    for bar in range(1, n_bars):
        found[bar] = decay * found[bar - 1] + np.sqrt(1 - decay * decay) * noise[bar]
    return np.ascontiguousarray(found.T)


PRICES = reverting(15, 4, 300, seed=1)
GAPS = np.where(np.random.default_rng(2).random(PRICES.shape) < 0.05, np.nan, PRICES)
FIXED = sweep.Rules(mode="unit", score="fixed", mean=np.array([0.0, 0.1, -0.1, 0.2]), deviation=np.full(4, 0.9))
ONLINE = sweep.Rules(mode="unit", score="online", forgetting=0.99)
RULES = [FIXED, FIXED._replace(stop=3.0), FIXED._replace(execution_delay=0), ONLINE]


@pytest.mark.parametrize("prices", [PRICES, GAPS], ids=["whole", "gaps"])
@pytest.mark.parametrize("rules", RULES, ids=["fixed", "stop", "at once", "online"])
def test_every_twin_trades_the_same_scores(twin, rules, prices):
    entry, leave = np.repeat([0.8, 1.2, 1.6], 2), np.tile([0.0, -0.4], 3)
    expected = sweep.backtest(prices, entry, leave, 0.05, rules)
    accounts = sweep.accounts(prices, 1.2, -0.4, 0.05, rules, path=True)
    with twin.running():
        found = sweep.backtest(prices, entry, leave, 0.05, rules)
        ran = sweep.accounts(prices, 1.2, -0.4, 0.05, rules, path=True)
    assert expected.num_trades.sum() > 50
    np.testing.assert_array_equal(found.num_trades, expected.num_trades)
    np.testing.assert_allclose(found.sharpe_ratio, expected.sharpe_ratio, rtol=1e-10)
    np.testing.assert_array_equal(ran.paths.zscore, accounts.paths.zscore)


def test_the_fixed_score_is_the_distance_from_the_mean_in_deviations():
    ran = sweep.accounts(PRICES, 1.2, -0.4, 0.05, FIXED, path=True)
    expected = (PRICES - FIXED.mean[:, None]) / FIXED.deviation[:, None]
    np.testing.assert_array_equal(ran.paths.zscore, expected)


def test_the_online_score_is_that_of_a_weighted_regression_of_the_prices_before():
    ran = sweep.accounts(PRICES[:1], 1.2, -0.4, 0.05, ONLINE, path=True)
    bar, before = 200, PRICES[0, :200]
    u, v = before[:-1], before[1:]
    weights = 0.99 ** np.arange(u.size - 1, -1, -1)
    share = weights / weights.sum()
    mean_u, mean_v = share @ u, share @ v
    slope = (share @ ((u - mean_u) * (v - mean_v))) / (share @ (u - mean_u) ** 2)
    mean = (mean_v - slope * mean_u) / (1 - slope)
    noise = share @ (v - mean_v - slope * (u - mean_u)) ** 2
    expected = (PRICES[0, bar] - mean) / np.sqrt(noise / (1 - slope**2))
    assert ran.paths.zscore[0, bar] == pytest.approx(expected, rel=1e-9)


def test_an_online_score_of_prices_beyond_the_squares_of_the_doubles_is_none():
    score = scores.OnlineScore(0.99)
    found = [score.update(price) for price in (*PRICES[0, :60], 1e306, -1e306, 1e306, 1.0)]
    assert np.isnan(found[-1])


@pytest.mark.parametrize("rules", [FIXED, ONLINE], ids=["fixed", "online"])
def test_later_prices_change_no_earlier_score(rules):
    changed = PRICES.copy()
    changed[:, 200:] += 5.0
    before, after = (sweep.accounts(prices, 1.2, -0.4, 0.05, rules, path=True).paths for prices in (PRICES, changed))
    np.testing.assert_array_equal(before.zscore[:, :200], after.zscore[:, :200])
    np.testing.assert_array_equal(before.equity[:, :200], after.equity[:, :200])


@pytest.mark.parametrize("rules", [FIXED, ONLINE], ids=["fixed", "online"])
def test_bar_by_bar_it_is_the_same(rules):
    book = sweep.OnlineBacktest(rules.of(slice(0, 1)))
    for price in PRICES[0]:
        book.update(price, 1.2, -0.4, 0.05)
    whole = sweep.accounts(PRICES, 1.2, -0.4, 0.05, rules)
    assert book.metric().zscore == sweep.accounts(PRICES, 1.2, -0.4, 0.05, rules, path=True).paths.zscore[0, -1]
    assert book.metric().sharpe_ratio == pytest.approx(whole.returns.figures.sharpe_ratio[0], rel=1e-12)


def test_a_series_without_a_process_never_trades():
    rules = FIXED._replace(mean=np.array([0.0, np.nan, 0.0, 0.0]))
    assert sweep.backtest(PRICES, 1.2, -0.4, 0.05, rules).num_trades[:, 0].tolist().index(0) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": "none"}, "score must be one of 'rolling', 'fixed', 'online'"),
        ({"mean": None}, "mean must be given for score 'fixed'"),
        ({"deviation": np.zeros(4)}, r"deviation\[0\] must be > 0, got 0.0"),
        ({"mean": np.zeros(3)}, "mean must be a number, or one for each of the 4 series, got 3"),
        ({"score": "rolling"}, "mean goes with score 'fixed' alone, got 'rolling'"),
        ({"forgetting": 1.5}, "forgetting must be above 0 and at most 1, got 1.5"),
    ],
)
def test_a_score_that_cannot_be_made_is_refused(change, message):
    with pytest.raises(InvalidInput, match=message):
        sweep.backtest(PRICES, 1.2, -0.4, 0.05, FIXED._replace(**change))


@pytest.mark.parametrize("delay", [0, 1])
def test_backtests_realise_the_sharpe_ratio_that_thresholds_promise(delay):
    """Within wide bounds; bench/calibration has the narrow ones."""
    theta, cost = np.log(2) / 20, 0.1
    best = thresholds.optimal(theta, 0.0, np.sqrt(2 * theta), cost, dt=1.0, delay=float(delay))
    prices = reverting(20, 60, 1500, seed=5)
    rules = sweep.Rules(mode="unit", score="fixed", mean=0.0, deviation=1.0, execution_delay=delay, periods_per_year=1)
    found = sweep.backtest(prices, best.entry_z, best.exit_z, cost / 2, rules).sharpe_ratio[:, 0]
    error = found.std() / np.sqrt(found.size)
    assert abs(found.mean() - best.sharpe) < 4 * error
    rolling = sweep.backtest(prices, best.entry_z, best.exit_z, cost / 2, sweep.Rules(mode="unit", periods_per_year=1))
    assert rolling.sharpe_ratio.mean() < 0.5 * best.sharpe


def test_standard_errors_cover_the_truth_of_autocorrelated_returns():
    source = np.random.default_rng(4)
    shocks = source.standard_t(6, (400, 500)) / np.sqrt(1.5)
    returns = 0.1 + shocks[:, 1:] + 0.3 * shocks[:, :-1]
    truth = 0.1 / np.sqrt(1 + 0.3**2)
    estimates = returns.mean(axis=1) / returns.std(axis=1)
    errors = sharpe_error.standard_errors(returns)
    covered = np.mean(np.abs(estimates - truth) < 1.96 * errors)
    assert 0.9 < covered < 0.985
    independent = np.mean(np.abs(estimates - truth) < 1.96 / np.sqrt(returns.shape[1]))
    assert independent < covered
