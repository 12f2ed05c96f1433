"""Columns: a bad one leaves the others alone and says why, and bars outside a series' life belong to nobody."""

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from tests.front_door.series import reverting

T = 300
GOOD = np.column_stack([reverting(T, seed) for seed in (1, 2, 3)])
GRID = {"entry": [1.0, 1.5], "exit": [0.0, 0.5], "lookback": 10, "cost_per_side": 1e-4}
TWINS = {"numpy": "numpy", "best": "auto"}


@pytest.fixture(scope="module", params=TWINS.values(), ids=TWINS.keys())
def twin(request):
    """A server on the NumPy twins, and one on the best that this machine has."""
    with mr.serve(backend=request.param, grace_s=0) as where, mr.Client(where) as connected:
        yield connected


def hole(first, last):
    out = GOOD[:, 0].copy()
    out[first:last] = np.nan
    return out


BAD = {
    "no price at all": np.full(T, np.nan),
    "one price": np.where(np.arange(T) == 150, 5.0, np.nan),
    "constant": np.full(T, 7.0),
    "a zero": np.where(np.arange(T) == 150, 0.0, GOOD[:, 0]),
    "negative": GOOD[:, 0] - 60.0,
    "infinite": np.where(np.arange(T) == 150, np.inf, GOOD[:, 0]),
    "listed late": hole(0, 295),
    "delisted at once": hole(4, T),
    "huge": GOOD[:, 0] * 1e300,
    "tiny": GOOD[:, 0] * 1e-300,
}


def with_bad(name, place=1):
    return np.insert(GOOD, place, BAD[name], axis=1)


def same(got, right):
    np.testing.assert_array_equal(np.asarray(got, dtype=float), np.asarray(right, dtype=float))


def answered(ask, name):
    """Return what a call with a bad column answers; infinity may be refused by name, and then None comes back."""
    try:
        return ask()
    except mr.InvalidInput as error:
        assert name == "infinite", error  # noqa: PT017 - the others are answered
        assert "1" in error.hint or error.index[1] == 1  # noqa: PT017 - as above
        return None


@pytest.mark.parametrize("name", BAD)
def test_fits_beside_a_bad_column_are_as_alone(twin, name):
    """One delisted ticker spoilt or stopped the fit of a universe; the others are as alone, bit for bit."""
    got, alone = answered(lambda: twin.fit_ou(with_bad(name)), name), twin.fit_ou(GOOD)
    if got is None:
        return
    for figure in ("theta", "mu", "sigma", "adf_p_value", "log_likelihood", "half_life_upper"):
        same(got[figure][[0, 2, 3]], alone[figure])
    short = got.status[1] == "updating" and got.reason[1] == "fewer than 4 prices"
    assert np.isfinite(got.theta[1]) or short or (got.status[1] == "error" and got.reason[1])


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("mode", ["compounding", "unit"])
def test_sweeps_beside_a_bad_column_are_as_alone(twin, name, mode):
    """A column without a tradable bar gave INTERNAL or dashes without a word; right are status and reason."""
    got = answered(lambda: twin.sweep(with_bad(name), **GRID, mode=mode), name)
    alone = twin.sweep(GOOD, **GRID, mode=mode)
    if got is None:
        return
    same(got.figures.sharpe_ratio[[0, 2, 3]], alone.figures.sharpe_ratio)
    same(got.figures.max_drawdown[[0, 2, 3]], alone.figures.max_drawdown)
    same(got.best.cell[[0, 2, 3]], alone.best.cell)
    assert [got.best.status[i] for i in (0, 2, 3)] == ["ok"] * 3
    if np.isnan(got.figures.sharpe_ratio[1]).all():
        assert got.best.status[1] == "error"
        assert got.best.reason[1]


@pytest.mark.parametrize("name", BAD)
def test_walk_forwards_beside_a_bad_column_are_as_alone(twin, name):
    """A train part without a bar stopped all columns; right are its steps with cell -1 and a reason."""
    answer = answered(lambda: twin.sweep(with_bad(name), **GRID, walk_forward=(100, 50)), name)
    if answer is None:
        return
    got = answer.walk_forward
    alone = twin.sweep(GOOD, **GRID, walk_forward=(100, 50)).walk_forward
    mine = np.array([column != "1" for column in got.column])
    assert len(got.column) == 4 * len(alone.column) // 3
    for figure in ("cell", "train_sharpe", "test_sharpe", "test_return", "test_trades"):
        same(got[figure][mine], alone[figure])
    for place in np.flatnonzero(got.cell < 0):
        assert got.status[place] == "error"
        assert got.reason[place]


