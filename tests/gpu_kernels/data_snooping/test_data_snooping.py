"""The tests of a search against their oracle, and in cases whose answer is known."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import data_snooping, performance
from gpu_kernels.data_snooping import bootstrap, repeated_search
from gpu_kernels.errors import Degenerate, InvalidInput
from tests.gpu_kernels.twins import LAYOUTS
from tests.naive import data_snooping as naive

P_VALUES = ("p_reality_check", "p_lower", "p_consistent", "p_upper")
SPOILED = np.arange(300).reshape(60, 5) == 37
FEW = {"resamples": 99, "n_blocks": 4, "n_folds": 5}


def draw(seed=0, n_periods=60, n_strategies=5, drift=0.0):
    """Returns with autocorrelation and a part in common; the first strategy has the drift."""
    source = np.random.default_rng(seed)
    shocks = 0.01 * source.standard_normal((n_periods + 1, n_strategies))
    found = shocks[1:] + 0.5 * shocks[:-1] + 0.01 * source.standard_normal((n_periods, 1))
    found[:, 0] += drift
    return found


RETURNS = draw()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), n_strategies=st.integers(1, 6), block_length=st.integers(1, 20))
def test_the_p_values_agree_with_the_oracle(seed, n_strategies, block_length):
    returns = draw(seed, n_strategies=n_strategies, drift=0.003)
    found = data_snooping.examine(returns, seed=seed, block_length=block_length, **FEW)
    periods = bootstrap.draws(60, 99, block_length, seed)
    assert {name: getattr(found, name) for name in P_VALUES} == naive.p_values(returns, periods, block_length)
    expected = [naive.long_run_deviation(column.tolist(), block_length) / math.sqrt(60) for column in returns.T]
    np.testing.assert_allclose(found.std_error, expected, rtol=1e-10)
    assert found.superior.tolist() == naive.superior(returns, periods, block_length, 0.05)


@pytest.mark.parametrize("drift", [0.0, 0.01])
def test_stepm_goes_on_after_its_first_step(drift):
    """A strategy of 2.3 standard errors is found once those above it are, and not among as many that are noise."""
    returns = 0.01 * np.random.default_rng(3).standard_normal((120, 21))
    returns += drift - returns.mean(axis=0)
    returns[:, -1] -= returns[:, -1].mean()
    returns[:, -1] += 2.3 * naive.long_run_deviation(returns[:, -1].tolist(), 10) / math.sqrt(120)
    found = data_snooping.examine(returns, seed=3, block_length=10, resamples=199)
    assert found.superior.tolist() == naive.superior(returns, bootstrap.draws(120, 199, 10, 3), 10, 0.05)
    assert found.superior.tolist() == [drift > 0] * 21


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_strategies=st.integers(1, 5),
    n_blocks=st.sampled_from([2, 4, 6]),
    trades=st.booleans(),
)
def test_overfitting_agrees_with_the_oracle(seed, n_strategies, n_blocks, trades):
    returns = draw(seed, 61, n_strategies)
    if trades:
        returns[:40, 0] = 0.0  # a strategy that had no position for long
        returns[:, -1] = returns[:, 0] + 1e-3 * (np.arange(61) % 2)
    found = data_snooping.examine(returns, n_blocks=n_blocks, resamples=99, n_folds=5).overfitting
    pbo, loss, pairs = naive.overfitting(returns, n_blocks)
    assert found.pbo == pytest.approx(pbo, abs=1e-12)
    assert found.probability_of_loss == pytest.approx(loss, abs=1e-12)
    x, y = np.transpose(pairs)
    if np.isfinite(pairs).all() and np.ptp(x) > 1e-9:
        assert found.degradation == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-6, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n_folds=st.integers(2, 6),
    share=st.floats(0.1, 0.9),
    purged=st.integers(0, 3),
    embargo=st.integers(0, 3),
)
def test_the_paths_agree_with_the_oracle(seed, n_folds, share, purged, embargo):
    returns, n_test_folds = draw(seed, 121, 4), max(1, int(share * n_folds))
    returns *= 10.0 ** np.arange(4)
    if 121 - n_test_folds * (-(-121 // n_folds) + 2 * purged + embargo) < data_snooping.FEWEST_TRAINED:
        return
    found = data_snooping.examine(
        returns, n_folds=n_folds, n_test_folds=n_test_folds, purged=purged, embargo=embargo, resamples=99
    ).paths
    chosen, paths = naive.paths(returns, n_folds, n_test_folds, purged, embargo)
    assert found.chosen.tolist() == chosen
    expected = [naive.sharpe_ratio(path.tolist()) for path in paths]
    np.testing.assert_allclose(found.path_sharpe_ratios, expected, rtol=1e-9)


def test_effective_tries_are_those_of_independent_statistics():
    source = np.random.default_rng(1)
    for number in (2, 30, 400):
        largest = source.standard_normal((20_000, number)).max(axis=1)
        assert bootstrap.effective_tries(largest) == pytest.approx(number, rel=0.06)
    assert bootstrap.effective_tries(source.standard_normal(20_000) - 1.0) == 1.0


def test_a_copied_strategy_adds_nothing_but_ties():
    alone = data_snooping.examine(RETURNS, **FEW)
    twice = data_snooping.examine(np.hstack([RETURNS, RETURNS]), **FEW)
    assert [getattr(twice, name) for name in P_VALUES] == [getattr(alone, name) for name in P_VALUES]
    assert twice.effective_tries == alone.effective_tries
    np.testing.assert_array_equal(twice.paths.path_sharpe_ratios, alone.paths.path_sharpe_ratios)


def test_a_good_strategy_is_found_and_a_lucky_one_is_not():
    source = np.random.default_rng(5)
    noise = 0.01 * source.standard_normal((500, 50))
    lucky = data_snooping.examine(noise)
    assert lucky.p_consistent > 0.1
    assert not lucky.superior.any()
    noise[:, 7] += 0.003
    found = data_snooping.examine(noise)
    assert found.best == 7
    assert found.p_consistent < 0.01
    assert found.superior.nonzero()[0].tolist() == [7]
    assert found.overfitting.pbo < 0.05
    assert (found.paths.path_sharpe_ratios > 0.1).all()


def test_a_benchmark_is_subtracted_and_is_no_strategy():
    market = RETURNS[:, 2]
    found = data_snooping.examine(RETURNS, benchmark=2, **FEW)
    expected = data_snooping.examine(np.delete(RETURNS, 2, axis=1) - market[:, None], **FEW)
    np.testing.assert_array_equal(found.mean, expected.mean)
    assert found.p_consistent == expected.p_consistent
    assert found.mean.shape == (4,)


def test_a_strategy_that_does_not_vary_takes_no_part():
    returns = np.insert(RETURNS, 1, [[0.25]], axis=1)
    returns[:, 1] = 0.25
    found, without = (data_snooping.examine(each, **FEW) for each in (returns, RETURNS))
    assert found.status == ("ok", "error", "ok", "ok", "ok", "ok")
    assert "do not vary" in found.reason[1]
    assert np.isnan(found.mean[1])
    assert not found.superior[1]
    assert found.n_tested == 5
    np.testing.assert_array_equal(np.delete(found.std_error, 1), without.std_error)
    assert [getattr(found, name) for name in P_VALUES] == [getattr(without, name) for name in P_VALUES]
    assert found.best == without.best + (without.best >= 1)
    assert 1 not in found.paths.chosen


@pytest.mark.parametrize("power", [-600, -40, 40, 100])
def test_the_unit_does_not_matter(power):
    found, expected = (data_snooping.examine(scale * RETURNS, **FEW) for scale in (2.0**power, 1.0))
    np.testing.assert_array_equal(found.std_error, 2.0**power * expected.std_error)
    np.testing.assert_array_equal(found.sharpe_ratio, expected.sharpe_ratio)
    assert [getattr(found, name) for name in P_VALUES] == [getattr(expected, name) for name in P_VALUES]
    assert found.overfitting == expected.overfitting


@LAYOUTS
def test_the_layout_in_memory_does_not_matter(layout):
    found, expected = (data_snooping.examine(each, **FEW) for each in (layout(RETURNS), RETURNS))
    np.testing.assert_array_equal(found.std_error, expected.std_error)
    assert found.p_consistent == expected.p_consistent


def test_a_seed_gives_the_same_answer_and_another_one_another():
    first, again, other = (data_snooping.examine(RETURNS, seed=seed, resamples=500) for seed in (1, 1, 2))
    assert first.p_upper == again.p_upper
    assert first.effective_tries == again.effective_tries != other.effective_tries


def test_blocks_follow_each_other_around_the_end_and_have_their_mean_length():
    periods = bootstrap.draws(100, 400, 8, 1)
    follows = (np.diff(periods, axis=1) % 100) == 1
    assert periods.min() == 0
    assert periods.max() == 99
    # A new block begins with probability 1/8, and follows the last one by chance once in 100.
    assert follows.mean() == pytest.approx(7 / 8 + 1 / 800, abs=0.01)


@pytest.mark.parametrize(("n_folds", "tested"), [(6, 2), (10, 3), (5, 1)])
def test_every_fold_is_tested_once_on_each_path(n_folds, tested):
    ways = list(combinations(range(n_folds), tested))
    numbers = repeated_search.path_numbers(ways, n_folds)
    pairs = {(fold, path) for way, row in zip(ways, numbers, strict=True) for fold, path in zip(way, row, strict=True)}
    assert pairs == {(fold, path) for fold in range(n_folds) for path in range(math.comb(n_folds - 1, tested - 1))}


@pytest.mark.parametrize(
    ("arguments", "field", "rule"),
    [
        ({"resamples": 98}, "resamples", ">= 99"),
        ({"resamples": 2**27}, "resamples", "at most 53687091 for 5 strategies"),
        ({"block_length": -1}, "block_length", "0 or 1 .. 60"),
        ({"block_length": 61}, "block_length", "0 or 1 .. 60"),
        ({"size": 0.0}, "size", "between 0 and 1"),
        ({"size": 1.0}, "size", "between 0 and 1"),
        ({"seed": -1}, "seed", ">= 0"),
        ({"n_blocks": 5}, "n_blocks", "even and 2 .. 16"),
        ({"n_blocks": 18}, "n_blocks", "even and 2 .. 16"),
        ({"n_folds": 1}, "n_folds", "2 .. 30"),
        ({"n_folds": 31}, "n_folds", "2 .. 30"),
        ({"n_test_folds": 0}, "n_test_folds", "1 .. 9"),
        ({"n_test_folds": 10}, "n_test_folds", "1 .. 9"),
        ({"n_folds": 30, "n_test_folds": 15}, "n_folds", "at most 20000 ways"),
        ({"purged": -1}, "purged", ">= 0"),
        ({"embargo": -1}, "embargo", ">= 0"),
        ({"purged": 20}, "n_test_folds", "leave 10 rows for training"),
        ({"benchmark": 5}, "benchmark", "0 .. 4"),
        ({"benchmark": -1}, "benchmark", "0 .. 4"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, field, rule):
    with pytest.raises(InvalidInput) as error:
        data_snooping.examine(RETURNS, **arguments)
    assert error.value.field == field
    assert rule in error.value.rule


@pytest.mark.parametrize(
    ("returns", "rule"),
    [
        (RETURNS[0], "shape"),
        (RETURNS[:29], "T >= 30"),
        (np.empty((60, 0)), "with a strategy"),
        (np.where(SPOILED, np.nan, RETURNS), "fill it with 0"),
        (np.where(SPOILED, np.inf, RETURNS), "finite"),
    ],
)
def test_returns_that_cannot_be_tested_are_refused(returns, rule):
    with pytest.raises(InvalidInput) as error:
        data_snooping.examine(returns)
    assert error.value.field == "returns"
    assert rule in error.value.rule


def test_nothing_to_choose_among_is_degenerate():
    with pytest.raises(Degenerate, match="must vary in at least one strategy"):
        data_snooping.examine(np.full((40, 3), 0.1), benchmark=1)


def test_thirty_rows_are_enough():
    assert data_snooping.examine(RETURNS[:30], n_blocks=2, n_folds=3, n_test_folds=1).n_tested == 5


def test_sharpe_ratios_have_the_errors_of_their_returns():
    found = data_snooping.examine(np.where(SPOILED.any(axis=0) & (np.arange(5) == 2), 0.01, RETURNS), **FEW)
    kept = [0, 1, 3, 4]
    expected = performance.figures(RETURNS.T, periods_per_year=1.0).figures
    np.testing.assert_allclose(found.sharpe_std_error[kept], expected.sharpe_std_error[kept], rtol=1e-9)
    assert np.isnan(found.sharpe_std_error[2])
    ratios, errors = found.paths.path_sharpe_ratios, found.paths.path_std_errors
    assert ratios.shape == errors.shape
    one = data_snooping.examine(RETURNS[:, :1], **FEW)  # every path is the one strategy
    np.testing.assert_allclose(one.paths.path_std_errors, expected.sharpe_std_error[0], rtol=1e-9)


@pytest.mark.parametrize(("n_periods", "note"), [(50, ""), (49, "leaves 29 periods to choose a strategy by")])
def test_paths_say_where_few_periods_are_left_to_choose_by(n_periods, note):
    """Two folds of five are tested: 20 of 50 periods, and up to 20 of 49."""
    said = data_snooping.examine(RETURNS[:n_periods], **FEW).paths.note
    assert (note in said) if note else said == ""
