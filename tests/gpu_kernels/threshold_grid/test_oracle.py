"""Sweeps, choices and walk-forward steps equal those of plain loops."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gpu_kernels import threshold_grid
from gpu_kernels.sweep import Rules
from tests.naive import threshold_grid as naive

MODES = st.sampled_from(threshold_grid.MODES)


def walks(seed, n_series, n_bars, gaps=False, volatility=0.03):
    rng = np.random.default_rng(seed)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, volatility, (n_series, n_bars)), axis=1))
    if gaps:
        prices[rng.random(prices.shape) < 0.1] = np.nan
    return prices


def assert_same(found, expected, scale=1.0):
    np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=1e-7, atol=1e-9 * scale)


AXES = ([0.6, 1.3], [-0.7, 0.0, 0.61], [0.002, 0.0], [4, 7])


@settings(max_examples=6)
@given(seed=st.integers(0, 2**32), delay=st.integers(0, 2), mode=MODES, gaps=st.booleans())
def test_every_cell_equals_its_own_backtest(seed, delay, mode, gaps):
    prices = walks(seed, 2, 40, gaps)
    terms = {"execution_delay": delay, "mode": mode, "initial_capital": 50.0, "periods_per_year": 100.0}
    cells = threshold_grid.expand(*AXES)
    metrics = threshold_grid.sweep(prices, cells, Rules(**terms))
    listed = naive.cells(*AXES)
    np.testing.assert_array_equal(np.array(listed), np.stack(cells, axis=1))
    for series in range(2):
        for place, cell in enumerate(listed):
            run = naive.figures(prices[series], cell, **terms)
            for name in naive.FIGURES:
                value = getattr(metrics, name)[series, place]
                empty = 0 if name == "num_trades" else np.nan
                assert_same(value, run["final"][name] if run else empty, scale=100.0)


values_with_holes = st.lists(
    st.one_of(st.none(), st.sampled_from([0.0, 1.0, -1.0]), st.floats(-5, 5)), min_size=24, max_size=24
)


@settings(max_examples=100)
@given(values_with_holes)
def test_the_choice_is_that_of_plain_loops(values):
    shape = (3, 4, 2, 1)
    cells = threshold_grid.expand([1, 2, 3], [-0.5, 0, 0.1, 0.5], [0, 1], [5])
    column = np.array([[np.nan if value is None else value for value in values]])
    metrics = threshold_grid.GridMetrics(*[column] * 7)
    choice = threshold_grid.choose(metrics, cells, shape, 100)
    means = [naive.neighbour_mean(values, place, shape) for place in range(24)]
    best, plateau = naive.first_best(values), naive.first_best(means)
    # Means that differ in rounding alone are ties on both sides, unless they lie on the edge of one.
    assert choice.best[0] == best
    assert plateau < 0 or means[choice.plateau[0]] == pytest.approx(means[plateau], rel=1e-8, abs=1e-8)
    assert_same(choice.best_value[0], np.nan if best < 0 else values[best])
    assert_same(choice.plateau_value[0], np.nan if plateau < 0 else means[plateau], scale=10.0)


@settings(max_examples=6)
@given(seed=st.integers(0, 2**32), mode=MODES, gaps=st.booleans())
def test_the_deflated_ratio_takes_the_moments_of_the_best_cells_returns(seed, mode, gaps):
    prices = walks(seed, 2, 60, gaps)
    axes = ([0.8, 1.2], [-0.5, 0.0], [0.001], [5])
    terms = {"mode": mode, "periods_per_year": 100.0, "initial_capital": 20.0}
    cells = threshold_grid.expand(*axes)
    metrics = threshold_grid.sweep(prices, cells, Rules(**terms))
    choice = threshold_grid.choose(metrics, cells, (2, 2, 1, 1), 60, Rules(**terms), prices=prices)
    for series in range(2):
        runs = [naive.figures(prices[series], cell, **terms) for cell in naive.cells(*axes)]
        ratios = [run["final"]["sharpe_ratio"] / 10.0 for run in runs]
        best = int(choice.best[series])
        skewness, kurtosis = naive.moments(runs[best]["returns"])
        first, stop = naive.span(prices[series])
        assert choice.n_bars[series] == stop - first
        n_bars, variance = stop - first, float(np.var(ratios, ddof=1))
        expected = naive.deflated_sharpe(ratios[best], n_bars, skewness, kurtosis, 4, variance)
        assert_same(choice.deflated_sharpe[series], expected)


@settings(max_examples=6)
@given(
    seed=st.integers(0, 2**32),
    mode=MODES,
    gaps=st.booleans(),
    delay=st.integers(0, 1),
    purge=st.sampled_from([0, 3]),
)
def test_walk_forward_equals_plain_loops(seed, mode, gaps, delay, purge):
    prices = walks(seed, 2, 66, gaps)
    axes = ([0.7, 1.1], [-0.5, 0.3], [0.001], [4, 9])
    terms = {"mode": mode, "execution_delay": delay, "periods_per_year": 100.0}
    found = threshold_grid.walk_forward(
        prices, threshold_grid.expand(*axes), Rules(**terms), train=25, test=17, purge=purge
    )
    expected = [
        (series, *step)
        for series in range(2)
        for step in naive.walk_forward(prices[series].tolist(), naive.cells(*axes), 25, 17, purge, **terms)
    ]
    assert len(found) == len(expected) == 4
    for step, (_, *rest) in zip(found, expected, strict=True):
        assert_same(step[1:11], rest[:-1], scale=100.0)
        assert step.status == rest[-1]
        assert (step.reason == "") == (step.status == "ok")
    assert [step.series for step in found] == [0, 0, 1, 1]


@settings(max_examples=50)
@given(st.integers(-300, 300), st.integers(0, 60), st.sampled_from(["0.05", "0.1", "0.25", "0.3", "1"]))
def test_a_range_has_the_points_of_exact_decimals(first, length, step):
    text = f"{first / 100}:{(first + 5 * length) / 100}:{step}"
    assert threshold_grid.grid(text).tolist() == naive.points(text)


NUMBERS = st.builds("{}e{}".format, st.integers(-(10**16), 10**16), st.integers(-40, 40))


@settings(max_examples=200)
@given(NUMBERS, st.builds("{}e{}".format, st.integers(1, 10**16), st.integers(-40, 40)), st.integers(0, 40))
def test_so_has_one_of_numbers_of_any_size(first, step, length):
    last = Decimal(first) + length * Decimal(step)
    assume(all(number == 0 or 1e-99 < abs(number) < 1e99 for number in (Decimal(first), Decimal(step), last)))
    text = f"{first}:{last}:{step}"
    assume(Decimal(first) <= last)
    assert threshold_grid.grid(text).tolist() == naive.points(text)
