"""Grids by excursions equal the dense kernel and the NumPy twin: counts exactly, floats to rounding."""

from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch, sweep
from gpu_kernels.sweep import excursions, zscore
from gpu_kernels.sweep.model import ThresholdPairs
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.sweep.test_native import assert_equal, walks

pytestmark = needs_compiler


@contextmanager
def grids_from(pairs):
    """Set how many pairs make a grid."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(excursions, "FEWEST_PAIRS", pairs)
        yield


def run(prices, entry, leave, cost, fewest=1, backend="native", threads=2, **rules):
    with grids_from(fewest), dispatch.using(backend, threads):
        return sweep.backtest(prices, entry, leave, cost, sweep.Rules(**rules))


def all_three(prices, entry, leave, cost, **rules):
    """Excursions, the dense kernel, and the NumPy twin."""
    fast = run(prices, entry, leave, cost, **rules)
    dense = run(prices, entry, leave, cost, fewest=10**9, **rules)
    return fast, dense, run(prices, entry, leave, cost, backend="numpy", **rules)


def grid(levels, exits):
    """All valid pairs, in no order."""
    entry, leave = (values.ravel() for values in np.meshgrid(levels, exits))
    valid = (leave >= -entry) & (leave < entry)
    shuffled = np.random.default_rng(0).permutation(np.flatnonzero(valid))
    return entry[shuffled], leave[shuffled]


@st.composite
def sweeps(draw):
    """Prices, rules, and a grid of levels of which some tie with scores: bars decide and reverse on equality."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_series, n_bars = draw(st.integers(1, 3)), draw(st.sampled_from([1, 2, 5, 31, 34, 100, 257]))
    lookback, mode = draw(st.integers(2, 20)), draw(st.sampled_from(sweep.MODES))
    if draw(st.booleans()):
        # Some prices are twice others, at which a short position leaves nothing but rounding.
        prices = rng.choice([5.0, 6.0, 7.0, 10.0], (n_series, n_bars), p=[0.3, 0.3, 0.3, 0.1])
    else:
        prices = walks(rng.integers(2**32), n_series, n_bars, draw(st.sampled_from([0.001, 0.02, 0.3])))
    scores = np.abs(zscore.rolling(prices, lookback)).ravel()
    tied = rng.permutation(scores[np.isfinite(scores) & (scores > 0)])[:12]
    levels = np.unique(np.r_[rng.uniform(0.1, 3.0, draw(st.integers(1, 20))), tied])
    # Exits beyond the mean, at it, before it, and at a level itself: a reversal at every exit. Those within the first
    # level share all levels, and most of their runs.
    exits = np.r_[0.0, rng.uniform(-2.0, 2.0, 2), -rng.choice(levels), rng.choice(levels)]
    shared = np.r_[-levels[0], rng.uniform(-levels[0], levels[0], draw(st.integers(0, excursions.MOST_EXITS + 2)))]
    exits = np.unique(np.r_[exits, shared])
    if draw(st.booleans()):
        prices[rng.random(prices.shape) < 0.1] = np.nan
        prices[:, 0] = 3.5
    rules = {"lookback": lookback, "execution_delay": draw(st.integers(0, 3)), "mode": mode, "initial_capital": 3.0}
    rules["borrow"] = draw(st.sampled_from([0.0, 0.0, 0.05, 2.0]))
    return prices, grid(levels, exits), draw(st.sampled_from([0.0, 1e-3, 0.05, 0.25])), rules


@settings(max_examples=100)
@given(sweeps())
def test_they_equal_the_dense_kernel_and_the_numpy_twin(drawn):
    prices, (entry, leave), cost, rules = drawn
    fast, dense, twin = all_three(prices, entry, leave, cost, **rules)
    scale = np.nanmax(np.abs(prices))
    assert_equal(fast, dense, scale=scale)
    assert_equal(fast, twin, scale=scale)


@pytest.mark.parametrize("mode", sweep.MODES)
def test_a_grid_of_more_levels_than_a_pass_carries_is_split(mode):
    entry, leave = grid(np.linspace(0.5, 3.0, 2 * excursions.MOST_LEVELS + 3), [-0.4, 0.0, 0.3])
    fast, dense, _ = all_three(walks(7, 3, 400), entry, leave, 1e-3, mode=mode)
    assert dense.num_trades.max() > 10
    assert_equal(fast, dense)


