"""The story's figures, recomputed from the prices with other people's software."""

import csv
from dataclasses import replace
from importlib import resources
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import erf, erfcx
from statsmodels.regression.linear_model import OLS
from statsmodels.tools.tools import add_constant
from statsmodels.tsa.adfvalues import mackinnonp
from statsmodels.tsa.stattools import coint

from meanrev_demo import sentences
from tests.naive import performance as naive
from tests.naive import unit_root

COST = 0.002  # two oils, two sides, five basis points


@pytest.fixture(scope="module")
def prices():
    text = (resources.files("meanrev_demo") / "crude.csv").read_text(encoding="utf-8")
    return list(csv.reader(text.splitlines()))[1:]


@pytest.fixture(scope="module")
def model(prices, story):
    """Residuals, z-scores, slope, mean and deviation by statsmodels, with the story's median-unbiased theta."""
    brent, wti = (np.log([float(row[column]) for row in prices]) for column in (1, 2))
    seen = sum(row[0] < "2006" for row in prices)
    regression = OLS(wti[:seen], add_constant(brent[:seen])).fit()
    spread = wti - add_constant(brent) @ regression.params
    autoregression = OLS(spread[1:seen], add_constant(spread[: seen - 1])).fit()
    intercept, slope = autoregression.params
    theta, mean = story.fit.theta, intercept / (1 - slope)
    sigma = np.sqrt(-2 * np.log(slope) * np.mean(autoregression.resid**2) / (1 - slope**2))
    deviation = sigma / np.sqrt(2 * theta)
    return {
        "seen": seen,
        "hedge_ratio": regression.params[1],
        "spread": spread,
        "slope": slope,
        "theta": theta,
        "sigma": sigma,
        "mean": mean,
        "deviation": deviation,
        "p_value": mackinnonp((slope - 1) / autoregression.bse[1], regression="c", N=1),
        "z": (spread - mean) / deviation,
    }


def promised_sharpe(theta, deviation, entry, leave):
    """The annual Sharpe ratio that the process promises, by quadrature."""
    sigma = deviation * np.sqrt(2 * theta)
    inside = np.sqrt(2 * np.pi) / theta * quad(lambda t: erfcx(t / np.sqrt(2)) / 2, leave, entry)[0]
    back = quad(lambda t: np.sqrt(np.pi / 2) * np.exp(t * t / 2) * erf(t / np.sqrt(2)), abs(leave), entry)[0] / theta
    profit = (entry - leave) * deviation - COST
    variance = sigma**2 * inside + COST**2 / 2  # of a cycle: of the moves held, and of the cost paid at either end
    return profit / np.sqrt(variance * (inside + back)) * np.sqrt(12)


def traded(spread, held):
    """Profits month by month, positions held from one month's price to the next."""
    moves = [0.0, *(now - before for before, now in pairwise(spread))]
    before = [0, *held[:-1]]
    return np.array(
        [side * move - abs(new - side) * COST / 2 for side, new, move in zip(before, held, moves, strict=True)]
    )


def annual_sharpe(profit):
    return np.mean(profit) / np.std(profit, ddof=1) * np.sqrt(12)


def test_the_prices_are_393_months_without_a_gap(prices):
    assert (prices[0][0], prices[-1][0], len(prices)) == ("1987-05", "2020-01", 393)
    numbers = [12 * int(row[0][:4]) + int(row[0][5:]) for row in prices]
    assert set(np.diff(numbers)) == {1}


def test_the_fit_is_statsmodels_own(story, model):
    assert story.spread.n_fitted == model["seen"] == 224
    assert story.spread.hedge_ratio == pytest.approx(model["hedge_ratio"], rel=1e-9)
    lower, upper = story.spread.hedge_interval
    assert lower < model["hedge_ratio"] < upper
    assert story.fit.sigma == pytest.approx(model["sigma"], rel=1e-8)
    assert story.fit.mu == pytest.approx(model["mean"], abs=1e-9)
    assert story.fit.stationary_sd == pytest.approx(model["deviation"], rel=1e-8)
    assert story.fit.half_life == pytest.approx(np.log(2) / model["theta"], rel=1e-8)
    assert story.fit.adf_p_value == pytest.approx(model["p_value"], rel=1e-6)


