"""The client's books of residuals: containers, labels, memberships, jobs, asyncio, kept matrices and errors."""

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from gpu_kernels import residuals
from meanrev.results import ResidualBook, ResidualPanel
from tests.gpu_kernels.residuals.universe import universe

PRICES = universe(11, 260, 8, reversion=0.2)
LABELS = [("SPY", 1), ("SPY", 2), 3, "four", 5.5, "six", "seven", "eight"]
TIMES = pd.date_range("2022-06-01", periods=260)
FRAME = pd.DataFrame(PRICES, index=TIMES).set_axis(pd.Index(LABELS, tupleize_cols=False), axis=1)
SMALL = {"factors": 2, "window": 40, "regression": 25, "min_dof": 5}
GRID = {**SMALL, "entry": "0.8:1.2:0.2", "exit_short": [0.3, 0.75], "cost_per_side": [0.0, 0.001]}
FEW = residuals.Filters(min_dof=5)


def test_an_array_comes_back_as_arrays(client):
    found = client.statarb(PRICES, **GRID)
    expected = residuals.trade(
        PRICES,
        factors=[2],
        window=[40],
        regression=[25],
        entry=[0.8, 1.0, 1.2],
        exit_short=[0.3, 0.75],
        cost=[0.0, 0.001],
        filters=FEW,
    )
    assert isinstance(found, ResidualBook)
    assert isinstance(found.returns, np.ndarray)
    np.testing.assert_array_equal(found.returns, expected.returns)
    np.testing.assert_array_equal(found.cells.sharpe_book, expected.figures.sharpe_book)
    assert found.columns == tuple("01234567")
    assert found.best.cell == expected.choice.cell
    assert found.best.value == found.cells.sharpe_book[found.best.cell]
    assert (found.best.entry, found.best.factors) == (expected.cells.entry[found.best.cell], "2")
    assert found.years is None
    assert found.walk_forward is None
    assert found.positions is None
    assert found.counts.scores == expected.counts.scores
    assert found.today.status.count("ok") == np.isfinite(found.today.score).sum()


def test_a_frame_has_its_labels_times_and_years(client):
    found = client.statarb(FRAME, **GRID, walk_forward=(80, 30), positions=True)
    assert found.returns.index.equals(TIMES)
    assert found.positions.index.equals(TIMES)
    assert list(found.positions.columns) == LABELS
    assert found.today.name == tuple(LABELS)
    assert found.columns == tuple(LABELS)
    assert found.years.year.tolist() == [2022, 2023]
    assert found.walk_forward.test_first[0] == np.datetime64("2022-06-01") + 120
    assert found.pooled.n_steps[0] == len(found.walk_forward.cell) == 4
    side = found.positions.iloc[-1].to_numpy()
    np.testing.assert_array_equal(side, found.today.side)


def test_results_have_tables_and_lines(client):
    found = client.statarb(FRAME, **GRID, walk_forward=(80, 30))
    assert len(found.to_frame()) == 12
    assert list(found.to_frame().columns[:5]) == ["factors", "window", "regression", "max_reversion", "max_p"] or (
        "factors" in found.to_frame().columns
    )
    assert len(found.best.to_frame()) == 1
    assert list(found.controls.to_frame()["control"]) == ["one_factor", "reversal_5"]
    assert list(found.today.to_frame()["name"]) == LABELS
    assert len(found.walk_forward.to_frame()) == 4
    assert "ResidualBook" in repr(found)
    assert "cells" in str(found)


def test_memberships_are_a_frame_or_pairs_of_rows(client):
    flags = pd.DataFrame(1, index=FRAME.index, columns=FRAME.columns)
    flags.iloc[120:150, 3] = 0
    flags.iloc[:, 5] = 0
    by_flags = client.statarb(FRAME, **GRID, members=flags)
    by_rows = client.statarb(FRAME, **GRID, members={"four": [(0, 120), (150, 260)], "six": []})
    assert by_flags == by_rows
    expected = residuals.trade(
        PRICES,
        factors=[2],
        window=[40],
        regression=[25],
        entry=[0.8, 1.0, 1.2],
        exit_short=[0.3, 0.75],
        cost=[0.0, 0.001],
        filters=FEW,
        members=flags.to_numpy(),
    )
    np.testing.assert_array_equal(by_flags.returns.to_numpy(), expected.returns)
    assert "not eligible" in by_flags.today.reason[5]