@pytest.mark.parametrize("mode", sweep.MODES)
def test_pairs_outside_grids_are_run_beside_them(mode):
    entry, leave = grid(np.linspace(0.5, 2.5, 30), [-0.2, 0.1])
    entry, leave = np.r_[1.0, entry, 2.0, 1.5], np.r_[0.7, leave, 0.6, 0.5]
    cost = np.where(np.arange(entry.size) % 7 == 3, 2e-3, 1e-3)
    found = excursions.find(ThresholdPairs(entry, leave, cost), excursions.FEWEST_PAIRS)
    assert 3 < found.alone.sum() < entry.size
    fast = run(walks(8, 4, 300), entry, leave, cost, fewest=excursions.FEWEST_PAIRS, mode=mode)
    assert_equal(fast, run(walks(8, 4, 300), entry, leave, cost, fewest=10**9, mode=mode))


def test_lanes_that_are_ruined_or_near_it_are_redone():
    prices = np.array(
        [[10.0, 11, 10, 11, 10, 30, 200, 150, 10, 11, 10, 11], [10.0, 11, 10, 11, 10, 9, 11] + [10.0] * 5]
    )
    entry, leave = grid(np.linspace(0.3, 3.0, 25), [0.0, 0.2, -0.3])
    fast, dense, twin = all_three(prices, entry, leave, 0.01, lookback=4, execution_delay=0)
    assert (dense.status[0] == sweep.ERROR).any()
    assert (dense.status[1] != sweep.ERROR).all()
    assert_equal(fast, dense)
    assert_equal(fast, twin)


def test_a_pnl_of_nothing_counts_as_the_dense_kernel_counts_it():
    """At a cost of a quarter, buying at 3 and selling at 5 earns exactly the fees."""
    prices = np.array([[4.0, 5, 4, 3, 5, 4, 3, 5, 4, 5, 3, 4, 5, 3, 5, 3, 4, 5]])
    entry, leave = grid(np.linspace(0.2, 1.5, 20), [0.0, -0.2, 0.1])
    fast, dense, twin = all_three(prices, entry, leave, 0.25, lookback=3, execution_delay=0)
    assert_equal(fast, dense)
    assert_equal(fast, twin)


@pytest.mark.parametrize("level", [1.0, 1e4, 1e8])
def test_far_offsets_and_spikes_cost_no_digits_in_unit_mode(level):
    prices = level + np.cumsum(np.random.default_rng(1).normal(size=(2, 500)), axis=1)
    prices[1, 100] += 1e6
    entry, leave = grid(np.linspace(1.0, 2.5, 20), [0.0, 0.5])
    fast, dense, _ = all_three(prices, entry, leave, 0.01, mode="unit")
    assert_equal(fast, dense, scale=level + 1e6)


@pytest.mark.parametrize("cost", [0.0, 0.4])
def test_an_equity_beyond_the_numbers_is_left_to_the_dense_kernel(cost):
    prices = np.tile([10.0, 13.0, 11.0, 8.0], 1500)[None]
    entry, leave = grid(np.linspace(0.7, 1.1, 20), [0.1])
    fast = run(prices, entry, leave, cost, lookback=6)
    assert_equal(fast, run(prices, entry, leave, cost, fewest=10**9, lookback=6))
    assert not ((fast.equity > 1e-300) & (fast.equity < 1e300)).all()


