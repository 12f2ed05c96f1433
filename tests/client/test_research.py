"""The research methods: matrices in chunks, progress, jobs, and results that read well."""

import asyncio
import math
import sys
import types

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from gpu_kernels import grids, ou, scans
from meanrev.methods import chunks
from meanrev.progress import shown

GRID = {"entry": [1.0, 1.5, 2.0], "exit": [-0.5, 0.0, 1.0], "cost_per_side": [0.0, 0.001], "lookback": [10, 20]}


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
    return grids.expand(GRID["entry"], GRID["exit"], GRID["cost_per_side"], GRID["lookback"])


@pytest.fixture
def swept(client, prices):
    return client.sweep(prices, **GRID, walk_forward=(200, 50, 5))


class TestGrid:
    @pytest.mark.parametrize(
        ("ends", "text"), [((0.5, 3, 0.05), "0.5:3:0.05"), ((-0.5, 1.5, 0.1), "-0.5:1.5:0.1"), ((1, 1, 9), "1:1:9")]
    )
    def test_it_is_what_the_range_means_to_a_sweep(self, ends, text):
        np.testing.assert_array_equal(mr.grid(*ends), grids.grid(text))

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
        assert info.max_cells == grids.MAX_CELLS
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
        cut = chunks.Cut(chunks.matrix(np.zeros((3000, 1000))), [str(i) for i in range(1000)], "{}")
        assert len(cut) == 3
        assert all(len(message) < 9 * 1024 * 1024 for message in cut[:])

    def test_no_price_is_refused(self, client):
        with pytest.raises(mr.InvalidInput, match="prices must hold at least one price"):
            client.sweep(np.empty((0, 2)))


class TestSweep:
    def test_figures_equal_the_maths(self, swept, prices):
        cells = kernel_cells()
        expected = grids.sweep(prices.T.copy(), cells)
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

    def test_a_bad_price_is_found_by_row_and_column(self, client, prices):
        spoilt = pd.DataFrame(prices, columns=["A", "B", "C"])
        spoilt.loc[7, "C"] = np.inf
        for method in (client.sweep, client.fit_ou):
            with pytest.raises(mr.InvalidInput, match=r"prices\[7, 2\] .*at 'C'"):
                method(spoilt)


class TestPlot:
    def test_without_plotly_it_says_what_to_install(self, swept, monkeypatch):
        monkeypatch.setitem(sys.modules, "plotly", None)
        with pytest.raises(ModuleNotFoundError, match=r"pip install 'meanrev\[plot\]'"):
            swept.plot.heatmap()

    def test_the_heatmap_draws_the_surface(self, swept, monkeypatch):
        class Drawn:
            def __init__(self, data=None, **given):
                self.data, self.given, self.layout = data, given, {}

            def update_layout(self, **layout):
                self.layout.update(layout)

        module = types.ModuleType("plotly.graph_objects")
        module.Figure = module.Heatmap = Drawn
        package = types.ModuleType("plotly")
        package.graph_objects = module
        monkeypatch.setitem(sys.modules, "plotly", package)
        monkeypatch.setitem(sys.modules, "plotly.graph_objects", module)
        figure = swept.plot.heatmap("1", "max_drawdown", cost=0.0, lookback=10)
        np.testing.assert_array_equal(
            figure.data.given["z"], swept.surface("1", "max_drawdown", cost=0.0, lookback=10).cells
        )
        assert "max drawdown" in figure.layout["title"]


class TestScan:
    def test_it_equals_the_maths(self, client, universe):
        found = client.scan(universe, asset_ids=["A", "B", "C", "D"], cost_per_side=0.001, lookback=30)
        expected = scans.scan(universe, cost=0.001, lookback=30)
        assert found.n_pairs == 6
        assert found.y == tuple("ABCD"[i] for i in expected.y)
        for name in ("hedge_ratio", "q_value", "deflated_sharpe", "test_return", "period_half_life"):
            np.testing.assert_allclose(found[name], getattr(expected, name), rtol=1e-9, err_msg=name)

    def test_the_frame_has_a_row_a_pair(self, client, universe):
        frame = client.scan(universe, top=2).to_frame()
        assert len(frame) == 2
        assert {"y", "x", "period_p_value_3", "status"} <= set(frame.columns)
        assert frame.deflated_sharpe.is_monotonic_decreasing

    def test_no_significant_pair_is_an_empty_table(self, client):
        walks = 50 * np.exp(np.cumsum(np.random.default_rng(8).normal(0, 0.01, (300, 2)), axis=0))
        found = client.scan(walks, alpha=1e-9)
        assert found.y == ()
        assert found.period_p_value.shape == (0, 3)
        assert len(found.to_frame()) == 0

    def test_a_missing_price_is_found(self, client, universe):
        spoilt = universe.copy()
        spoilt[9, 1] = np.nan
        with pytest.raises(mr.InvalidInput, match=r"prices\[9, 1\] must be finite"):
            client.scan(spoilt)

    def test_one_series_is_no_universe(self, client, universe):
        with pytest.raises(mr.InvalidInput, match=r"prices must have shape \(T, N\)"):
            client.scan(universe[:, 0])


