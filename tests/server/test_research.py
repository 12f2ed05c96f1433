"""The research service: chunks in, progress and results out, jobs and portfolios kept."""

import json
import time

import grpc
import numpy as np
import pytest

from gpu_kernels import ou, performance, sweep, threshold_grid
from meanrev_server.research import columns
from meanrev_server.research.tasks import backtest
from meanrev_wire import codec, meanrev_pb2, research_pb2
from tests.server.research import NAMES, PRICES, chunks, universe
from tests.server.serving import Caller


def test_info_tells_what_serves(ask):
    info = ask("Info", research_pb2.InfoRequest())
    assert info.backend in {"cuda", "native", "numpy"}
    assert info.backend_reason
    assert info.max_cells == threshold_grid.MAX_CELLS
    assert info.uptime_s > 0


class TestFitOu:
    @pytest.mark.parametrize("rows", [None, 1, 7, 400])
    def test_every_column_is_fitted_however_the_matrix_is_cut(self, ask, rows):
        replies = ask("FitOu", chunks(PRICES, rows, columns=NAMES, total=400, adf_lags=1))
        assert replies[0].total == 5
        last = replies[-1]
        assert last.done == last.total == 5
        assert list(last.result.columns) == NAMES
        expected = ou.fit(PRICES.T, adf_lags=1)
        for name in ("theta", "mu", "sigma", "half_life_upper", "adf_statistic", "adf_p_value"):
            np.testing.assert_allclose(getattr(last.result, name), getattr(expected, name), rtol=1e-9, err_msg=name)
        assert tuple(last.result.status) == expected.status

    def test_a_bad_column_spoils_no_other(self, ask):
        spoiled = PRICES.copy()
        spoiled[:, 2] = 5.0
        result = ask("FitOu", chunks(spoiled))[-1].result
        assert result.status[2] == "error"
        assert np.isnan(result.theta[2])
        clean = ask("FitOu", chunks(PRICES))[-1].result
        for column in (0, 1, 3, 4):
            assert result.theta[column] == clean.theta[column]


LEVELS = {"entry": 1.0, "exit": 0.0, "cost": 1e-3}


class TestBacktest:
    @pytest.mark.parametrize("rows", [None, 7])
    def test_every_column_has_its_account(self, ask, rows):
        replies = ask("Backtest", chunks(PRICES, rows, columns=NAMES, **LEVELS, trades=True, path=True))
        assert replies[0].total == 5
        result = replies[-1].result
        account = sweep.accounts(PRICES.T, 1.0, 0.0, 1e-3, trades=True, path=True)
        assert list(result.returns.columns) == NAMES
        assert list(result.returns.n_bars) == [400] * 5
        for name in performance.ReturnFigures._fields:
            np.testing.assert_array_equal(getattr(result.returns, name), getattr(account.returns.figures, name))
        for name in ("final_equity", "num_trades", "turnover", "exposure", "profit_factor", "worst_trade", "position"):
            np.testing.assert_array_equal(getattr(result, name), getattr(account, name))
        for name in ("side", "entry_bar", "exit_bar", "profit", "exit_zscore", "bars"):
            np.testing.assert_array_equal(getattr(result.trades, name), getattr(account.trades, name))
        np.testing.assert_array_equal(result.trades.column, account.trades.series)
        assert [status == "closed" for status in result.trades.status] == account.trades.closed.tolist()
        for name in sweep.AccountPaths._fields:
            np.testing.assert_array_equal(
                codec.matrix(getattr(result.paths, name), name), getattr(account.paths, name).T
            )

    def test_columns_in_parts_are_the_columns_together(self, ask, monkeypatch):
        options = {**LEVELS, "entry": [1.0, 1.1, 1.2, 1.3, 1.4], "trades": True, "path": True}
        whole = ask("Backtest", chunks(PRICES, **options))[-1]
        monkeypatch.setattr(backtest, "_ENTRIES_AT_ONCE", 800)
        assert ask("Backtest", chunks(PRICES, **options))[-1] == whole

    def test_what_is_not_asked_for_does_not_come(self, ask):
        result = ask("Backtest", chunks(PRICES, **LEVELS))[-1].result
        assert not result.HasField("trades")
        assert not result.HasField("paths")

    def test_a_bad_column_spoils_no_other(self, ask):
        spoiled = PRICES.copy()
        spoiled[110, 2] = 0.0
        result, clean = (ask("Backtest", chunks(each, **LEVELS))[-1].result for each in (spoiled, PRICES))
        assert list(result.returns.status) == ["ok", "ok", "error", "ok", "ok"]
        assert "the price 0.0 at row 110 is not positive" in result.returns.reason[2]
        assert np.isnan(result.final_equity[2])
        for column in (0, 1, 3, 4):
            assert result.final_equity[column] == clean.final_equity[column]

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"entry": None}, "metadata.entry must be given"),
            ({"entry": [1.0, 2.0]}, "metadata.entry must be a number, or a list of 5"),
            ({"entry": [1.0, 1.0, 1.0, -1.0, 1.0]}, r"metadata.entry\[3\] must be finite and > 0, got -1.0"),
            ({"exit": 3.0}, "metadata.exit must be at least -entry_z and below entry_z, got 3.0"),
            ({"cost": -1.0}, "metadata.cost must be finite and >= 0, got -1.0"),
            ({"lookback": 1}, "metadata.lookback"),
        ],
    )
    def test_a_wrong_option_is_named(self, ask, change, message, monkeypatch):
        monkeypatch.setattr(backtest, "_ENTRIES_AT_ONCE", 800)
        options = {name: value for name, value in {**LEVELS, **change}.items() if value is not None}
        with pytest.raises(grpc.RpcError, match=message) as caught:
            ask("Backtest", chunks(PRICES, **options))
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


