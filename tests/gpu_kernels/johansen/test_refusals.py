"""What Johansen's test refuses: requests that break a rule, and series for which it has no answer."""

import numpy as np
import pytest

from gpu_kernels import johansen
from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.johansen import host
from tests.gpu_kernels.johansen.test_fit import LEVELS, PRICES, draw

BARS = np.arange(300)


@pytest.mark.parametrize("lags", [0, 1, 3])
@pytest.mark.parametrize("det_order", [-1, 0, 1])
@pytest.mark.parametrize("n_series", [2, 3, 12])
def test_the_fewest_rows_and_one_fewer(n_series, det_order, lags):
    needed = 2 * n_series + (n_series + 1) * lags + 1 + (det_order >= 0)
    levels = draw(5, needed, n_series, 0)
    found = johansen.fit(levels, det_order=det_order, lags=lags, log=False)
    assert np.isfinite(found.trace_statistic).all()
    words = rf"^prices must have T >= {needed} rows for {n_series} series, {lags} lags and det_order {det_order}, got"
    with pytest.raises(InvalidInput, match=f"{words} {needed - 1}$"):
        johansen.fit(levels[:-1], det_order=det_order, lags=lags, log=False)


@pytest.mark.parametrize("det_order", [-1, 0, 1])
def test_one_row_fewer_has_no_answer(monkeypatch, det_order):
    """With fewer rows some combination of differences follows from the levels by counting, whatever the prices are."""
    needed = johansen.host.fewest_rows(3, det_order, 1)
    monkeypatch.setattr(host, "fewest_rows", lambda *_: 0)
    with pytest.raises(
        Degenerate, match=r"^prices must leave a residual: a combination of the changes of the 3 columns"
    ):
        johansen.fit(draw(5, needed - 1), det_order=det_order, log=False)


