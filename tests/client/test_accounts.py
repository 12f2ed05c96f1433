"""Backtests of one series and of many columns with their trades and figures, and statistics of returns."""

import asyncio
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from gpu_kernels import performance, sweep
from meanrev.methods.backtest import backtest as declared
from meanrev.results import BacktestResult, Backtests, ReturnStats

LEVELS = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 1e-4}


@pytest.fixture
def frame(prices):
    days = pd.date_range("2020-01-01", periods=len(prices), freq="B", name="day")
    return pd.DataFrame(prices, index=days, columns=["KO", "PEP", "SPY"])


def expected(prices, **options):
    return sweep.accounts(prices.T, 1.0, 0.0, 1e-4, sweep.Rules(**options), trades=True, path=True)


class TestOneSeries:
    def test_the_metrics_of_the_last_bar_have_all_figures_beside_them(self, client, prices):
        found = client.backtest(prices[:, 0], **LEVELS)
        assert isinstance(found, BacktestResult)
        account = expected(prices[:, :1])
        for name in ("cagr", "volatility", "sortino_ratio", "calmar_ratio", "omega_ratio", "skewness", "worst_return"):
            assert found[name] == getattr(account.returns.figures, name)[0], name
        for name in ("exposure", "turnover", "profit_factor", "best_trade", "worst_trade"):
            assert found[name] == getattr(account, name)[0], name
        assert found.sharpe_ratio == pytest.approx(account.returns.figures.sharpe_ratio[0], rel=1e-12)
        assert found.longest_drawdown == account.returns.figures.longest_drawdown[0]
        assert (found.bar_number, found.n_bars, found.path) == (400, 400, None)
        assert isinstance(found.exposure, float)

    def test_its_trades_add_up_to_the_equity_and_the_costs(self, client, prices):
        found = client.backtest(prices[:, 0], **LEVELS)
        trades = found.trades
        assert (np.array(trades.status) == "closed").sum() == found.num_trades
        assert trades.profit.sum() == pytest.approx(found.equity - 1.0, rel=1e-9)
        assert trades.costs.sum() == pytest.approx(found.total_costs, rel=1e-9)
        np.testing.assert_array_equal(trades.entry_price, prices[trades.entry_bar, 0])
        np.testing.assert_array_equal(trades.bars, trades.exit_bar - trades.entry_bar)
        np.testing.assert_array_equal(trades.entry_time, trades.entry_bar)
        assert trades.column is None

    def test_trades_carry_the_labels_of_the_index(self, client, frame):
        trades = client.backtest(frame["KO"], **LEVELS).trades
        assert isinstance(trades.entry_time, pd.DatetimeIndex)
        assert list(trades.exit_time) == list(frame.index[trades.exit_bar])
        table = trades.to_frame()
        assert len(table) == trades.side.size
        assert table["entry_time"].tolist() == list(frame.index[trades.entry_bar])
        assert "column" not in table

    def test_trades_carry_the_timestamps_that_are_given(self, client, prices):
        stamps = 1_600_000_000_000 + 86_400_000 * np.arange(400)
        trades = client.backtest(prices[:, 0], **LEVELS, timestamps_ms=stamps).trades
        np.testing.assert_array_equal(trades.entry_time, stamps[trades.entry_bar])

    def test_trades_are_left_out_where_they_are_not_wanted(self, client, prices):
        found = client.backtest(prices[:, 0], **LEVELS, trades=False, path=True)
        assert found.trades is None
        assert found.cagr is not None
        assert found.path.equity[-1] == found.equity

    def test_its_frame_is_one_row(self, client, prices):
        assert len(client.backtest(prices[:, 0], **LEVELS, path=True).to_frame()) == 1

    def test_a_server_without_the_method_answers_as_before(self, client, prices, monkeypatch):
        whole = client.backtest(prices[:, 0], **LEVELS)

        def to_an_earlier_server(*args, **kwargs):
            asked = declared(*args, **kwargs)
            return replace(asked, path="/meanrev.MeanRevResearch/NoSuchMethod")

        found = client.bind(to_an_earlier_server)(prices[:, 0], **LEVELS)
        assert (found.trades, found.cagr) == (None, None)
        assert (found.equity, found.sharpe_ratio) == (whole.equity, whole.sharpe_ratio)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"entry_zscore": -1.0}, "entry_zscore must be finite and > 0, got -1.0"),
            ({"exit_zscore": 2.0}, "exit_zscore must be at least -entry_z and below entry_z"),
            ({"cost_per_side": -1.0}, "cost_per_side must be finite and >= 0"),
            ({"cost_per_side": float("nan")}, "cost_per_side must be finite"),
            ({"lookback": 1}, "lookback"),
            ({"timestamps_ms": [1, 2]}, "timestamps_ms must hold one stamp for each of the 400"),
        ],
    )
    def test_a_wrong_argument_is_named(self, client, prices, change, message):
        with pytest.raises(mr.InvalidInput, match=message):
            client.backtest(prices[:, 0], **{**LEVELS, **change})