class TestReturnStats:
    def test_every_column_has_its_figures(self, ask, monkeypatch):
        returns = np.diff(PRICES, axis=0) / PRICES[:-1]
        returns[:30, 1] = np.nan
        returns[9, 3] = -1.0
        monkeypatch.setattr(columns, "_MOST_COLUMNS", 2)
        result = ask("ReturnStats", chunks(returns, 50, columns=NAMES, periods_per_year=365))[-1].result
        expected = performance.figures(returns.T, periods_per_year=365)
        assert tuple(result.status) == expected.status == ("ok", "ok", "ok", "error", "ok")
        assert tuple(result.reason) == expected.reason
        assert list(result.n_bars) == [399, 369, 399, 0, 399]
        for name in performance.ReturnFigures._fields:
            np.testing.assert_array_equal(getattr(result, name), getattr(expected.figures, name), err_msg=name)

    def test_values_of_accounts_are_taken_too(self, ask):
        result = ask("ReturnStats", chunks(PRICES, kind="equity"))[-1].result
        np.testing.assert_allclose(result.total_return, PRICES[-1] / PRICES[0] - 1, rtol=1e-14)


GRID = {"entry": "1:2:0.5", "exit": [-0.5, 0.0, 1.5], "cost": [0.0, 0.001], "lookback": [15, 30]}


class TestSweep:
    def test_cells_agree_with_single_backtests_and_invalid_ones_are_nan(self, ask):
        last = ask("SweepThresholds", chunks(PRICES, 150, columns=NAMES, **GRID))[-1]
        result = last.result
        assert len(result.entry_zscore) == 3 * 3 * 2 * 2
        figures = {figure.name: codec.matrix(figure.values, figure.name) for figure in result.figures}
        for cell in range(36):
            entry, leave = result.entry_zscore[cell], result.exit_zscore[cell]
            if not -entry <= leave < entry:
                assert np.isnan(figures["sharpe_ratio"][:, cell]).all()
                continue
            alone = sweep.backtest(
                PRICES.T, entry, leave, result.cost[cell], sweep.Rules(lookback=result.lookback[cell])
            )
            np.testing.assert_allclose(figures["sharpe_ratio"][:, cell], alone.sharpe_ratio[:, 0], rtol=1e-8)
            np.testing.assert_array_equal(figures["num_trades"][:, cell], alone.num_trades[:, 0])
        assert result.n_cells == sum(-e <= x < e for e, x in zip(result.entry_zscore, result.exit_zscore, strict=True))
        for column, best in enumerate(result.best):
            assert best.column == NAMES[column]
            assert best.value == np.nanmax(figures["sharpe_ratio"][column])
            assert 0 <= best.deflated_sharpe <= 1

    def test_a_walk_forward_trades_what_the_train_part_chose(self, ask):
        options = {**GRID, "train": 200, "test": 50, "purge": 10}
        steps = ask("SweepThresholds", chunks(PRICES, columns=NAMES, **options))[-1].result.walk_forward
        first = [step for step in steps if step.column == "A"]
        assert [(step.train_start, step.test_start, step.test_stop) for step in first[:2]] == [
            (0, 210, 260),
            (50, 260, 310),
        ]

    def test_without_a_tradable_column_every_one_says_why(self, ask):
        last = ask("SweepThresholds", chunks(PRICES - 1e3, 150, columns=NAMES, **GRID, train=200, test=50))[-1].result
        assert {best.status for best in last.best} == {"error"}
        assert {best.cell for best in last.best} == {-1}
        assert all("at row 0 is not positive; mode 'unit' trades such a series" in best.reason for best in last.best)
        assert {step.status for step in last.walk_forward} == {"error"}
        assert not last.walk_forward[0].HasField("train_first_ms")

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"entry": "1:2"}, "metadata.entry"),
            ({"entry": []}, "metadata.entry"),
            ({"entry": "0.001:1000:0.001", "exit": "0:1:0.001"}, "must be at most 1000000"),
            ({"figures": ["sharp"]}, "metadata.figures must be one of 'sharpe_ratio'"),
            ({"train": 300, "test": 200}, "train + purge + test"),
            ({"lookback": [1]}, "metadata.lookback"),
        ],
    )
    def test_bad_grids_are_refused(self, ask, options, said):
        with pytest.raises(grpc.RpcError) as refused:
            ask("SweepThresholds", chunks(PRICES, **options))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert said in refused.value.details()


