"""Pairs fitted and traded bar by bar on vector lanes equal the NumPy twins, which hold arrays of residuals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch
from gpu_kernels.ou.model import FIT_BIASES
from gpu_kernels.pair_trading import host, native
from gpu_kernels.pair_trading.host import Earned, Hedged, TradeTerms
from gpu_kernels.pair_trading.model import ScanRules
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.twins import WIDTHS, lanes, on
from tests.naive import sweep as naive

pytestmark = needs_compiler


def rules(score="fixed", lookback=10):
    tests = 1, 100, 1.0, None, True
    return ScanRules(*tests, 0.001, "sharpe", lookback, 252.0, score, 2, "none")


def drawn(seed, n_bars, n_pairs, n_series=5):
    """Draw series that return to their means, pairs of them with a hedge, and terms that some of them trade at."""
    rng = np.random.default_rng(seed)
    series = rng.normal(size=(n_series, n_bars))
    for bar in range(1, n_bars):
        series[:, bar] += 0.8 * series[:, bar - 1]
    y = rng.integers(0, n_series, n_pairs)
    x = (y + rng.integers(1, n_series, n_pairs)) % n_series
    pairs = Hedged(y, x, rng.uniform(-1.0, 1.5, n_pairs), rng.normal(size=n_pairs))
    residual = pairs.residual(series)
    entry = rng.uniform(0.2, 2.0, n_pairs)
    leave = entry * rng.uniform(-1.0, 1.0, n_pairs)
    leave[0], entry[-1] = -entry[0], 50.0  # one is always in the market, and one never
    terms = TradeTerms(residual.mean(axis=1), residual.std(axis=1), entry, leave, rng.uniform(0.0, 0.1, n_pairs))
    return series, pairs, terms


def assert_earned(found, expected):
    np.testing.assert_array_equal(found.trades, expected.trades)
    for name in Earned._fields:
        ours, theirs = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11, err_msg=name)


@on(WIDTHS)
@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    n_bars=st.sampled_from([2, 3, 4, 31, 100, 257]),
    n_pairs=st.integers(2, 19),
    score=st.sampled_from(["fixed", "rolling"]),
)
def test_trades_are_those_of_the_numpy_twin(twin, seed, n_bars, n_pairs, score):
    series, pairs, terms = drawn(seed, n_bars, n_pairs)
    warm = 9 if score == "rolling" and n_bars > 9 else 0
    asked = series, warm, pairs, terms, rules(score)
    assert_earned(native.earn(*asked), host.earn(*asked))


@pytest.mark.parametrize("seed", range(3))
def test_each_pair_is_the_oracle_s_backtest(seed):
    series, pairs, terms = drawn(seed, 150, 12)
    with dispatch.using("native", 2):
        found = native.earn(series, 0, pairs, terms, rules())
    residual = pairs.residual(series)
    for row in range(12):
        asked = terms.entry_z[row], terms.exit_z[row], terms.cost[row]
        process = {"score": "fixed", "mean": terms.mean[row], "deviation": terms.deviation[row]}
        expected = naive.run(residual[row].tolist(), *asked, mode="unit", **process)
        if expected["closeness"] < 1e-9:
            continue
        final = expected["final"]
        assert found.trades[row] == final["num_trades"]
        assert found.max_drawdown[row] == pytest.approx(final["max_drawdown"], abs=1e-11)
        assert found.sharpe[row] * 252**0.5 == pytest.approx(final["sharpe_ratio"], abs=1e-9)
        assert found.gained[row] == pytest.approx(sum(expected["returns"]), abs=1e-11)


@on(WIDTHS)
@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32),
    n_bars=st.sampled_from([12, 33, 257]),
    n_pairs=st.integers(2, 19),
    bias=st.sampled_from(FIT_BIASES),
    far=st.sampled_from([0.0, 1e4]),
)
def test_fits_are_those_of_the_numpy_twin(twin, seed, n_bars, n_pairs, bias, far):
    """A hedge of other bars may leave residuals far from 0."""
    series, pairs, _ = drawn(seed, n_bars, n_pairs)
    moved = pairs._replace(intercept=pairs.intercept + far)
    found, expected = native.fit(series, moved, bias), host.fit(series, moved, bias)
    assert found.status == expected.status
    for name in ("theta", "theta_std_error", "half_life", "mu", "sigma"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9, err_msg=name)


def test_neither_the_width_nor_the_threads_nor_the_block_changes_a_bit(monkeypatch):
    series, pairs, terms = drawn(4, 60, 37)
    runs = set()
    for width, threads, space in ((2, 1, 1 << 21), (4, 2, 60 * 16), (8, 3, 1)):
        monkeypatch.setattr(native, "_SPACE", space)
        with lanes(width), dispatch.using("native", threads):
            earned = native.earn(series, 0, pairs, terms, rules())
            fitted = native.fit(series, pairs, "median_unbiased")
        runs.add(np.stack([*earned, fitted.theta, fitted.mu, fitted.sigma]).tobytes())
    assert len(runs) == 1


def test_tiny_and_huge_returns_keep_their_shape():
    series, pairs, terms = drawn(5, 200, 8)
    expected = native.earn(series, 0, pairs, terms, rules())
    for scale in (2.0**-400, 2.0**400):
        scaled = terms._replace(mean=terms.mean * scale, deviation=terms.deviation * scale, cost=terms.cost * scale)
        moved = pairs._replace(intercept=pairs.intercept * scale)
        found = native.earn(series * scale, 0, moved, scaled, rules())
        for name in ("sharpe", "skewness", "kurtosis", "sharpe_error", "trades"):
            assert getattr(found, name).tobytes() == getattr(expected, name).tobytes(), name
