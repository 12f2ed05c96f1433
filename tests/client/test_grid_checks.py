"""The reality check of a sweep's grid through the client: what its own returns give by hand, labels, jobs, errors."""

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from meanrev.results import GridChecks

GRID: dict[str, list[float]] = {"entry": [1.0, 1.4, 1.8], "exit": [0.0, 0.6], "cost_per_side": [0.0, 0.001]}
FEW = {"resamples": 99, "n_blocks": 4, "n_folds": 4, "seed": 8}
P_VALUES = ("p_consistent", "p_lower", "p_upper", "p_reality_check")
FIGURES = (*P_VALUES, "n_tested", "effective_tries", "pbo", "probability_of_loss", "degradation", "block_length")


@pytest.fixture
def frame(prices):
    return pd.DataFrame(prices, index=pd.date_range("2024-01-01", periods=400)).set_axis(
        pd.Index([("KO", 1), 2, "three"]), axis=1
    )


def by_hand(client, prices, columns, swept):
    """Return the check of the cells of some columns, from the returns of one backtest after the other."""
    tried, places = [], []
    for column in columns:
        for cell in np.flatnonzero(np.isfinite(swept.figures.sharpe_ratio[column])):
            ran = client.backtest(
                prices,
                entry_zscore=swept.entry_zscore[cell],
                exit_zscore=swept.exit_zscore[cell],
                cost_per_side=swept.cost[cell],
                lookback=int(swept.lookback[cell]),
                path=True,
            )
            tried.append(ran.path.returns[:, column])
            places.append((column, int(cell)))
    return client.reality_check(np.transpose(tried), **FEW), places


@pytest.mark.parametrize("family", ["series", "all"])
def test_it_is_what_the_returns_of_all_cells_give_by_hand(prices, family):
    with mr.Client("local") as client:
        swept = client.sweep(prices, **GRID, lookback=[10, 20], reality_check={"family": family, **FEW})
        checks = swept.reality_check
        groups = [[0], [1], [2]] if family == "series" else [[0, 1, 2]]
        assert isinstance(checks, GridChecks)
        assert len(checks.p_consistent) == len(groups)
        superior = np.full(swept.figures.sharpe_ratio.shape, np.nan)
        for place, columns in enumerate(groups):
            expected, places = by_hand(client, prices, columns, swept)
            for name in FIGURES:
                assert checks[name][place] == pytest.approx(getattr(expected, name), rel=1e-12), name
            for name in P_VALUES:
                assert checks[name][place] == getattr(expected, name)
            best_column, best_cell = places[int(expected.best)]
            assert (checks.best_column[place], checks.cell[place]) == (str(best_column), best_cell)
            assert checks.entry_zscore[place] == swept.entry_zscore[best_cell]
            paths = ("path_sharpe_ratios", "path_sharpe_std_errors", "path_probabilities_positive")
            for name in paths:
                np.testing.assert_allclose(checks[name][place], getattr(expected, name), rtol=1e-12)
            chosen = [places[int(one)] for one in expected.chosen]
            assert [*zip(checks.chosen_column[place], checks.chosen_cell[place], strict=True)] == chosen
            superior[tuple(np.transpose(places))] = expected.superior
        np.testing.assert_array_equal(swept.figures.superior, superior)


def test_a_frame_has_its_own_labels(client, frame):
    swept = client.sweep(frame, **GRID, reality_check=True)
    assert swept.reality_check.column == (("KO", 1), 2, "three")
    assert swept.reality_check.best_column == (("KO", 1), 2, "three")
    assert list(swept.reality_check.to_frame()["p_consistent"]) == list(swept.reality_check.p_consistent)
    assert "superior" in swept.to_frame()
    together = client.sweep(frame, **GRID, reality_check="all").reality_check
    assert together.column == ("",)
    assert set(together.best_column) <= {("KO", 1), 2, "three"}
    assert together.n_tried == [3 * 12]


def test_without_it_there_is_none(client, prices):
    for nothing in (None, False, "none"):
        swept = client.sweep(prices, **GRID, reality_check=nothing)
        assert swept.reality_check is None
        assert swept.figures.superior is None


def test_a_column_that_cannot_be_tested_has_a_reason(client, prices):
    swept = client.sweep(np.column_stack([prices[:, 0], np.full(400, np.nan)]), **GRID, reality_check=FEW)
    checks = swept.reality_check
    assert checks.status == ("ok", "error")
    assert "nothing to choose among" in checks.reason[1]
    assert np.isfinite(checks.p_consistent[0])
    assert np.isnan(checks.p_consistent[1])
    assert (checks.cell[1], checks.lookback[1]) == (-1, 0)
    assert np.isnan([checks.entry_zscore[1], *checks.path_sharpe_ratios[1]]).all()
    assert (checks.chosen_cell[1] == -1).all()


def test_a_job_and_one_series_give_the_same(client, prices):
    options = {**GRID, "reality_check": FEW}
    swept = client.sweep(prices[:, 0], **options)
    assert client.submit("sweep", prices[:, 0], **options).result() == swept
    assert swept.reality_check.p_consistent.shape == (1,)


async def test_asyncio_gives_the_same(client, prices):
    async with mr.AsyncClient("local") as other:
        assert await other.sweep(prices, **GRID, reality_check=FEW) == client.sweep(prices, **GRID, reality_check=FEW)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (3, "reality_check must be 'series', 'all', or a mapping of options, got 3"),
        ("serious", "reality_check.family must be one of 'none', 'series', 'all' \\(did you mean 'series'"),
        ({"n_blocks": 7}, "reality_check.n_blocks must be even and 2 .. 16, got 7"),
        ({"seeds": 7}, "reality_check.seeds is not known \\(did you mean 'seed'"),
    ],
)
def test_an_error_names_the_argument(client, prices, check, words):
    with pytest.raises(mr.InvalidInput, match=words):
        client.sweep(prices, **GRID, reality_check=check)


def test_a_dry_run_announces_the_returns(client, prices):
    plain = client.sweep(prices, **GRID, dry_run=True)
    found = client.sweep(prices, **GRID, reality_check="all", dry_run=True)
    assert found.work > plain.work
    assert found.peak_bytes > plain.peak_bytes + 5 * 8 * prices.size * 12


def test_every_cell_has_a_standard_error_where_it_is_asked_for(client, prices):
    swept = client.sweep(prices, **GRID, figures=["sharpe_std_error", "sharpe_ratio"])
    errors, best = swept.figures.sharpe_std_error, swept.best
    np.testing.assert_allclose(errors[np.arange(3), best.cell], best.sharpe_std_error, rtol=1e-12)
    np.testing.assert_array_equal(np.isfinite(errors), np.nan_to_num(swept.figures.sharpe_ratio) != 0)
    assert client.sweep(prices, **GRID).figures.sharpe_std_error is None