class TestProgress:
    @pytest.mark.parametrize("method", ["fit_ou", "sweep", "scan"])
    def test_a_function_is_told_from_nothing_to_all(self, client, prices, method):
        told = []
        getattr(client, method)(prices, progress=lambda done, total, eta_s: told.append((done, total, eta_s)))
        assert told[0][0] == 0
        assert told[-1][0] == told[-1][1] > 0
        assert len({total for _, total, _ in told}) == 1
        assert told[-1][2] == 0

    def test_what_it_raises_ends_the_call(self, client, prices):
        def stop(done, total, eta_s):
            raise KeyError("enough")

        with pytest.raises(KeyError, match="enough"):
            client.sweep(prices, progress=stop)
        assert client.ou(prices[:, 0]).status == "converged"

    def test_a_bar_is_drawn_on_stderr(self, client, prices, capsys):
        client.sweep(prices, progress=True)
        assert capsys.readouterr().out == ""

    def test_the_time_left_follows_the_pace(self, monkeypatch):
        clock = iter([10.0, 12.0, 13.0])
        monkeypatch.setattr("time.monotonic", lambda: next(clock))
        told = []
        with shown(lambda *report: told.append(report), "x") as advance:
            for done in (0, 4, 8):
                advance(done, 8)
        assert math.isnan(told[0][2])
        assert told[1:] == [(4, 8, 2.0), (8, 8, 0.0)]

    def test_without_rich_and_tqdm_a_line_is_written(self, monkeypatch, capsys):
        monkeypatch.setattr("meanrev.progress.find_spec", lambda name: None)
        with shown(True, "sweep") as advance:
            advance(0, 4)
            advance(4, 4)
        assert "sweep 4/4" in capsys.readouterr().err


class TestJobs:
    @pytest.mark.parametrize(
        ("method", "options"), [("fit_ou", {"adf_lags": 1}), ("sweep", GRID), ("scan", {"top": 1})]
    )
    def test_a_jobs_result_is_the_calls_result(self, client, prices, method, options):
        told = []
        job = client.submit(method, prices, **options)
        result = job.result(progress=lambda *report: told.append(report))
        assert result == getattr(client, method)(prices, **options)
        assert result.meta["job_id"] == job.job_id
        assert job.state.status == "done"
        assert told[-1][0] == told[-1][1]

    def test_watching_ends_with_the_job(self, client, prices):
        states = list(client.submit("sweep", prices, entry=[1.0]).watch())
        assert states[-1].status == "done"
        assert states[-1].finished_ms >= states[-1].submitted_ms > 0

    def test_the_same_request_is_the_same_job(self, client, prices):
        assert client.submit("scan", prices).job_id == client.submit("scan", prices).job_id

    def test_a_job_is_found_again_by_its_id(self, client, prices):
        job = client.submit("sweep", prices, **GRID)
        expected = job.result()
        assert client.job(job.job_id).result() == expected

    def test_one_series_keeps_its_scalars(self, client, prices):
        assert isinstance(client.submit("fit_ou", prices[:, 0]).result().theta, float)

    def test_a_cancelled_job_has_no_result(self, client, prices):
        job = client.submit("sweep", np.tile(prices, (5, 20)), entry="0.5:3:0.02", exit="-0.5:1.5:0.05")
        assert job.cancel().status in {"queued", "running", "done"}
        if list(job.watch())[-1].status == "cancelled":
            with pytest.raises(mr.MeanRevError, match="the job was cancelled"):
                job.result()

    def test_a_failed_job_says_why(self, client, prices):
        spoilt = prices.copy()
        spoilt[9, 1] = np.nan
        with pytest.raises(mr.ServerError, match=r"the job failed: block\[9, 1\] must be finite"):
            client.submit("scan", spoilt).result()

    def test_what_cannot_be_a_job_is_refused(self, client, prices):
        with pytest.raises(mr.InvalidInput, match="method must be one of 'fit_ou', 'sweep', 'scan', got 'ou'"):
            client.submit("ou", prices)
        with pytest.raises(mr.InvalidInput, match="alpha"):
            client.submit("scan", prices, alpha=7.0)

    def test_an_id_that_the_server_does_not_know_is_refused(self, client):
        with pytest.raises(mr.InvalidInput, match="no job"):
            client.job("0" * 64)


class TestPortfolios:
    def test_what_is_put_is_got(self, client):
        put = client.put_portfolio("book", {"A": 2.0, "B": -1.0}, cash=5.0, limits={"max_drawdown": 0.1})
        got = client.get_portfolio("book")
        assert got.holdings == put.holdings == {"A": 2.0, "B": -1.0}
        assert (got.cash, got.limits["max_drawdown"], got.updated_ms) == (5.0, 0.1, put.updated_ms)

    def test_published_prices_mark_it(self, client):
        client.put_portfolio("marked", {"P1": 2.0, "P2": -1.0}, cash=100.0)
        assert client.publish(pd.Series({"P1": 60.0, "P2": 170.0}), timestamp_ms=1_000) == 2
        assert next(client.health(portfolio_id="marked")).total_value == 100 + 2 * 60 - 170

    @pytest.mark.parametrize(
        ("ask", "words"),
        [
            (lambda c: c.put_portfolio("", {}), "portfolio_id must not be empty"),
            (lambda c: c.put_portfolio("x", {"A": "two"}), r"holdings\['A'\] must be a number"),
            (lambda c: c.put_portfolio("x", [1.0]), "holdings must map names to numbers"),
            (lambda c: c.put_portfolio("x", {}, limits={"max_loss": 1}), "max_loss"),
            (lambda c: c.get_portfolio("nobody's"), "no portfolio"),
            (lambda c: c.publish({"A": math.nan}), "prices"),
            (lambda c: c.publish({"A": 1.0}, timestamp_ms=0.5), "timestamp_ms must be a whole number"),
        ],
    )
    def test_what_is_wrong_is_named(self, client, ask, words):
        with pytest.raises(mr.InvalidInput, match=words):
            ask(client)


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