@pytest.mark.parametrize("name", ["no price at all", "constant", "a zero", "negative", "listed late"])
def test_scans_beside_a_bad_column_name_it_or_go_on(twin, name):
    """A scan with a bad column is refused by name, or its pairs are those of the others."""
    rows = pd.DataFrame(with_bad(name), columns=["A", "BAD", "C", "D"])
    try:
        got = twin.scan(rows, alpha=1.0, lookback=10, cost_per_side=0.0)
    except mr.InvalidInput as error:
        assert "BAD" in str(error)  # noqa: PT017 - going on without it is right as well
        return
    alone = twin.scan(rows[["A", "C", "D"]], alpha=1.0, lookback=10, cost_per_side=0.0)
    mine = [i for i, pair in enumerate(zip(got.y, got.x, strict=True)) if "BAD" not in pair]
    assert got.n_pairs == alone.n_pairs + len(got.y) - len(mine)
    # A product of matrices adds up in another order where there is a column more.
    np.testing.assert_allclose(got.p_value[mine], alone.p_value, rtol=1e-9)
    np.testing.assert_allclose(got.train_sharpe[mine], alone.train_sharpe, rtol=1e-9)


def test_a_scan_counts_the_pairs_that_have_a_test(twin):
    """A constant column and a column's double have no test: with another one and its pair, one pair was tried."""
    rows = np.column_stack([GOOD[:, :2], np.full(T, 5.0)])
    assert twin.scan(rows, alpha=1.0, lookback=10).n_pairs == 1
    doubled = np.column_stack([GOOD[:, 0], GOOD[:, 0] * 2, GOOD[:, 1]])
    assert twin.scan(doubled, alpha=1.0, lookback=10).n_pairs == 2


@pytest.mark.parametrize("name", ["no price at all", "a zero", "negative"])
def test_jobs_of_a_matrix_with_a_bad_column_end_well(twin, name):
    """The same as a job: it is done, and says why one column has no figures."""
    job = twin.submit("sweep", with_bad(name), **GRID)
    got, asked = job.result(), twin.sweep(with_bad(name), **GRID)
    same(got.figures.sharpe_ratio, asked.figures.sharpe_ratio)
    assert tuple(got.best.reason) == tuple(asked.best.reason)
    assert got.best.reason[1]


@pytest.mark.parametrize("price", ["zero", "negative"])
def test_a_reason_says_which_price_and_the_way_out(twin, price):
    """The reason names the price, its row, and the mode that takes it."""
    rows = GOOD.copy()
    rows[150, 1] = 0.0 if price == "zero" else -37.63
    reason = twin.sweep(rows, **GRID).best.reason[1]
    assert "unit" in reason
    assert any(str(row) in reason for row in (150, 151, 152))


def test_a_single_figure_is_enough(twin):
    """A sweep of draw-downs alone chooses, reports and draws without the other figures."""
    got = twin.sweep(with_bad("negative"), **GRID, figures=["max_drawdown"])
    assert got.figures.sharpe_ratio is None
    same(got.surface("0", "max_drawdown").cells, twin.sweep(GOOD, **GRID).surface("0", "max_drawdown").cells)
    with pytest.raises(mr.InvalidInput, match="max_drawdown"):
        got.surface("0")


