"""Optimal thresholds beside an oracle of quadrature and direct search, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import thresholds
from gpu_kernels.errors import Degenerate
from tests.naive import thresholds as naive

COSTS = st.floats(0.005, 4.0)
UNIT_SIGMA = np.sqrt(2.0)  # theta 1 and this make s = 1


def unit(cost, **options):
    return thresholds.optimal(1.0, 0.0, UNIT_SIGMA, cost, **options)


def numbers(result):
    return np.array([np.asarray(values) for values in result[:-1]])


@given(cost=COSTS)
@settings(max_examples=25, deadline=None)
def test_profit_is_the_best_rate_that_a_search_finds(cost):
    found = unit(cost, objective="profit")
    entry = naive.best_one(cost, lambda level: -level)
    assert found.entry_z == pytest.approx(entry, abs=1e-5)
    assert found.rate == pytest.approx(naive.rate(cost, entry, -entry), rel=1e-10)


@given(cost=COSTS)
@settings(max_examples=25, deadline=None)
def test_to_mean_is_the_best_rate_with_the_exit_at_the_mean(cost):
    found = unit(cost, objective="profit", model="to_mean")
    entry = naive.best_one(cost, lambda _: 0.0)
    assert found.entry_z == pytest.approx(entry, abs=1e-5)
    assert found.rate == pytest.approx(naive.rate(cost, entry, 0.0), rel=1e-10)


@given(cost=st.floats(0.02, 3.0))
@settings(max_examples=6, deadline=None)
def test_sharpe_is_the_best_that_a_search_finds(cost):
    found = unit(cost, objective="sharpe")
    best, entry, leave = naive.best_two(lambda e, x: naive.sharpe(cost, e, x), (1.3 + 0.4 * cost, -0.3 * cost))
    assert found.sharpe == pytest.approx(best, rel=1e-10)
    assert (found.entry_z, found.exit_z) == pytest.approx((entry, leave), abs=1e-5)


@given(cost=st.floats(0.02, 2.0), share=st.floats(0.05, 1.5))
@settings(max_examples=6, deadline=None)
def test_capped_kelly_is_the_fastest_growth_that_a_search_finds(cost, share):
    largest = share * float(unit(cost, objective="kelly").fraction)
    found = unit(cost, objective="kelly", f_max=largest)
    best, entry, leave = naive.best_two(
        lambda e, x: naive.growth(cost, e, x, largest)[0], (1.3 + 0.4 * cost, -0.3 * cost)
    )
    assert found.growth == pytest.approx(best, rel=1e-9)
    assert (found.entry_z, found.exit_z) == pytest.approx((entry, leave), abs=1e-4)
    assert found.fraction == pytest.approx(naive.growth(cost, entry, leave, largest)[1], rel=1e-4)


def test_free_kelly_grows_at_half_the_squared_sharpe_ratio_with_the_same_thresholds():
    cost = np.geomspace(1e-6, 20, 30)
    kelly, sharpe = unit(cost, objective="kelly"), unit(cost, objective="sharpe")
    np.testing.assert_array_equal(kelly.entry_z, sharpe.entry_z)
    np.testing.assert_allclose(kelly.growth, 0.5 * sharpe.sharpe**2, rtol=1e-13)


def test_a_vanishing_fraction_trades_for_profit_and_a_generous_one_is_free():
    cost = np.geomspace(1e-3, 10, 12)
    profit, free = unit(cost, objective="profit"), unit(cost, objective="kelly")
    tiny = unit(cost, objective="kelly", f_max=1e-9 * free.fraction)
    np.testing.assert_allclose(tiny.entry_z, profit.entry_z, rtol=1e-6)
    np.testing.assert_allclose(tiny.exit_z, profit.exit_z, rtol=1e-6)
    np.testing.assert_array_equal(unit(cost, objective="kelly", f_max=1e6).growth, free.growth)


@pytest.mark.parametrize("objective", thresholds.OBJECTIVES)
def test_no_neighbour_of_the_optimum_does_better_at_any_cost(objective):
    cost = np.geomspace(1e-9, 29, 60)
    field = {"profit": "rate", "sharpe": "sharpe", "kelly": "sharpe"}[objective]
    best = unit(cost, objective=objective)
    width = best.entry_z - best.exit_z
    moves = [(1, -1), (-1, 1)] if objective == "profit" else [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)]
    for up, down in moves:
        entry, leave = best.entry_z + 0.01 * up * width, best.exit_z + 0.01 * down * width
        other = thresholds.evaluate(1.0, 0.0, UNIT_SIGMA, cost, entry, np.maximum(leave, -entry))
        assert np.all(getattr(other, field) < getattr(best, field))


@pytest.mark.parametrize(
    "options",
    [
        {"objective": "profit"},
        {"objective": "profit", "model": "to_mean"},
        {"objective": "sharpe"},
        {"objective": "kelly"},
        {"objective": "kelly", "f_max": 0.05},
    ],
    ids=str,
)
def test_every_cost_that_is_accepted_gets_finite_answers(options):
    cost = np.concatenate([np.geomspace(thresholds.SMALLEST_COST, thresholds.LARGEST_COST * (1 - 1e-12), 400)])
    result = unit(cost, **options)
    wanted = result if options["objective"] == "kelly" else result._replace(fraction=cost, growth=cost)
    assert np.isfinite(numbers(wanted)).all()
    assert np.all(result.entry_z > result.exit_z)
    assert np.all(np.diff(result.entry_z) > 0)
    assert np.all(result.return_per_trade > 0)


@given(
    theta=st.floats(1e-4, 1e4),
    scale=st.floats(1e-6, 1e6),
    mu=st.floats(-1e6, 1e6),
    cost=COSTS,
    objective=st.sampled_from(thresholds.OBJECTIVES),
)
@settings(max_examples=60, deadline=None)
def test_thresholds_depend_on_the_cost_in_standard_deviations_alone(theta, scale, mu, cost, objective):
    base = unit(cost, objective=objective)
    moved = thresholds.optimal(theta, mu, scale * np.sqrt(2 * theta), cost * scale, objective=objective)
    assert moved.entry_z == pytest.approx(float(base.entry_z), rel=1e-12)
    assert moved.exit_z == pytest.approx(float(base.exit_z), rel=1e-11, abs=1e-12)
    assert moved.holding_time * theta == pytest.approx(float(base.holding_time), rel=1e-12)
    assert moved.rate / scale / theta == pytest.approx(float(base.rate), rel=1e-12)
    assert moved.sharpe / np.sqrt(theta) == pytest.approx(float(base.sharpe), rel=1e-12)
    if objective == "kelly":
        assert moved.growth / theta == pytest.approx(float(base.growth), rel=1e-12)
        assert moved.fraction * scale == pytest.approx(float(base.fraction), rel=1e-12)


@pytest.mark.parametrize("options", [{"objective": name} for name in thresholds.OBJECTIVES], ids=str)
def test_a_process_in_a_batch_gets_the_answer_it_gets_alone(options):
    cost = np.geomspace(1e-6, 25, 40)
    together = unit(cost, **options)
    for place in (0, 13, 27, 39):
        alone = unit(cost[place], **options)
        np.testing.assert_allclose(numbers(together)[:, place], numbers(alone), rtol=1e-12)


@given(
    theta=st.floats(0.5, 20),
    level=st.floats(3, 200),
    cost=st.floats(0.01, 2),
    nu=st.floats(0.002, 0.3),
)
@settings(max_examples=10, deadline=None)
def test_leung_li_solves_the_free_boundary_equations(theta, level, cost, nu):
    spread = 0.1
    mu, sigma = level * spread, spread * np.sqrt(2 * theta)
    try:
        found = thresholds.optimal(
            theta, mu, sigma, cost * spread, objective="profit", model="leung_li", rate=nu * theta
        )
    except Degenerate:
        return
    sale, purchase = mu - float(found.exit_z) * spread, mu - float(found.entry_z) * spread
    guess = (sale + 1e-3 * spread, purchase - 1e-3 * spread)
    expected = naive.leung_li(theta, mu, sigma, cost * spread / 2, nu * theta, guess)
    assert (sale, purchase) == pytest.approx(expected, abs=1e-9 * spread, rel=1e-12)
    assert found.return_per_trade == pytest.approx(sale - purchase - cost * spread, rel=1e-9)


def test_leung_li_accepts_a_trade_without_cost():
    result = thresholds.optimal(1, 50, 1, 0, objective="profit", model="leung_li", rate=0.001)
    assert result.entry_z > 0 > result.exit_z
    assert np.all(np.isfinite([result.holding_time, result.cycle_time, result.rate, result.sharpe]))
