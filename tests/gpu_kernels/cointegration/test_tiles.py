"""Tiles of pairs and listed pairs have the figures of a scan of all series, on every twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import cointegration, dispatch
from gpu_kernels.cointegration import host, listed_native, native, residual
from gpu_kernels.cointegration.blocks import Block
from gpu_kernels.cointegration.model import LagRule, PairFigures
from tests.gpu_kernels.cointegration.series import market
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.twins import COMPILED, EVERY, WIDTHS, by_numpy, lanes, on

CLOSE = {"rtol": 1e-8, "atol": 1e-10}


def block(values, numbers):
    levels = np.ascontiguousarray(values[:, numbers])
    return Block(np.asarray(numbers, dtype=np.float64), levels, np.abs(levels).max(axis=0))


def near(seed, n_samples, n_series):
    """Walks, of which the fourth is nearly the first, so that its pair loses digits, and the sixth a multiple of it."""
    rng = np.random.default_rng(seed)
    values = market(seed, n_samples, n_series)
    values[:, 3] = values[:, 0] + 1e-5 * np.cumsum(rng.normal(size=n_samples))
    values[:, 5] = 3.0 * values[:, 0]
    return values


class Matrices:
    """The figures of all pairs, (R, C), of a test that lists every pair with a statistic."""

    def __init__(self, found):
        self.p_value, self.status = found.p_value, found.status
        self.turned = np.zeros(found.p_value.shape, dtype=bool)
        self.turned[tuple(found.places)] = found.turned
        for name in ("hedge_ratio", "intercept", "adf_statistic"):
            held = np.full(found.p_value.shape, np.nan)
            held[tuple(found.places)] = getattr(found, name)
            setattr(self, name, held)


def between(rows, columns, lags):
    return Matrices(cointegration.significant(rows, columns, lags, 1.0))


def assert_pairs(found, fit, rows, columns):
    """Compare with a scan in both directions, of which the one with the lower statistic counts."""
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            if row == column or (rows is columns and i > j):
                continue
            ways = [(row, column), (column, row)]
            y, x = ways[int(found.turned[i, j])]
            assert found.status[i, j] == fit.status[y, x]
            if np.isnan(found.p_value[i, j]):
                assert np.isnan(fit.adf_p_value[y, x])
                continue
            for name in ("hedge_ratio", "intercept", "adf_statistic"):
                np.testing.assert_allclose(getattr(found, name)[i, j], getattr(fit, name)[y, x], **CLOSE, err_msg=name)
            np.testing.assert_allclose(found.p_value[i, j], fit.adf_p_value[y, x], **CLOSE)
            both = [fit.adf_statistic[way] for way in ways]
            if not np.isnan(both).all():
                assert found.adf_statistic[i, j] <= np.nanmin(both) + 1e-8


@on(EVERY)
@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32),
    n_samples=st.sampled_from([30, 100, 257]),
    n_rows=st.integers(1, 9),
    n_columns=st.integers(1, 10),
    lags=st.sampled_from([0, 1, 3, 11]),
)
def test_a_tile_has_the_figures_of_a_scan(twin, seed, n_samples, n_rows, n_columns, lags):
    values = near(seed, n_samples, max(6, n_rows + n_columns))
    fit = by_numpy(cointegration.scan, values, lags=lags)
    order = np.random.default_rng(seed).permutation(values.shape[1])
    rows, columns = order[:n_rows].tolist(), order[n_rows : n_rows + n_columns].tolist()
    assert_pairs(between(block(values, rows), block(values, columns), lags), fit, rows, columns)
    assert_pairs(between(block(values, rows), None, lags), fit, rows, rows)


@on(EVERY)
@pytest.mark.parametrize("alpha", [0.05, 0.3])
@pytest.mark.parametrize("lags", [0, 1, 11])
def test_pairs_that_pass_are_those_of_all_pairs(twin, alpha, lags):
    """A pair that lost digits is among them, of which a twin knows nothing but that."""
    values = near(3, 120, 70)
    values[:, 9] = values[:, 8] + 1e-7 * np.random.default_rng(1).normal(size=120)
    whole, rest = block(values, list(range(70))), block(values, list(range(40, 70)))
    for first, second in ((whole, None), (block(values, list(range(40))), rest)):
        every = between(first, second, lags)
        found = cointegration.significant(first, second, lags, alpha)
        np.testing.assert_array_equal(found.p_value, every.p_value)
        np.testing.assert_array_equal(found.status, every.status)
        chosen = np.nonzero(every.p_value < alpha)
        assert sorted(zip(*found.places.tolist(), strict=True)) == sorted(
            zip(*map(np.ndarray.tolist, chosen), strict=True)
        )
        assert second is not None or lags == 11 or (8, 9) in set(zip(*found.places.tolist(), strict=True))
        for name in ("hedge_ratio", "intercept", "adf_statistic", "turned"):
            np.testing.assert_array_equal(getattr(found, name), getattr(every, name)[tuple(found.places)], err_msg=name)


@on(EVERY)
def test_a_tie_of_directions_goes_to_the_lower_number(twin):
    """Levels of +-1 that begin, end and change alike have the same sums, which are exact, in both directions."""
    signs = [1.0, -1.0, 1.0, -1.0]
    values = np.stack([np.repeat(signs, runs) for runs in ((10, 20, 22, 12), (14, 10, 18, 22))], axis=1)
    there, back = (by_numpy(cointegration.scan, values, lags=0).adf_statistic[way] for way in ((0, 1), (1, 0)))
    assert there == back
    for first, second in ((0, 1), (1, 0)):
        found = between(block(values, [first]), block(values, [second]), 0)
        assert found.turned[0, 0] == (second < first)


@pytest.mark.parametrize("lags", [0, 1, 3, 11])
@needs_compiler
@on(WIDTHS)
def test_pairs_that_lost_digits_are_told_alike(twin, lags):
    values = near(7, 80, 7)
    values[:, [1, 4]] += np.linspace(0.0, 1e5, 80)[:, None]  # the levels lose digits, and the steps do not
    rows, columns = block(values, [0, 1, 2]), block(values, [3, 4, 5, 6])
    rule = LagRule(lags, by_aic=False)
    found, expected = native.tile(rows, columns, rule)[5], host.tile(rows, columns, rule)[5]
    assert expected[1, 1] == expected[0, 0] == 1.0 > expected[2, 3]
    np.testing.assert_array_equal(found, expected)


@needs_compiler
@pytest.mark.parametrize("lags", [0, 1, 3, 11])
def test_neither_the_number_of_threads_nor_the_width_changes_a_bit_of_a_tile(lags):
    values = market(2, 60, 21)
    rule, above = LagRule(lags, by_aic=False), np.triu(np.ones((21, 21), dtype=bool), 1)
    runs = set()
    for width, threads in ((2, 1), (4, 2), (8, 7)):
        with lanes(width), dispatch.using("native", threads):
            triangle = native.tile(block(values, list(range(21))), None, rule)[:, above]
            rest = native.tile(block(values, list(range(8))), block(values, list(range(8, 21))), rule)
            runs.add(triangle.tobytes() + rest.tobytes())
    assert len(runs) == 1


def listed_of(values, lags, bars):
    y, x = np.array([0, 3, 0, 5, 1, 2, 4, 3, 6]), np.array([3, 0, 5, 0, 2, 1, 1, 5, 4])
    series = np.ascontiguousarray(values.T)
    return cointegration.listed(series, bars, np.abs(series).max(axis=1), y, x, lags), y, x


def assert_figures(found, expected):
    for name in PairFigures._fields:
        ours, theirs = getattr(found, name), getattr(expected, name)
        if ours.dtype.kind == "f":
            np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-10, err_msg=name)
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)


@on(EVERY)
@pytest.mark.parametrize("level", [0.0, 1e7])
@pytest.mark.parametrize("lags", [0, 1, 4, 8, 9])
def test_listed_pairs_have_the_figures_of_a_scan_of_their_bars(twin, lags, level):
    values = near(3, 130, 7) + level
    bars = slice(25, 117)
    found, y, x = listed_of(values, lags, bars)
    part = values[bars]
    fit = residual.fit(part, np.abs(part).max(axis=0), y, x, LagRule(lags, by_aic=False))
    assert_figures(found, fit)
    assert set(found.status[[2, 3]]) == {cointegration.COLLINEAR}


@needs_compiler
@on(COMPILED)
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32), n_samples=st.sampled_from([26, 33, 100, 257]), lags=st.integers(0, 9))
def test_listed_pairs_equal_the_numpy_twin(twin, seed, n_samples, lags):
    values, bars = near(seed, n_samples, 7), slice(1, n_samples - 2)
    assert_figures(listed_of(values, lags, bars)[0], by_numpy(listed_of, values, lags, bars)[0])


@needs_compiler
def test_neither_the_number_of_threads_nor_the_width_changes_a_bit_of_listed_pairs():
    series = np.ascontiguousarray(market(2, 60, 9).T)
    y, x = np.divmod(np.array([k for k in range(81) if k // 9 != k % 9]), 9)
    runs = set()
    for width, threads in ((2, 1), (4, 2), (8, 7)):
        with lanes(width), dispatch.using("native", threads):
            asked = series, 0, 60, np.abs(series).max(axis=1), y, x, LagRule(1, by_aic=False)
            runs.add(np.stack(listed_native.listed(*asked)[:4]).tobytes())
    assert len(runs) == 1