@pytest.mark.parametrize(("before", "after"), [(200, 0), (0, 200), (77, 123)])
@pytest.mark.parametrize("mode", ["compounding", "unit"])
def test_bars_outside_a_life_dilute_nothing(twin, before, after, mode):
    """Rows before a listing and after a delisting counted as returns of 0; figures are those of the life alone."""
    padded = np.vstack([np.full((before, 3), np.nan), GOOD, np.full((after, 3), np.nan)])
    got, alone = twin.sweep(padded, **GRID, mode=mode), twin.sweep(GOOD, **GRID, mode=mode)
    for figure in ("sharpe_ratio", "cumulative_return", "max_drawdown", "num_trades"):
        np.testing.assert_allclose(got.figures[figure], alone.figures[figure], rtol=1e-12)
    np.testing.assert_allclose(got.best.deflated_sharpe, alone.best.deflated_sharpe, rtol=1e-9)
    assert list(got.best.n_bars) == [T] * 3
    rule = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 1e-4, "lookback": 10, "mode": mode}
    many, right = twin.backtest(padded, **rule), twin.backtest(GOOD, **rule)
    np.testing.assert_allclose(many.sharpe_ratio, right.sharpe_ratio, rtol=1e-9)
    one = twin.backtest(padded[:, 0], **rule)
    np.testing.assert_allclose(one.sharpe_ratio, right.sharpe_ratio[0], rtol=1e-9)
    assert one.num_trades == right.num_trades[0]


def test_each_column_has_its_own_life(twin):
    """Columns with different starts and ends give what each gives alone, in one call."""
    lives = [(0, T), (90, T), (0, 180)]
    rows = np.full((T, 3), np.nan)
    for place, (first, last) in enumerate(lives):
        rows[first:last, place] = GOOD[first:last, place]
    got = twin.sweep(rows, **GRID)
    assert list(got.best.n_bars) == [last - first for first, last in lives]
    for place, (first, last) in enumerate(lives):
        alone = twin.sweep(GOOD[first:last, place], **GRID)
        np.testing.assert_allclose(got.figures.sharpe_ratio[place], alone.figures.sharpe_ratio[0], rtol=1e-12)


def test_a_listing_in_the_middle_of_a_walk_forward(twin):
    """Steps before the listing have no cell; the step in whose train part it lies counts the bars of its life."""
    listed = np.vstack([np.full((120, 1), np.nan), GOOD[120:, :1]])
    walk = twin.sweep(listed, **GRID, walk_forward=(100, 50)).walk_forward
    alone = twin.sweep(GOOD[120:200, :1], **GRID, walk_forward=None)
    step = walk.train_start.tolist().index(100)
    assert walk.cell[walk.train_start == 0].tolist() == [-1]
    assert walk.train_sharpe[step] == pytest.approx(np.nanmax(alone.figures.sharpe_ratio), rel=1e-9)


def test_a_lookback_longer_than_the_series_says_so(twin):
    """A window that never fills gave zeros or dashes; the cells say why."""
    got = twin.sweep(GOOD[:50], entry=[1.0], exit=[0.0], lookback=80)
    assert got.best.status[0] == "error" or got.figures.num_trades[0, 0] == 0
    if got.best.status[0] == "error":
        assert "80" in got.best.reason[0] or "lookback" in got.best.reason[0]


REASONS = {
    "exact": (50 + 3 * 0.9 ** np.arange(60), ("few",)),
    "stale then jump": (np.r_[np.full(59, 50.0), 51.0], ("few",)),
    "period": (np.tile([1.0, 2.0, 4.0, 3.0], 20), ("few",)),
    "constant": (np.full(60, 5.0), ("few",)),
}


@pytest.mark.parametrize("name", REASONS)
def test_a_reason_is_the_reason(twin, name):
    """Sixty prices are not too few: where a regression is exact or has no variation, that is what is said."""
    series, never = REASONS[name]
    for options in ({}, {"adf_lags": 8}):
        fit = twin.ou(series, **options)
        assert fit.status in {"error", "updating", "converged"}
        assert not any(word in fit.reason for word in never), fit.reason
        assert fit.reason or fit.status == "converged"


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_is_said_where_it_is_so(twin, n):
    """A series of one to three prices is too short, and that is the reason."""
    fit = twin.ou(GOOD[:n, 0])
    assert fit.status != "converged"
    assert "few" in fit.reason or "at least" in fit.reason


@pytest.mark.parametrize("method", ["cara", "sharpe", "portfolio_stats", "multiperiod", "pca"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_asset_that_stops_a_portfolio_is_named(twin, method, bad):
    """One asset without returns leaves no common row; the error names the asset."""
    returns = pd.DataFrame(np.diff(np.log(GOOD), axis=0), columns=["KO", "PEP", "GONE"])
    returns["GONE"] = bad
    more = {"n_periods": 2} if method == "multiperiod" else {}
    with pytest.raises(mr.InvalidInput, match="GONE"):
        getattr(twin, method)(returns, **more)