class TestManyColumns:
    def test_each_column_has_the_figures_of_its_account(self, client, prices):
        found = client.backtest(prices, **LEVELS, lookback=30, execution_delay=2, periods_per_year=365.0)
        assert isinstance(found, Backtests)
        account = expected(prices, lookback=30, execution_delay=2, periods_per_year=365.0)
        np.testing.assert_array_equal(found.equity, account.final_equity)
        np.testing.assert_array_equal(found.cumulative_return, account.returns.figures.total_return)
        np.testing.assert_array_equal(found.longest_drawdown, account.returns.figures.longest_drawdown)
        np.testing.assert_array_equal(found.position, account.position)
        np.testing.assert_array_equal(found.trades.profit, account.trades.profit)
        assert found.column == ("0", "1", "2")
        assert found.status == ("ok",) * 3

    def test_each_column_is_what_it_is_alone(self, client, prices):
        together = client.backtest(prices, **LEVELS)
        for place in range(3):
            alone = client.backtest(prices[:, place], **LEVELS)
            for name in ("equity", "num_trades", "sortino_ratio", "total_costs", "exposure", "max_drawdown"):
                assert together[name][place] == pytest.approx(alone[name], rel=1e-12), name

    def test_paths_come_in_the_container_of_the_prices(self, client, frame):
        found = client.backtest(frame, **LEVELS, path=True)
        account = expected(frame.to_numpy())
        assert list(found.path.equity.columns) == ["KO", "PEP", "SPY"]
        assert found.path.equity.index.equals(frame.index)
        np.testing.assert_array_equal(found.path.equity.to_numpy(), account.paths.equity.T)
        assert found.trades.column[0] == "KO"
        assert found.to_frame().loc["PEP", "equity"] == found.equity[1]
        assert set(found.trades.to_frame()["column"]) == {"KO", "PEP", "SPY"}

    def test_a_column_that_cannot_be_traded_says_why_and_leaves_the_others_alone(self, client, prices):
        spoilt = np.column_stack([prices, np.full(400, np.nan), prices[:, 0]])
        spoilt[110, 1] = 0.0
        spoilt[7, 4] = np.inf
        found = client.backtest(spoilt, **LEVELS)
        clean = client.backtest(prices, **LEVELS)
        assert found.status == ("ok", "error", "ok", "error", "error")
        assert found.reason[1] == "the price 0.0 at row 110 is not positive; mode 'unit' trades such a series"
        assert found.reason[3:] == ("no finite price", "the price inf at row 7 is infinite")
        assert np.isnan(found.equity[[1, 3, 4]]).all()
        np.testing.assert_array_equal(found.equity[[0, 2]], clean.equity[[0, 2]])
        assert set(found.trades.column) == {"0", "2"}

    def test_levels_may_differ_from_column_to_column(self, client, frame):
        entry = pd.Series({"SPY": 2.0, "KO": 1.0, "PEP": 1.5})
        leave, cost = [0.0, 0.25, 0.5], [0.0, 1e-3, 1e-4]
        found = client.backtest(frame, entry_zscore=entry, exit_zscore=leave, cost_per_side=cost)
        for place, name in enumerate(frame):
            own = {"entry_zscore": entry[name], "exit_zscore": leave[place], "cost_per_side": cost[place]}
            assert found.equity[place] == pytest.approx(client.backtest(frame[name], **own).equity, rel=1e-12)

    def test_thousands_of_columns_may_have_levels_of_their_own(self, client, prices):
        many = np.tile(prices[:100], 1000)
        entry, leave = np.linspace(1.0, 2.0, 3000), np.linspace(0.0, 0.9, 3000)
        found = client.backtest(many, entry_zscore=entry, exit_zscore=leave, cost_per_side=1e-4, trades=False)
        expected = sweep.accounts(many.T, entry, leave, 1e-4)
        np.testing.assert_array_equal(found.equity, expected.final_equity)
        job = client.submit("backtest", many, entry_zscore=entry, exit_zscore=leave, cost_per_side=1e-4, trades=False)
        assert job.result() == found

    def test_the_best_cells_of_a_sweep_serve_as_levels(self, client, prices):
        spoilt = prices.copy()
        spoilt[:, 1] = np.nan
        swept = client.sweep(spoilt, entry="1:2:0.5", exit="0:0.5:0.5", cost_per_side=1e-3)
        found = client.backtest(spoilt, swept.best, cost_per_side=1e-3)
        np.testing.assert_allclose(found.sharpe_ratio[[0, 2]], swept.best.sharpe_ratio[[0, 2]], rtol=1e-9)
        assert found.status == ("ok", "error", "ok")

    def test_a_column_without_levels_is_not_traded(self, client, prices):
        found = client.backtest(prices, entry_zscore=[1.0, np.nan, 1.0], exit_zscore=0.0, cost_per_side=0.0)
        assert found.status == ("ok", "error", "ok")
        assert found.reason[1] == "there are no thresholds for it"

    def test_a_wrong_level_is_named_with_its_column(self, client, prices):
        with pytest.raises(mr.InvalidInput, match=r"entry_zscore\[2\] must be finite and > 0, got -1.0"):
            client.backtest(prices, entry_zscore=[1.0, 1.0, -1.0], exit_zscore=0.0, cost_per_side=0.0)
        with pytest.raises(mr.InvalidInput, match="entry_zscore must be a number, or 3 of them"):
            client.backtest(prices, entry_zscore=[1.0, 1.0], exit_zscore=0.0, cost_per_side=0.0)

    def test_it_can_be_a_job(self, client, prices):
        at_once = client.backtest(prices, **LEVELS, path=True)
        assert client.submit("backtest", prices, **LEVELS, path=True).result() == at_once


