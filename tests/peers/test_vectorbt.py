"""Backtests on real prices are vectorbt's, fill by fill."""

import math

import numpy as np
import pandas as pd
import pytest

from gpu_kernels import sweep

pytestmark = pytest.mark.timeout(600)  # vectorbt compiles what it runs first

LOOKBACK, ENTRY_Z, EXIT_Z = 20, 1.5, 0.25
N_BARS = 2_520
COSTS = (0.0, 0.0005, 0.001, 0.002)


def decided(scores, stop=math.inf):
    """The side wanted after each bar."""
    side, waits, sides = 0, False, []
    for score in scores:
        if not math.isnan(score):
            waits = waits and abs(score) >= ENTRY_Z
            if side * score <= -stop:
                side, waits = 0, True
            if (side > 0 and score >= -EXIT_Z) or (side < 0 and score <= EXIT_Z):
                side = 0
            if side == 0 and abs(score) >= ENTRY_Z and not waits:
                side = 1 if score < 0 else -1
        sides.append(side)
    return sides


def portfolio(vectorbt, closes, delay, cost, stop=math.inf):
    """Every bar twice: the first row closes, the second opens; vectorbt's percent is of the equity before the fee."""
    sizes = orders(closes, delay, cost, stop)
    return vectorbt.Portfolio.from_orders(
        np.repeat(closes.to_numpy(), 2, axis=0),
        size=sizes,
        size_type="targetpercent",
        direction="both",
        fees=cost,
        init_cash=1.0,
        freq="1D",
    )