@pytest.mark.parametrize(
    ("prices", "options", "words"),
    [
        (PRICES[:, 0], {}, r"prices must have shape \(T, N\)"),
        (PRICES[:, :1], {}, r"prices must be \(T, N\) with N >= 2, got \(300, 1\)"),
        (np.tile(PRICES, 5)[:, :13], {}, r"prices must be \(T, N\) with N <= 12, for which critical values are tabul"),
        (np.where(PRICES[7, 1] == PRICES, np.nan, PRICES), {}, r"prices\[7, 1\] must be finite: fill it, or leave its"),
        (np.where(PRICES[7, 1] == PRICES, np.inf, PRICES), {}, r"prices\[7, 1\] must be finite"),
        (-PRICES, {}, r"prices\[0, 0\] must be > 0 with log"),
        (1e60 * PRICES, {"log": False}, r"prices\[0, 0\] must be at most 1e\+50 in magnitude"),
        (PRICES, {"det_order": 2}, "det_order must be -1, 0 or 1, got 2"),
        (PRICES, {"lags": -1}, "lags must be >= 0, got -1"),
        (PRICES, {"lags": 25}, "lags must be at most 24, got 25"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(prices, options, words):
    with pytest.raises(InvalidInput, match=f"^{words}"):
        johansen.fit(prices, **options)


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("value", [7.0, 1e-30])
def test_a_constant_column_is_named(log, value):
    words = rf"^prices\[:, 3\] must vary, got {value!r} in every row: choose another series, or more rows$"
    with pytest.raises(Degenerate, match=words) as caught:
        johansen.fit(np.column_stack([PRICES, np.full(300, value)]), log=log)
    assert caught.value.index == (0, 3)


DEPENDENT = [
    (3 * LEVELS[:, 1], 0, [1, 3], "column 3 is a linear combination of column 1, but for"),
    (LEVELS[:, 0] - 2 * LEVELS[:, 2], 0, [0, 2, 3], "column 3 is a linear combination of columns 0, 2, but for"),
    (LEVELS.sum(axis=1) + 5, 0, [0, 1, 2, 3], "column 3 is a linear combination of columns 0, 1, 2, but for"),
    (LEVELS[:, 1] + 0.01 * BARS, 1, [1, 3], "column 3 is a linear combination of column 1, but for"),
    (LEVELS[:, 1] + 0.01 * BARS, 0, [1, 3], "the change of column 3 is a linear combination of column 1, but for"),
    (np.roll(LEVELS[:, 2], 1), 0, [2, 3], "column 3 is a linear combination of column 2, but for"),
    (1 + 0.01 * BARS, 1, 3, "column 3 follows exactly from the deterministic terms"),
    (1 + 0.01 * BARS, 0, 3, "the change of column 3 follows exactly from the deterministic terms"),
    (np.where(BARS == 299, 2.0, 1.0), 0, 3, "column 3 follows exactly from the deterministic terms"),
]


@pytest.mark.parametrize("size", [1e-20, 1.0, 1e20])
@pytest.mark.parametrize(("column", "det_order", "named", "words"), DEPENDENT, ids=[str(row[3]) for row in DEPENDENT])
def test_columns_that_determine_each_other_are_named(column, det_order, named, words, size):
    levels = np.column_stack([LEVELS, size * column])
    with pytest.raises(Degenerate) as caught:
        johansen.fit(levels, det_order=det_order, log=False)
    assert caught.value.field == f"prices[:, {named}]"
    assert str(caught.value).startswith(f"{caught.value.field} must ")
    assert words in str(caught.value)


def test_a_product_of_prices_determines_their_logarithms():
    with pytest.raises(Degenerate, match=r"^prices\[:, \[0, 2, 3\]\] must not determine each other"):
        johansen.fit(np.column_stack([PRICES, PRICES[:, 0] * PRICES[:, 2]]))


def test_the_rounding_of_large_columns_hides_no_dependence():
    """The third column is the difference of the others, which carry the rounding of a million."""
    first = 1e6 + LEVELS[:, 0]
    with pytest.raises(Degenerate, match=r"^prices\[:, \[0, 1, 2\]\] must not determine each other"):
        johansen.fit(np.column_stack([first, first + LEVELS[:, 1], LEVELS[:, 1]]), log=False)


def test_columns_that_nearly_determine_each_other_are_tested():
    """One part in 10^9 of another walk is far above the rounding of the levels."""
    twin = LEVELS[:, 1] + 1e-9 * LEVELS[:, 2]
    found = johansen.fit(np.column_stack([LEVELS[:, 0], LEVELS[:, 1], twin]), log=False)
    assert np.isfinite(found.trace_statistic).all()


@pytest.mark.parametrize(
    ("det_order", "between"), [(-1, np.full(300, 5.0)), (0, 0.01 * BARS)], ids=["none", "constant"]
)
def test_lags_that_determine_each_other_take_out_no_more_than_they_span(det_order, between):
    """Two columns differ by what only the last change breaks, so that their lags, and these alone, are dependent."""
    twin = LEVELS[:, 1] + between + np.where(BARS == 299, 0.03, 0.0)
    levels = np.column_stack([LEVELS[:, 0], LEVELS[:, 1], twin])
    found = johansen.fit(levels, det_order=det_order, lags=2, log=False)
    np.testing.assert_allclose(found.trace_statistic, by_pseudo_inverse(levels, det_order, 2), rtol=1e-7)


def by_pseudo_inverse(levels, det_order, lags):
    """The trace statistics for det_order -1 or 0, with a pseudo-inverse for every projection."""
    steps = np.diff(levels, axis=0)
    n = len(steps) - lags
    constant = np.full((n, 1), det_order + 1.0)
    others = np.hstack([constant, *(steps[lags - i :][:n] for i in range(1, lags + 1))])
    r0, r1 = (
        block - others @ (np.linalg.pinv(others, rcond=1e-9) @ block) for block in (steps[lags:], levels[lags:-1])
    )
    explained = np.linalg.pinv(r1) @ r0 @ np.linalg.pinv(r0) @ r1
    return -n * np.cumsum(np.log1p(-np.sort(np.linalg.eigvals(explained).real)))[::-1]


def test_differences_that_follow_from_the_levels_leave_no_test():
    wave = np.sin(0.1 * BARS)
    noise = np.cumsum(np.random.default_rng(1).normal(size=300))
    with pytest.raises(
        Degenerate, match=r"^prices must leave a residual: a combination of the changes of the 2 columns"
    ):
        johansen.fit(np.column_stack([wave + noise, noise]), log=False)