class TestStats:
    def test_one_series_has_scalars(self, client, prices):
        returns = np.diff(prices[:, 0]) / prices[:-1, 0]
        found = client.stats(returns, periods_per_year=365)
        assert isinstance(found, ReturnStats)
        figures = performance.figures(returns[None], periods_per_year=365).figures
        for name in performance.ReturnFigures._fields:
            assert found[name] == getattr(figures, name)[0], name
        assert isinstance(found.cagr, float)
        assert (found.status, found.n_bars) == ("ok", 399)

    def test_many_columns_have_an_entry_each(self, client, frame):
        returns = frame.pct_change()
        returns.iloc[50, 1] = -1.0
        found = client.stats(returns)
        assert found.column == ("KO", "PEP", "SPY")
        assert found.status == ("ok", "error", "ok")
        assert found.reason[1] == "the return -1.0 at row 50 is not above -1: it loses everything"
        assert found.n_bars.tolist() == [399, 0, 399]
        assert found.to_frame().loc["SPY", "sharpe_ratio"] == found.sharpe_ratio[2]
        assert client.stats(returns["KO"]).sharpe_ratio == found.sharpe_ratio[0]

    def test_the_equity_of_a_backtest_has_the_figures_of_the_backtest(self, client, prices):
        run = client.backtest(prices[:, 0], **LEVELS, path=True)
        found = client.stats(run.path.equity, kind="equity")
        assert found.total_return == pytest.approx(run.cumulative_return, rel=1e-12)
        assert found.max_drawdown == pytest.approx(run.max_drawdown, rel=1e-12)
        assert found.longest_drawdown == run.longest_drawdown

    def test_logarithmic_returns_are_the_same_as_simple_ones(self, client, prices):
        returns = np.diff(prices, axis=0) / prices[:-1]
        one, other = client.stats(returns), client.stats(np.log1p(returns), kind="log")
        np.testing.assert_allclose(one.sharpe_ratio, other.sharpe_ratio, rtol=1e-9)

    def test_a_wrong_argument_is_named(self, client):
        with pytest.raises(mr.InvalidInput, match="kind"):
            client.stats([0.1, 0.2], kind="percent")
        with pytest.raises(mr.InvalidInput, match="returns must"):
            client.stats(["a", "b"])
        with pytest.raises(mr.InvalidInput, match="returns must hold at least one"):
            client.stats([])

    def test_it_can_be_a_job(self, client, prices):
        returns = np.diff(prices, axis=0) / prices[:-1]
        assert client.submit("stats", returns).result() == client.stats(returns)


class TestAsynchronous:
    def test_both_calls_of_a_backtest_and_stats_are_awaited(self, client, prices):
        async def ask():
            async with mr.AsyncClient(client.address) as asked:
                run = await asked.backtest(prices[:, 0], **LEVELS)
                many = await asked.backtest(prices, **LEVELS)
                return run, many, await asked.stats(prices, kind="equity")

        run, many, found = asyncio.run(ask())
        assert run == client.backtest(prices[:, 0], **LEVELS)
        assert many == client.backtest(prices, **LEVELS)
        assert found == client.stats(prices, kind="equity")
