"""The research methods: matrices in chunks, progress, jobs, and results that read well."""

import asyncio
import math
import sys

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from gpu_kernels import ou, pair_trading, threshold_grid
from meanrev.methods import chunks

GRID = {"entry": [1.0, 1.5, 2.0], "exit": [-0.5, 0.0, 1.0], "cost_per_side": [0.0, 0.001], "lookback": [10, 20]}

REASON_OF_AN_EXIT = "the exit is not below the entry: it must be in [-entry, entry)"


@pytest.fixture(scope="session")
def universe():
    """(500, 4) prices that share a random walk."""
    rng = np.random.default_rng(5)
    common = np.cumsum(rng.normal(0, 0.01, 500))
    noise = np.zeros((500, 4))
    for t in range(1, 500):
        noise[t] = 0.8 * noise[t - 1] + rng.normal(0, 0.01, 4)
    return 50 * np.exp(common[:, None] + noise)


def kernel_cells():
    return threshold_grid.expand(GRID["entry"], GRID["exit"], GRID["cost_per_side"], GRID["lookback"])


@pytest.fixture
def swept(client, prices):
    return client.sweep(prices, **GRID, walk_forward=(200, 50, 5))


class TestGrid:
    @pytest.mark.parametrize(
        ("ends", "text"), [((0.5, 3, 0.05), "0.5:3:0.05"), ((-0.5, 1.5, 0.1), "-0.5:1.5:0.1"), ((1, 1, 9), "1:1:9")]
    )
    def test_it_is_what_the_range_means_to_a_sweep(self, ends, text):
        np.testing.assert_array_equal(mr.grid(*ends), threshold_grid.grid(text))

    def test_points_are_the_decimals_that_one_would_type(self):
        assert mr.grid(0.5, 0.8, 0.1).tolist() == [0.5, 0.6, 0.7, 0.8]

    @pytest.mark.parametrize(
        ("ends", "words"),
        [
            ((2, 1, 0.1), "stop must be at least start"),
            ((0, 1, 0), "step must be > 0"),
            ((0, 1, 1e-9), "step must leave at most 1000000 points"),
            ((math.nan, 1, 1), "start must be a finite number"),
            ((0, "x", 1), "stop must be a finite number"),
        ],
    )
    def test_what_is_no_range_is_refused(self, ends, words):
        with pytest.raises(mr.InvalidInput, match=words):
            mr.grid(*ends)


class TestInfo:
    def test_it_tells_what_serves(self, client):
        info = client.info()
        assert info.backend in {"cuda", "native", "numpy"}
        assert info.max_cells == threshold_grid.MAX_CELLS
        assert info.uptime_s > 0
        assert "numpy" in info.meta