def cointegrated(n_names=8, n_rows=600, seed=3):
    rng = np.random.default_rng(seed)
    walks = np.cumsum(rng.normal(0, 0.01, (n_rows, n_names)), axis=0)
    residual = np.zeros(n_rows)
    for t in range(1, n_rows):
        residual[t] = 0.85 * residual[t - 1] + rng.normal(0, 0.01)
    walks[:, 5] = 1.2 * walks[:, 2] + residual
    return np.exp(4 + walks)


def test_a_scan_finds_the_planted_pair_and_counts_all(ask):
    names = [f"N{i}" for i in range(8)]
    last = ask("ScanPairs", chunks(cointegrated(), 200, columns=names, top=3, score="rolling"))[-1]
    assert last.n_pairs == 28
    assert last.null_universes == 199
    assert last.total == 28 * 200
    assert last.result.p_best[0] == 1 / 200
    assert {last.result.y[0], last.result.x[0]} == {"N2", "N5"}
    assert last.result.p_value[0] < 0.01
    assert last.result.q_value[0] >= last.result.p_value[0]
    assert len(last.result.theta) == len(last.result.test_sharpe) <= 3


class TestJobs:
    def test_a_job_runs_is_watched_and_its_result_is_the_calls(self, ask):
        job = ask("SubmitJob", chunks(PRICES, columns=NAMES, method="FitOu"))
        assert len(job.job_id) == 64
        states = ask("WatchJob", research_pb2.JobRequest(job_id=job.job_id))
        assert states[-1].status == "done"
        assert states[-1].done == states[-1].total == 5
        parts = ask("FetchResult", research_pb2.JobRequest(job_id=job.job_id))
        data = b"".join(part.data for part in parts)
        assert parts[0].message_name == "meanrev.FitOuReply"
        assert len(data) == parts[0].total
        called = ask("FitOu", chunks(PRICES, columns=NAMES))[-1]
        assert research_pb2.FitOuReply.FromString(data) == called

    def test_the_same_request_is_the_same_job(self, ask):
        first, second = (ask("SubmitJob", chunks(PRICES, 100, method="FitOu", dt=0.5)) for _ in range(2))
        other = ask("SubmitJob", chunks(PRICES, 100, method="FitOu", dt=0.25))
        assert first.job_id == second.job_id != other.job_id

    def test_a_cancelled_job_stops(self, ask):
        grid = {"entry": "0.5:3:0.02", "exit": "-0.5:0.4:0.02", "method": "SweepThresholds"}
        job = ask("SubmitJob", chunks(universe(40, 3_000), **grid))
        ask("CancelJob", research_pb2.JobRequest(job_id=job.job_id))
        last = ask("WatchJob", research_pb2.JobRequest(job_id=job.job_id))[-1]
        assert last.status in {"cancelled", "done"}
        if last.status == "cancelled":
            with pytest.raises(grpc.RpcError) as refused:
                ask("FetchResult", research_pb2.JobRequest(job_id=job.job_id))
            assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION

    def test_a_job_that_fails_says_why(self, ask):
        job = ask("SubmitJob", chunks(-PRICES, method="ScanPairs"))
        last = ask("WatchJob", research_pb2.JobRequest(job_id=job.job_id))[-1]
        assert last.status == "failed"
        assert "block" in last.error

    @pytest.mark.parametrize("options", [{}, {"method": "Fit"}, {"method": None}])
    def test_the_method_must_be_named(self, ask, options):
        with pytest.raises(grpc.RpcError) as refused:
            ask("SubmitJob", chunks(PRICES, **options))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        names = "'Backtest', 'ReturnStats', 'FitOu', 'RunTests', 'SweepThresholds', 'ScanPairs', 'RealityCheck'"
        names += ", 'TradeResiduals', 'FitResiduals'"
        assert f"metadata.method must be one of {names}" in refused.value.details()

    def test_an_unknown_job_is_not_found(self, ask):
        for method in ("WatchJob", "FetchResult", "CancelJob"):
            with pytest.raises(grpc.RpcError) as refused:
                ask(method, research_pb2.JobRequest(job_id="0" * 64))
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND


class TestPortfolios:
    @staticmethod
    def portfolio(**changes):
        holdings = [
            research_pb2.Holding(asset_id="KO", quantity=2.0),
            research_pb2.Holding(asset_id="PEP", quantity=-1.0),
        ]
        given = {"portfolio_id": "book", "holdings": holdings, "cash": 10.0, "limits": '{"stale_ms": 60000}'}
        return research_pb2.Portfolio(**{**given, **changes})

    def test_what_is_put_is_got_and_watched(self, ask, address):
        stored = ask("PutPortfolio", self.portfolio())
        assert stored.updated_ms > 0
        found = ask("GetPortfolio", research_pb2.PortfolioRequest(portfolio_id="book"))
        assert {holding.asset_id: holding.quantity for holding in found.holdings} == {"KO": 2.0, "PEP": -1.0}
        assert json.loads(found.limits)["stale_ms"] == 60_000
        now = int(time.time() * 1000)
        ask(
            "PublishPrices",
            research_pb2.PublishPricesRequest(asset_ids=["KO", "PEP"], prices=[60.0, 170.0], timestamps_ms=[now, now]),
        )
        with Caller(address) as call:
            stream = call.start("PortfolioHealthStream", [meanrev_pb2.HealthRequest(portfolio_id="book")])
            assert next(stream).total_value == 10 + 120 - 170
            stream.cancel()

    def test_an_unknown_portfolio_is_not_found(self, ask):
        with pytest.raises(grpc.RpcError) as refused:
            ask("GetPortfolio", research_pb2.PortfolioRequest(portfolio_id="nobody"))
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"portfolio_id": ""}, "portfolio_id must not be empty"),
            ({"cash": float("nan")}, "cash must be finite"),
            ({"limits": "[]"}, "limits must be a JSON object"),
            ({"limits": '{"max_drawdown": -1}'}, "limits.max_drawdown must be a number greater than 0, got -1"),
            ({"limits": '{"drawdown": 1}'}, "limits"),
            ({"holdings": [research_pb2.Holding(asset_id="A", quantity=float("inf"))]}, "holdings[0].quantity must be"),
            ({"holdings": [research_pb2.Holding(asset_id="A")] * 2}, "holdings[1].asset_id must not come twice"),
        ],
    )
    def test_a_bad_portfolio_is_refused(self, ask, changes, said):
        with pytest.raises(grpc.RpcError) as refused:
            ask("PutPortfolio", self.portfolio(**changes))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert said in refused.value.details()

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"asset_ids": ["A"], "prices": []}, "prices must hold one price"),
            ({"asset_ids": ["A"], "prices": [float("nan")]}, "prices[0] must be finite"),
            ({"asset_ids": ["A"], "prices": [1.0], "timestamps_ms": [1, 2]}, "timestamps_ms must hold one timestamp"),
        ],
    )
    def test_bad_prices_publish_nothing(self, ask, fields, said):
        with pytest.raises(grpc.RpcError) as refused:
            ask("PublishPrices", research_pb2.PublishPricesRequest(**fields))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert said in refused.value.details()


def test_the_estimate_of_what_no_server_can_compute_is_the_largest_number(ask):
    options = {"dry_run": True, "train": 2**23, "test": 1, "entry": "1:3:0.01", "exit": "-1:1:0.01"}
    asked = research_pb2.MatrixChunk(total_rows=2**24, total_columns=2**4, metadata=json.dumps(options))
    (reply,) = ask("SweepThresholds", [asked])
    assert reply.estimate.work == 2**63 - 1
    assert 0 < reply.estimate.peak_bytes < 2**63 - 1