def orders(closes, delay, cost, stop):
    """Target percentages of every bar's two rows."""
    rolling = closes.rolling(LOOKBACK)
    scores = ((closes - rolling.mean()) / rolling.std(ddof=0)).to_numpy()
    wanted = np.column_stack([decided(column, stop) for column in scores.T])
    wanted = np.vstack([np.zeros((delay, wanted.shape[1])), wanted])[: len(closes)]
    before = np.vstack([np.zeros((1, wanted.shape[1])), wanted[:-1]])
    changed = wanted != before
    sizes = np.full((2 * len(closes), wanted.shape[1]), np.nan)
    sizes[0::2][changed & (before != 0)] = 0.0
    opening = changed & (wanted != 0)
    sizes[1::2][opening] = wanted[opening] / (1.0 + cost)
    return sizes


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("delay", [0, 1])
@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("stop", [math.inf, 2.5])
def test_equity_trades_and_pnl_on_real_prices_are_vectorbt_s(delay, cost, stop):
    vectorbt = pytest.importorskip("vectorbt")
    datasets = pytest.importorskip("skfolio.datasets")
    closes = datasets.load_sp500_dataset().iloc[-N_BARS:]
    theirs = portfolio(vectorbt, closes, delay, cost, stop)
    equity, trades = theirs.value().to_numpy()[1::2], theirs.trades.closed
    counts, pnl = trades.count().to_numpy(), trades.pnl.sum().to_numpy()
    fees, wins = theirs.orders.fees.sum().to_numpy(), trades.win_rate().to_numpy()
    rules = sweep.Rules(lookback=LOOKBACK, execution_delay=delay, stop=stop)
    mine = sweep.backtest(closes.T, ENTRY_Z, EXIT_Z, cost, rules)
    # vectorbt knows no ruin; over these years nothing is ruined.
    assert (mine.status != sweep.ERROR).all()
    assert mine.num_trades[:, 0].tolist() == counts.tolist()
    np.testing.assert_allclose(mine.equity[:, 0], equity[-1], rtol=1e-12)
    np.testing.assert_allclose(mine.realized_pnl[:, 0], pnl, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(mine.total_costs[:, 0], fees, rtol=1e-12)
    np.testing.assert_allclose(mine.win_rate[:, 0], wins, rtol=1e-12)
    run = sweep.accounts(closes.T, ENTRY_Z, EXIT_Z, cost, rules, path=True).paths
    np.testing.assert_allclose(run.equity.T, equity, rtol=1e-12)
    np.testing.assert_allclose(run.drawdown.T, 1 - equity / np.maximum.accumulate(equity), rtol=0, atol=1e-12)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("stop", [math.inf, 2.5])
def test_the_equity_of_accounts_that_borrow_is_vectorbt_s(stop):
    """vectorbt knows no borrow rate: a third row of each bar buys a ten-billionth back at a fixed fee of that size.

    The fee is the rate on the quantity that we hold; vectorbt sizes its own positions by the equity that is left.
    """
    vectorbt = pytest.importorskip("vectorbt")
    datasets = pytest.importorskip("skfolio.datasets")
    closes, delay, cost, capital = datasets.load_sp500_dataset().iloc[-N_BARS:], 1, 0.001, 1e6
    rules = sweep.Rules(lookback=LOOKBACK, execution_delay=delay, stop=stop, borrow=0.05, initial_capital=capital)
    mine = sweep.accounts(closes.T, ENTRY_Z, EXIT_Z, cost, rules, trades=True, path=True)
    sizes, fixed = np.full((3 * len(closes), closes.shape[1]), np.nan), np.zeros((3 * len(closes), closes.shape[1]))
    sizes[1::3], sizes[2::3] = (orders(closes, delay, cost, stop)[row::2] for row in (0, 1))
    kinds = np.full(sizes.shape, vectorbt.portfolio.enums.SizeType.TargetPercent)
    kinds[0::3] = vectorbt.portfolio.enums.SizeType.Amount
    trades, last = mine.trades, closes.shift().to_numpy()
    for trade in np.flatnonzero(trades.side < 0):
        column, quantity = trades.series[trade], -trades.quantity[trade]
        bars = np.arange(trades.entry_bar[trade] + 1, trades.exit_bar[trade] + 1)
        sizes[3 * bars, column] = 1e-10 * quantity
        fixed[3 * bars, column] = rules.borrow / rules.periods_per_year * quantity * last[bars, column]
    theirs = vectorbt.Portfolio.from_orders(
        np.repeat(closes.to_numpy(), 3, axis=0),
        size=sizes,
        size_type=kinds,
        direction="both",
        fees=cost,
        fixed_fees=fixed,
        min_size=0.0,
        init_cash=capital,
        freq="1D",
    )
    assert (fixed > 0).any(axis=0).all()
    np.testing.assert_allclose(mine.paths.equity.T, theirs.value().to_numpy()[2::3], rtol=1e-6)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("delay", [0, 1])
@pytest.mark.parametrize("cost", COSTS)
def test_figures_and_round_trips_on_real_prices_are_vectorbt_s(delay, cost):
    vectorbt = pytest.importorskip("vectorbt")
    datasets = pytest.importorskip("skfolio.datasets")
    closes = datasets.load_sp500_dataset().iloc[-N_BARS:]
    theirs = portfolio(vectorbt, closes, delay, cost)
    mine = sweep.accounts(
        closes.T, ENTRY_Z, EXIT_Z, cost, sweep.Rules(lookback=LOOKBACK, execution_delay=delay), trades=True
    )
    assert set(mine.returns.status) == {"ok"}
    equity = pd.DataFrame(theirs.value().to_numpy()[1::2], columns=closes.columns)
    returns = equity.pct_change().fillna(equity.iloc[0] - 1.0)
    of = returns.vbt.returns(freq="1D", year_freq="252D")
    figures = mine.returns.figures
    for name, expected in {
        "total_return": of.total(),
        "cagr": of.annualized(),
        "volatility": of.annualized_volatility(),
        "sharpe_ratio": of.sharpe_ratio(),
        "sortino_ratio": of.sortino_ratio(),
        "calmar_ratio": of.calmar_ratio(),
        "omega_ratio": of.omega_ratio(),
        "max_drawdown": -of.max_drawdown(),
        "best_return": returns.max(),
        "worst_return": returns.min(),
    }.items():
        np.testing.assert_allclose(getattr(figures, name), expected, rtol=1e-9, atol=1e-12, err_msg=name)
    closed = theirs.trades.closed
    np.testing.assert_allclose(mine.win_rate, closed.win_rate(), rtol=1e-12)
    np.testing.assert_allclose(mine.profit_factor, closed.profit_factor(), rtol=1e-9)
    np.testing.assert_allclose(mine.best_trade, closed.returns.max(), rtol=1e-9)
    np.testing.assert_allclose(mine.worst_trade, closed.returns.min(), rtol=1e-9)
    trips = theirs.trades.records.sort_values(["col", "entry_idx"], kind="stable")
    trades = mine.trades
    np.testing.assert_array_equal(trades.series, trips["col"])
    np.testing.assert_array_equal(trades.side, np.where(trips["direction"] == 0, 1, -1))
    np.testing.assert_array_equal(trades.closed, trips["status"] == 1)
    np.testing.assert_array_equal(trades.entry_bar, trips["entry_idx"] // 2)
    np.testing.assert_array_equal(trades.exit_bar, trips["exit_idx"] // 2)
    for name, expected in {
        "entry_price": trips["entry_price"],
        "exit_price": trips["exit_price"],
        "profit": trips["pnl"],
        "profit_fraction": trips["return"],
        "costs": trips["entry_fees"] + trips["exit_fees"],
    }.items():
        np.testing.assert_allclose(getattr(trades, name), expected, rtol=1e-9, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(np.abs(trades.quantity), trips["size"], rtol=1e-9)