class TestFitOu:
    def test_it_equals_the_maths(self, client, prices):
        fit = client.fit_ou(prices, adf_lags=1)
        expected = ou.fit(prices.T, adf_lags=1)
        for name in ("theta", "mu", "sigma", "half_life_upper", "adf_p_value", "log_likelihood"):
            np.testing.assert_allclose(fit[name], getattr(expected, name), rtol=1e-9, err_msg=name)
        assert fit.asset_id == ("0", "1", "2")

    def test_it_has_the_fields_of_ou_and_feeds_what_ou_feeds(self, client, prices):
        one, other = client.fit_ou(prices), client.ou(prices)
        assert list(one) == list(other)
        np.testing.assert_allclose(one.theta, other.theta, rtol=1e-9)
        assert one.status == other.status
        np.testing.assert_allclose(
            client.thresholds(one, round_trip_cost=0.1).entry_zscore,
            client.thresholds(other, round_trip_cost=0.1).entry_zscore,
            rtol=1e-6,
        )

    def test_one_series_has_scalars(self, client, prices):
        fit = client.fit_ou(prices[:, 0])
        assert isinstance(fit.theta, float)
        assert isinstance(fit.n_samples, int)
        assert (fit.n_samples, fit.status, fit.asset_id) == (400, "converged", "")

    def test_a_frame_gives_its_names_and_its_last_time(self, client, prices):
        index = pd.date_range("2020-01-01", periods=len(prices))
        fit = client.fit_ou(pd.DataFrame(prices, columns=["A", "B", "C"], index=index))
        assert list(fit.to_frame().index) == ["A", "B", "C"]
        assert set(fit.timestamp_ms) == {index[-1].value // 10**6}

    def test_a_series_that_cannot_be_fitted_leaves_the_others_alone(self, client, prices):
        spoilt = prices.copy()
        spoilt[:, 1] = 5.0
        fit = client.fit_ou(spoilt)
        assert fit.status[1] == "error"
        assert "constant" in fit.reason[1]
        assert np.isnan(fit.theta[1])
        assert fit.theta[2] == client.fit_ou(prices).theta[2]


class TestChunks:
    @pytest.mark.parametrize("size", [1, 24, 100, 2400, 9600])
    def test_the_cut_changes_nothing(self, client, prices, monkeypatch, size):
        whole = client.fit_ou(prices)
        monkeypatch.setattr(chunks, "CHUNK_BYTES", size)
        assert client.fit_ou(prices) == whole

    def test_a_matrix_above_the_message_limit_goes_through(self, prices):
        wide = np.tile(prices, (1, 40))
        with mr.serve(max_message_bytes=64 * 1024, grace_s=0) as where, mr.Client(where) as client:
            with pytest.raises(mr.Overloaded, match="larger than max"):
                client.fit_ou(wide)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(chunks, "CHUNK_BYTES", 32 * 1024)
                assert len(client.fit_ou(wide).theta) == 120

    def test_a_chunk_stays_below_every_servers_default_limit(self, prices):
        cut = chunks.MatrixChunks(chunks.matrix(np.zeros((3000, 1000))), [str(i) for i in range(1000)], "{}")
        assert len(cut) == 12
        assert all(len(message) < 3 * 1024 * 1024 for message in cut[:])

    def test_no_price_is_refused(self, client):
        with pytest.raises(mr.InvalidInput, match="prices must hold at least one price"):
            client.sweep(np.empty((0, 2)))


class TestSweep:
    def test_figures_equal_the_maths(self, swept, prices):
        cells = kernel_cells()
        expected = threshold_grid.sweep(prices.T.copy(), cells)
        for name in ("entry_zscore", "exit_zscore", "cost", "lookback"):
            np.testing.assert_array_equal(swept[name], getattr(cells, name.replace("score", "")), err_msg=name)
        for name in ("sharpe_ratio", "cumulative_return", "max_drawdown", "num_trades"):
            values = np.where(cells.valid, getattr(expected, name), np.nan)
            np.testing.assert_allclose(swept.figures[name], values, rtol=1e-9, err_msg=name)
        assert swept.figures.win_rate is None
        assert swept.n_cells == cells.valid.sum()

    def test_the_best_cell_is_looked_up(self, swept):
        for i, cell in enumerate(swept.best.cell):
            assert swept.best.entry_zscore[i] == swept.entry_zscore[cell]
            assert swept.best.sharpe_ratio[i] == pytest.approx(np.nanmax(swept.figures.sharpe_ratio[i]))
            assert swept.best.plateau_exit_zscore[i] == swept.exit_zscore[swept.best.plateau_cell[i]]

    def test_the_best_of_one_series_serves_as_thresholds(self, client, prices):
        best = client.sweep(prices[:, 0], entry=mr.grid(1, 2, 0.5), exit="0:0:1", cost_per_side=0.0).best
        assert isinstance(best.entry_zscore, float)
        run = client.backtest(prices[:, 0], best, cost_per_side=0.0)
        assert run.sharpe_ratio == pytest.approx(best.sharpe_ratio, rel=1e-9)

    def test_the_frame_has_a_row_a_column_and_cell(self, swept):
        frame = swept.to_frame()
        assert len(frame) == 3 * swept.cost.size
        row = frame[(frame.column == "1") & (frame.entry_zscore == 1.5)].iloc[0]
        place = list(swept.entry_zscore).index(1.5)
        assert row.sharpe_ratio == swept.figures.sharpe_ratio[1, place]
        assert list(swept.to_columns()) == list(frame.columns)

    def test_the_walk_forward_is_a_table(self, swept):
        walk = swept.walk_forward
        assert (walk.train_stop - walk.train_start == 200).all()
        assert (walk.test_start - walk.train_stop == 5).all()
        frame = walk.to_frame()
        assert set(frame.column) == {"0", "1", "2"}
        assert frame.entry_zscore.tolist() == swept.entry_zscore[walk.cell].tolist()

    def test_columns_and_steps_without_figures_say_why(self, client, prices):
        broken = np.column_stack([prices[:, 0], prices[:, 1], np.full(len(prices), np.nan), prices[:, 2]])
        broken[110, 0] = 0.0
        broken[:130, 3] = np.nan
        swept = client.sweep(broken, entry=[1.0, 2.0], exit=[0.0, 3.0], walk_forward=(100, 50))
        best, walk, n_bars = swept.best, swept.walk_forward, len(prices)
        assert best.status == ("error", "ok", "error", "ok")
        assert best.reason[0] == "the price 0.0 at row 110 is not positive; mode 'unit' trades such a series"
        assert best.reason[1:] == ("", "no finite price", "")
        assert best.n_bars.tolist() == [n_bars, n_bars, 0, n_bars - 130]
        assert np.isnan(swept.figures.num_trades[[0, 2]]).all()
        assert swept.cell_reason.tolist() == ["", REASON_OF_AN_EXIT] * 2
        told = dict(zip(zip(walk.column, walk.train_start.tolist(), strict=True), walk.reason, strict=True))
        assert told["3", 0] == "the train part has no price"
        assert told["3", 50] == ""
        assert told["2", 0] == "the train part has no price"
        assert told["0", 0] == best.reason[0]
        assert told["0", 150] == ""
        assert [word == "ok" for word in walk.status] == [not why for why in walk.reason]
        alone = client.sweep(broken[130:, 3], entry=[1.0, 2.0], exit=[0.0, 3.0]).best
        assert alone.sharpe_ratio == best.sharpe_ratio[3]
        assert (alone.status, alone.reason, alone.n_bars) == ("ok", "", n_bars - 130)
        frame = best.to_frame()
        assert frame.status.tolist() == list(best.status)

    def test_steps_have_the_times_of_their_bars_where_there_are_times(self, client, prices):
        days = pd.date_range("2020-01-01", periods=len(prices), freq="D")
        walk = client.sweep(pd.DataFrame(prices, index=days), entry=[1.0], walk_forward=(100, 50, 10)).walk_forward
        for name, bar in (("train_first", walk.train_start), ("train_last", walk.train_stop - 1)):
            assert (walk[name] == days[bar].to_numpy()).all()
        for name, bar in (("test_first", walk.test_start), ("test_last", walk.test_stop - 1)):
            assert (walk[name] == days[bar].to_numpy()).all()
        assert walk.train_first.dtype.kind == "M"
        assert "test_last" in walk.to_frame()
        bare = client.sweep(prices, entry=[1.0], walk_forward=(100, 50, 10)).walk_forward
        assert bare.train_first is bare.train_last is bare.test_first is bare.test_last is None
        assert "test_last" not in bare.to_frame()

    def test_one_bar_is_an_answer_with_a_reason(self, client):
        best = client.sweep(np.array([5.0])).best
        assert (best.cell, best.status) == (-1, "error")
        assert best.reason == "lookback 20 is longer than the series' 1 bar"

    def test_without_a_walk_forward_there_is_none(self, client, prices):
        assert client.sweep(prices, entry=[1.0]).walk_forward is None

    def test_a_surface_is_one_figure_over_thresholds(self, swept):
        shown = swept.surface("2", "num_trades", cost=0.001, lookback=20)
        values = shown.cells
        assert (shown.entry_zscore.tolist(), shown.exit_zscore.tolist()) == (GRID["entry"], GRID["exit"])
        assert np.isnan(values[0, 2])  # an exit at the entry
        chosen = (swept.cost == 0.001) & (swept.lookback == 20) & (swept.entry_zscore == 2) & (swept.exit_zscore == 1)
        assert values[2, 2] == swept.figures.num_trades[2, chosen][0]

    @pytest.mark.parametrize(
        ("wanted", "words"),
        [
            ({"column": "X"}, "column must be one of .*0.*, .*1.*, .*2.*, got 'X'"),
            ({"figure": "win_rate"}, "figure must be one of .sharpe_ratio., .cumulative_return."),
            ({"cost": 7.0}, "cost must be one of 0.0, 0.001"),
            ({"lookback": 7}, "lookback must be one of 10, 20"),
        ],
    )
    def test_a_surface_that_is_not_there_is_named(self, swept, wanted, words):
        with pytest.raises(mr.InvalidInput, match=words):
            swept.surface(**wanted)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"entry": [-1.0]}, "entry .*> 0"),
            ({"exit": "x"}, "exit must be 'a:b:step'"),
            ({"cost_per_side": -1.0}, "cost_per_side .*>= 0"),
            ({"lookback": [1]}, r"lookback\[0\] must be a whole number from 2"),
            ({"lookback": 2.5}, "lookback must be a whole number"),
            ({"figures": ["profit"]}, "figures must be one of 'sharpe_ratio'"),
            ({"walk_forward": (100,)}, "walk_forward must be"),
            ({"walk_forward": "504/126"}, "walk_forward must be"),
            ({"entry": "0:1:1e-7"}, "must have at most 1000000 points"),
            ({"progress": 3}, "progress must be True, False or a function"),
        ],
    )
    def test_a_bad_argument_is_named_as_the_caller_wrote_it(self, client, prices, wrong, words):
        with pytest.raises(mr.InvalidInput, match=words):
            client.sweep(prices, **wrong)

    def test_a_column_with_an_infinite_price_says_so_and_spoils_no_other(self, client, prices):
        clean = pd.DataFrame(prices, columns=["A", "B", "C"])
        spoilt = clean.copy()
        spoilt.loc[7, "B"] = -np.inf
        reason = "the price -inf at row 7 is infinite"
        fit, alone = client.fit_ou(spoilt), client.fit_ou(clean)
        assert (fit.status[1], fit.reason[1]) == ("error", reason)
        np.testing.assert_array_equal(fit.theta[[0, 2]], alone.theta[[0, 2]])
        swept, alone = client.sweep(spoilt), client.sweep(clean)
        assert (swept.best["status"][1], swept.best["reason"][1]) == ("error", reason)
        assert np.isnan(swept.figures["sharpe_ratio"][1]).all()
        np.testing.assert_array_equal(swept.figures["sharpe_ratio"][[0, 2]], alone.figures["sharpe_ratio"][[0, 2]])