def test_a_job_a_kept_matrix_and_asyncio_give_the_same(client):
    direct = client.statarb(FRAME, **GRID)
    job = client.submit("statarb", FRAME, **GRID).result()
    np.testing.assert_array_equal(job.returns, direct.returns)
    assert job.cells == direct.cells
    kept = client.put(FRAME)
    assert client.statarb(kept, **GRID).cells == direct.cells


async def test_asyncio_gives_the_same(client):
    async with mr.AsyncClient("local") as other:
        assert await other.statarb(PRICES, **GRID) == client.statarb(PRICES, **GRID)
        assert await other.residuals(PRICES, **SMALL) == client.residuals(PRICES, **SMALL)


def test_no_cell_with_figures_is_no_error(client):
    prices = PRICES.copy()
    prices[150, 0] *= 40.0
    found = client.statarb(prices, **{**SMALL, "entry": 0.8, "exit_long": 0.2, "size": 3.0, "cost_per_side": 0.0})
    assert found.best.cell == -1
    assert np.isnan(found.best.entry)
    assert "ruined" in found.cells.reason[0]
    assert np.isnan(found.returns).all()


def test_a_panel_has_books_for_the_days_that_are_asked_for(client):
    found = client.residuals(FRAME, **SMALL, days=[60, 259])
    expected = residuals.panel(PRICES, factors=2, window=40, regression=25, filters=FEW, rows=[60, 259])
    assert isinstance(found, ResidualPanel)
    np.testing.assert_allclose(found.score.to_numpy(), expected.score, rtol=1e-9)
    assert found.score.index.equals(TIMES)
    np.testing.assert_allclose(found.windows, expected.windows, atol=1e-13)
    weights = np.linspace(-1.0, 1.0, 8)
    held = found.book(weights, 259)
    np.testing.assert_allclose(held, weights - expected.Q[1] @ (expected.B[1].T @ weights), atol=1e-9)
    np.testing.assert_allclose(found.B[1].T @ held, 0.0, atol=1e-9)
    with pytest.raises(mr.InvalidInput, match="day must be one of the days that were asked for, got 61"):
        found.book(weights, 61)
    with pytest.raises(mr.InvalidInput, match=r"weights must have shape \(8,\)"):
        found.book(weights[1:], 60)


def test_days_may_be_the_last_or_all(client):
    assert client.residuals(PRICES, **SMALL, days="last").days.tolist() == [259]
    assert client.residuals(PRICES, **SMALL, days="all").days.tolist() == list(range(40, 260))
    nothing = client.residuals(PRICES, **SMALL)
    assert nothing.days.size == nothing.windows.size == nothing.Q.size == 0


@pytest.mark.parametrize(
    ("method", "arguments", "words"),
    [
        ("statarb", {"factors": 0}, "factors must be a whole number from 1 to 100"),
        ("statarb", {"factors": [1, None]}, r"factors\[1\] must be a whole number"),
        ("statarb", {"cost_per_side": -0.1}, "cost_per_side must be finite and >= 0"),
        ("statarb", {"walk_forward": 5}, r"walk_forward must be \(train, test\)"),
        ("statarb", {"walk_forward": (500, 20)}, "train \\+ purge \\+ test"),
        ("statarb", {"members": np.ones((3, 3))}, "members must have the shape of the prices"),
        ("statarb", {"members": np.full((260, 8), 0.5)}, "members must be 0 or 1"),
        ("statarb", {"members": {"nobody": [(0, 5)]}}, "members must be the name of a column"),
        ("statarb", {"preset": "papers"}, "preset"),
        ("residuals", {"days": "first"}, 'days must be row numbers, "last" or "all"'),
        ("residuals", {"days": [999]}, "days must ascend, and be whole numbers from 0 to 259"),
        ("residuals", {"regression": 41}, "regression must be at most the window, 40"),
    ],
)
def test_an_error_names_the_argument(client, method, arguments, words):
    with pytest.raises(mr.InvalidInput, match=words):
        getattr(client, method)(FRAME, **{**SMALL, **arguments})


def test_a_price_is_named_by_label_and_time(client):
    spoiled = FRAME.copy()
    spoiled.iloc[9, 3] = -1.0
    with pytest.raises(mr.InvalidInput, match="'four', 2022-06-10"):
        client.statarb(spoiled, **SMALL)


def test_a_dry_run_returns_an_estimate(client):
    assert client.statarb(PRICES, **SMALL, dry_run=True).work > 0


@pytest.mark.parametrize("method", ["statarb", "residuals"])
def test_an_unknown_argument_is_refused_as_python_does(client, method):
    with pytest.raises(TypeError, match=rf"{method}\(\) got an unexpected keyword argument 'refits'"):
        getattr(client, method)(PRICES, refits=2)