def test_the_half_life_is_median_unbiased_and_its_interval_is_of_the_estimates_own_distribution(story, model):
    """Of a process with that half-life, half of all slopes are below the one found, and at the ends 2.5 % or 97.5 %."""
    fit = story.fit
    for half_life, share in ((fit.half_life, 0.5), (fit.half_life_lower, 0.975), (fit.half_life_upper, 0.025)):
        below = unit_root.probability_below(model["slope"], 0.5 ** (1 / half_life), model["seen"] - 1)
        assert below == pytest.approx(share, abs=0.002)
    ends = [np.log(2) / theta for theta in (fit.theta_upper, fit.theta_lower)]
    assert ends == pytest.approx([fit.half_life_lower, fit.half_life_upper], rel=1e-8)
    assert fit.mu_lower < fit.mu < fit.mu_upper
    words = f"{fit.half_life:.2f} months, 95 % interval {fit.half_life_lower:.2f} to {fit.half_life_upper:.2f}"
    assert words in sentences.of_the_fit(story)


def test_the_optimum_is_found_by_another_optimiser_too(story, model):
    process = model["theta"], model["deviation"]
    best = minimize(lambda rule: -promised_sharpe(*process, *rule), (1.0, 0.1), method="Nelder-Mead")
    optimal = story.yardsticks[0].optimal
    assert story.round_trip_cost == pytest.approx(COST)
    assert (optimal.entry_z, optimal.exit_z) == pytest.approx(best.x, abs=2e-3)
    assert optimal.sharpe == pytest.approx(-best.fun, rel=1e-6)
    levels = np.array([optimal.entry_z, optimal.exit_z]) * model["deviation"]
    deviations = [model["sigma"] / np.sqrt(2 * theta) for theta in (story.fit.theta_lower, story.fit.theta_upper)]
    ends = [
        promised_sharpe(theta, deviation, *levels / deviation)
        for theta, deviation in zip((story.fit.theta_lower, story.fit.theta_upper), deviations, strict=True)
    ]
    assert story.promised == pytest.approx(ends, rel=1e-6)
    constant = story.yardsticks[0].constant
    assert constant.entry_z == pytest.approx(1.5 * 1.2**0.5)
    assert constant.sharpe == pytest.approx(promised_sharpe(*process, constant.entry_z, constant.exit_z), rel=1e-6)


def test_the_heatmap_is_the_promise_at_each_pair(story, model):
    told = story.heatmap
    for i, j in ((8, 10), (0, 9), (23, 20), (5, 4)):
        expected = promised_sharpe(model["theta"], model["deviation"], told.entry_z[i], told.exit_z[j])
        assert told.sharpe[i, j] == pytest.approx(expected, rel=1e-6)
    columns, rows = np.meshgrid(told.exit_z, told.entry_z)
    impossible = (columns < -rows) | (columns >= rows)
    np.testing.assert_array_equal(np.isnan(told.sharpe), impossible)
    assert np.nanmax(told.sharpe) <= story.yardsticks[0].optimal.sharpe