class TestPlot:
    def test_without_plotly_it_says_what_to_install(self, swept, monkeypatch):
        monkeypatch.setitem(sys.modules, "plotly", None)
        with pytest.raises(ModuleNotFoundError, match=r"pip install '.\[plot\]'"):
            swept.plot.heatmap()

    def test_the_heatmap_draws_the_surface(self, swept):
        figure = swept.plot.heatmap("1", "max_drawdown", cost=0.0, lookback=10)
        shown = swept.surface("1", "max_drawdown", cost=0.0, lookback=10)
        np.testing.assert_array_equal(figure.data[0].z, shown.cells)
        np.testing.assert_array_equal(swept.plot("1", "max_drawdown", cost=0.0, lookback=10).data[0].z, shown.cells)
        assert "max drawdown" in figure.layout.title.text


class TestScan:
    def test_it_equals_the_maths(self, client, universe):
        found = client.scan(universe, asset_ids=["A", "B", "C", "D"], cost_per_side=0.001, lookback=30)
        expected = pair_trading.scan(universe, cost=0.001, lookback=30)
        assert found.n_pairs == 6
        assert found.y == tuple("ABCD"[i] for i in expected.y)
        for name in ("hedge_ratio", "q_value", "deflated_sharpe", "test_return", "period_half_life", "p_best"):
            np.testing.assert_allclose(found[name], getattr(expected, name), rtol=1e-9, err_msg=name)

    def test_the_frame_has_a_row_a_pair(self, client, universe):
        frame = client.scan(universe, top=2).to_frame()
        assert len(frame) == 2
        assert {"y", "x", "period_p_value_3", "status"} <= set(frame.columns)
        assert frame.p_value.is_monotonic_increasing
        assert frame.p_best.is_monotonic_increasing

    def test_no_significant_pair_is_an_empty_table(self, client):
        walks = 50 * np.exp(np.cumsum(np.random.default_rng(8).normal(0, 0.01, (300, 2)), axis=0))
        found = client.scan(walks, alpha=1e-9)
        assert found.y == ()
        assert found.period_p_value.shape == (0, 3)
        assert len(found.to_frame()) == 0

    def test_a_column_with_a_missing_price_is_left_out_and_noted(self, client, universe):
        spoilt = universe.copy()
        spoilt[9, 1] = np.nan
        found = client.scan(spoilt, asset_ids=["A", "B", "C", "D"], alpha=1)
        assert (found.n_pairs, found.n_significant, found.n_untested) == (3, 3, 3)
        assert set(found.y + found.x) == {"A", "C", "D"}
        assert found.notes == (("B", "error", "no price in row 9: fill it, or leave the column out"),)

    def test_without_two_good_columns_the_reasons_are_told(self, client, universe):
        spoilt = pd.DataFrame(universe[:, :2], columns=["KO", "PEP"])
        spoilt.loc[9, "PEP"] = np.nan
        with pytest.raises(mr.InvalidInput, match=r"column 1: no price in row 9: fill it.* \(at 'PEP'\)"):
            client.scan(spoilt)

    def test_pairs_without_a_row_are_counted_and_explained(self, client, universe):
        given = np.column_stack([universe[:, 0], 2 * universe[:, 0], universe[:, 1], np.full(len(universe), 5.0)])
        found = client.scan(given, asset_ids=["A", "TWICE", "B", "FLAT"], alpha=1)
        assert (found.n_pairs, found.n_untested, len(found.y)) == (2, 4, 2)
        notes = {note.column: note for note in found.notes}
        assert set(notes) == {"A", "TWICE", "FLAT"}
        assert notes["A"].reason.endswith("not tested with TWICE")
        assert (notes["A"].status, notes["FLAT"].status) == ("ok", "error")

    def test_a_pair_that_is_not_traded_has_a_reason(self, client, universe):
        found = client.scan(universe, alpha=1, cost_per_side=10.0)
        assert set(found.status) == {"too_costly"}
        for reason, hedge_ratio in zip(found.reason, found.hedge_ratio, strict=True):
            assert reason.startswith(f"a round trip costs {20 * (1 + abs(hedge_ratio)):.4g}, more than 30")
        assert found.to_frame().reason.tolist() == list(found.reason)

    @pytest.mark.parametrize("log", [True, False])
    def test_five_basis_points_are_charged_where_no_cost_is_given(self, client, universe, log):
        asked, expected = (
            client.scan(universe, alpha=1, log=log),
            pair_trading.scan(universe, alpha=1.0, log=log),
        )
        np.testing.assert_allclose(asked.train_sharpe, expected.train_sharpe, rtol=1e-9)
        free = client.scan(universe, alpha=1, log=log, cost_per_side=0.0)
        assert free.train_sharpe.max() > asked.train_sharpe.max()
        if log:
            same = client.scan(universe, alpha=1, cost_per_side=0.0005)
            np.testing.assert_array_equal(same.train_sharpe, asked.train_sharpe)

    def test_one_series_is_no_universe(self, client, universe):
        with pytest.raises(mr.InvalidInput, match=r"prices must have shape \(T, N\)"):
            client.scan(universe[:, 0])


async def test_an_asyncio_client_has_them_all(where, prices):
    told = []
    async with mr.AsyncClient(where) as client:
        info, fit = await asyncio.gather(client.info(), client.fit_ou(prices))
        assert info.cpus > 0
        swept = await client.sweep(prices, **GRID, progress=lambda *report: told.append(report))
        job = await client.submit("sweep", prices, **GRID)
        states = [state async for state in job.watch()]
        assert states[-1].status == "done"
        assert await job.result() == swept
        assert await (await client.job(job.job_id)).result() == swept
        assert (await job.cancel()).status == "done"
        await client.put_portfolio("async", {"A": 1.0})
        assert (await client.get_portfolio("async")).holdings == {"A": 1.0}
        assert await client.publish({"A": 1.0}) == 1
        assert (await client.scan(prices)).n_pairs == 3
    assert told[-1][0] == told[-1][1]
    assert fit.status == ("converged",) * 3