@pytest.mark.parametrize("mode", sweep.MODES)
def test_a_batch_of_series_gives_the_bits_of_its_members_at_any_number_of_threads(mode):
    prices, (entry, leave) = walks(2, 5, 200), grid(np.linspace(0.5, 2.5, 40), [-0.3, 0.0, 0.2])
    whole = run(prices, entry, leave, 1e-3, threads=3, mode=mode)
    for series in range(5):
        alone = run(prices[[series]], entry, leave, 1e-3, threads=1, mode=mode)
        for name in whole._fields:
            assert getattr(whole, name)[series].tobytes() == getattr(alone, name)[0].tobytes(), name


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    n_bars=st.sampled_from([31, 100, 257, 700]),
    mode=st.sampled_from(sweep.MODES),
    cost=st.sampled_from([0.0, 1e-3]),
    ticks=st.booleans(),
    gaps=st.booleans(),
)
def test_exit_levels_that_go_together_give_the_bits_of_each_alone(seed, n_bars, mode, cost, ticks, gaps):
    rng = np.random.default_rng(seed)
    prices = 5.0 + rng.integers(0, 3, (2, n_bars)) if ticks else walks(seed, 2, n_bars, rng.choice([0.02, 0.2]))
    if gaps:
        prices[rng.random(prices.shape) < 0.1] = np.nan
    scores = np.abs(zscore.rolling(prices, 9)).ravel()
    tied = np.r_[rng.permutation(scores[scores < 0.5])[:3], 0.0]
    exits = np.unique(np.r_[np.linspace(-0.5, 0.49, 2 * excursions.MOST_EXITS + 3), tied, -tied])
    entry, leave = grid(np.r_[0.5, np.sort(rng.uniform(0.5, 3.0, 9))], exits)
    rules = {"mode": mode, "lookback": 9}
    together = run(prices, entry, leave, cost, **rules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(excursions, "MOST_EXITS", 1)
        apart = run(prices, entry, leave, cost, **rules)
    for name in together._fields:
        assert getattr(together, name).tobytes() == getattr(apart, name).tobytes(), name


def pairs_of(found, chunk):
    """Return the numbers of a chunk's pairs, exit level by exit level."""
    sizes = np.diff(found.first).astype(int) * np.diff(found.begin).astype(int)
    begin = int(found.place[chunk])
    return found.column[begin : begin + sizes[chunk]].astype(int)


def test_grids_are_found_in_any_order_and_only_where_large_enough():
    entry, leave = grid([1.0, 1.5, 2.0], [0.0, 0.5])
    pairs = ThresholdPairs(np.r_[entry, 3.0], np.r_[leave, 0.7], np.full(7, 1e-3))
    found = excursions.find(pairs, 6)
    np.testing.assert_array_equal(found.leave, [0.0, 0.5])
    np.testing.assert_array_equal(found.entry, [1.0, 1.5, 2.0])
    np.testing.assert_array_equal(pairs.entry_z[pairs_of(found, 0)], [1.0, 1.5, 2.0] * 2)
    np.testing.assert_array_equal(pairs.exit_z[pairs_of(found, 0)], np.repeat([0.0, 0.5], 3))
    np.testing.assert_array_equal(found.alone, [False] * 6 + [True])
    assert excursions.find(pairs, 7) is None


def test_exit_levels_go_together_where_entry_levels_and_cost_are_the_same():
    exits = np.linspace(-0.9, 0.9, 2 * excursions.MOST_EXITS + 1)
    entry, leave = grid([1.0, 1.5, 2.0], np.r_[exits, 1.2])  # which has one entry level less
    pairs = ThresholdPairs(np.tile(entry, 2), np.tile(leave, 2), np.repeat([1e-3, 2e-3], entry.size))
    found = excursions.find(pairs, 1)
    assert not found.alone.any()
    sizes = np.diff(found.begin)
    assert sizes.max() <= excursions.MOST_EXITS
    assert sorted(sizes.tolist()) == [1, 1, 5, 5, 6, 6, 6, 6]
    for chunk, cost in enumerate(found.cost):
        numbers = pairs_of(found, chunk)
        levels = found.entry[int(found.first[chunk]) : int(found.first[chunk + 1])]
        assert (pairs.cost[numbers] == cost).all()
        np.testing.assert_array_equal(pairs.entry_z[numbers], np.tile(levels, int(sizes[chunk])))
    assert np.diff(excursions.find(pairs, 1, parts=6).begin).max() == 2
    assert np.diff(excursions.find(pairs, 1, parts=99).begin).max() == 1


def test_the_kernel_is_chosen_for_grids_alone(monkeypatch):
    seen = []
    monkeypatch.setattr(excursions, "run", lambda *arguments: seen.append(arguments) or 1 / 0)
    with dispatch.using("native"):
        sweep.backtest(walks(1, 1, 50), np.linspace(1, 2, excursions.FEWEST_PAIRS - 1), 0.0, 0.0)
        assert not seen
        with pytest.raises(ZeroDivisionError):
            sweep.backtest(walks(1, 1, 50), np.linspace(1, 2, excursions.FEWEST_PAIRS), 0.0, 0.0)