def test_the_walk_is_recomputed(story, model):
    z, rule = model["z"], story.yardsticks[0].optimal
    held, side = [], 0
    for value in z:
        if (side == 1 and value >= -rule.exit_z) or (side == -1 and value <= rule.exit_z):
            side = 0
        if side == 0:
            side = 1 if value <= -rule.entry_z else -1 if value >= rule.entry_z else 0
        held.append(side)
    np.testing.assert_array_equal(story.walk.held, held)
    profit = traded(model["spread"], held)
    bounds = {"1987-2005": (0, 224), "2006-2010": (224, 284), "2011-2020": (284, 393), "2006-2020": (224, 393)}
    assert list(story.walk.stretches) == list(bounds)
    for name, (first, last) in bounds.items():
        total = np.concatenate(([0.0], np.cumsum(profit[first:last])))
        drawdown = max(max(total[: i + 1]) - total[i] for i in range(total.size))
        told = story.walk.stretches[name]
        assert told.sharpe == pytest.approx(annual_sharpe(profit[first:last]), abs=1e-6)
        assert told.max_drawdown == pytest.approx(drawdown, abs=1e-6)
        error = naive.figures(profit[first:last].tolist(), periods_per_year=12.0)["sharpe_std_error"]
        assert told.sharpe_std_error == pytest.approx(error, rel=1e-6)
    late = traded(model["spread"], [0, *held[:-1]])
    assert story.later.sharpe == pytest.approx(annual_sharpe(late[:224]), abs=1e-6)


def test_the_figures_as_published(story):
    walk, stopped = story.walk.stretches, story.stopped.stretches
    assert walk["1987-2005"].sharpe_words in sentences.of_the_walk(story)
    assert walk["2006-2020"].sharpe_words in sentences.of_the_stop(story)
    assert [round(result.sharpe, 2) for result in walk.values()] == [1.03, 0.55, -0.09, 0.10]
    assert round(walk["2006-2020"].max_drawdown, 2) == 0.27
    assert round(stopped["2006-2020"].max_drawdown, 2) == 0.15
    assert round(story.spread.z_score[story.spread.farthest], 1) == -9.0
    assert story.spread.months[story.spread.farthest] == "2011-09"


def test_what_the_sentences_claim_is_so(story):
    assert story.refit.half_life_lower > story.fit.half_life_upper
    assert story.later.sharpe < story.walk.stretches["1987-2005"].sharpe
    assert story.stopped.stretches["2006-2020"].sharpe < 0
    assert all(yardstick.optimal.sharpe > yardstick.constant.sharpe for yardstick in story.yardsticks)
    assert story.walk.held[-1] == 1
    assert np.all(story.walk.held[276:] == 1)
    assert story.spread.months[276] == "2010-05"


def test_the_universe_is_recovered(story):
    universe = story.universe
    assert universe.half_life.shape == universe.fitted.shape == (500,)
    assert 5 <= universe.half_life.min() < universe.half_life.max() <= 60
    assert universe.median_error < 0.15
    assert abs(universe.covered - 0.95) < 4 * universe.covered_std_error
    assert universe.bars_a_second == pytest.approx(500 * universe.n_bars / universe.seconds)


def test_p_best_is_the_share_of_pairs_of_walks_with_a_lower_statistic(story, prices, model):
    """By statsmodels' test of each direction, on walks of another generator."""
    seen, source = model["seen"], np.random.default_rng(5)

    def statistic(x, y):
        both = [coint(a, b, maxlag=1, autolag=None, return_results=False)[0] for a, b in ((x, y), (y, x))]
        return min(both)

    brent, wti = (np.log([float(row[column]) for row in prices[:seen]]) for column in (1, 2))
    found = statistic(brent, wti)
    best = [statistic(*np.cumsum(source.standard_normal((2, seen)), axis=1)) for _ in range(99)]
    expected = np.mean(np.array(best) <= found)
    assert story.search.p_best == pytest.approx(expected, abs=0.02 + 4 * np.sqrt(expected * (1 - expected) / 99))


@pytest.mark.parametrize(
    ("p_best", "words"),
    [
        (
            0.002,
            "499 pairs of unrelated random walks as long as these months, none looks at least as cointegrated: p_best",
        ),
        (
            0.004,
            "one looks at least as cointegrated: p_best = 0.004, with a standard error of 0.003. That is evidence of",
        ),
        (
            0.4,
            "199 look at least as cointegrated: p_best = 0.400, with a standard error of 0.022. That is no evidence of",
        ),
    ],
)
def test_what_p_best_says_of_the_pair_follows_from_its_value(story, p_best, words):
    assert words in sentences.of_the_search(replace(story, search=replace(story.search, p_best=p_best)))
