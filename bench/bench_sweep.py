"""A threshold sweep, beside vectorbt over the same grid and beside a plain Python loop.

A large grid and a long series are measured beside the kernel that runs one lane per pair over whole series.
"""

import math
from contextlib import contextmanager

import numpy as np
import pytest

from gpu_kernels import dispatch, sweep
from gpu_kernels.sweep import excursions, long_series

N_SERIES, N_BARS, LOOKBACK, COST = 20, 1_000, 20, 0.001
PRICES = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, (N_SERIES, N_BARS)), axis=1))
ENTRY_Z, EXIT_Z = (grid.ravel() for grid in np.meshgrid([1.0, 1.25, 1.5, 1.75, 2.0], [-0.25, 0.0, 0.25, 0.5, 0.75]))

THREADS = 2
GRID_PRICES = 100 * np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.01, (100, 2_500)), axis=1))
GRID_ENTRY_Z, GRID_EXIT_Z = (
    grid.ravel() for grid in np.meshgrid(np.linspace(1.5, 3.0, 100), np.linspace(-0.9, 0.9, 100), indexing="ij")
)
LONG_PRICES = 100 + 0.01 * np.random.default_rng(3).normal(size=(1, 1_000_000))
LONG_ENTRY_Z = np.linspace(1.0, 2.4, 8)


def by_meanrev():
    return sweep.backtest(PRICES, ENTRY_Z, EXIT_Z, COST, sweep.Rules(lookback=LOOKBACK)).equity


def by_loops():
    return np.array(
        [
            [plain_loop(series, entry_z, exit_z) for entry_z, exit_z in zip(ENTRY_Z, EXIT_Z, strict=True)]
            for series in PRICES.tolist()
        ]
    )


def plain_loop(prices, entry_z, exit_z):
    """One backtest in plain Python: the final equity, without any other figure."""
    cash, quantity, side, due = 1.0, 0.0, 0, 0
    for bar, price in enumerate(prices):
        if due != (quantity > 0) - (quantity < 0):
            cash += quantity * price - COST * abs(quantity) * price
            quantity = due * cash / ((1 + COST) * price)
            cash -= quantity * price + COST * abs(quantity) * price
        if bar >= LOOKBACK - 1:
            window = prices[bar - LOOKBACK + 1 : bar + 1]
            mean = math.fsum(window) / LOOKBACK
            score = (price - mean) / math.sqrt(math.fsum([(value - mean) ** 2 for value in window]) / LOOKBACK)
            if (side > 0 and score >= -exit_z) or (side < 0 and score <= exit_z):
                side = 0
            if side == 0 and abs(score) >= entry_z:
                side = 1 if score < 0 else -1
        due = side
    return cash + quantity * prices[-1]


def by_vectorbt_signals(vectorbt):
    """Entries and exits as signals; a reversal on one bar, which signals cannot order, is one order here."""
    wanted, closes = sides()
    before = np.vstack([np.zeros((1, wanted.shape[1])), wanted[:-1]])
    portfolio = vectorbt.Portfolio.from_signals(
        closes,
        entries=(wanted > 0) & (before <= 0),
        exits=(wanted <= 0) & (before > 0),
        short_entries=(wanted < 0) & (before >= 0),
        short_exits=(wanted >= 0) & (before < 0),
        fees=COST,
        init_cash=1.0,
        freq="1D",
    )
    return final_equity(portfolio)


def by_vectorbt_orders(vectorbt):
    """Every bar twice, so that the closing leg precedes the opening one: our definition to the last digit."""
    wanted, closes = sides()
    before = np.vstack([np.zeros((1, wanted.shape[1])), wanted[:-1]])
    sizes = np.full((2 * N_BARS, wanted.shape[1]), np.nan)
    sizes[0::2][(wanted != before) & (before != 0)] = 0.0
    opening = (wanted != before) & (wanted != 0)
    sizes[1::2][opening] = wanted[opening] / (1.0 + COST)
    portfolio = vectorbt.Portfolio.from_orders(
        np.repeat(closes, 2, axis=0),
        size=sizes,
        size_type="targetpercent",
        direction="both",
        fees=COST,
        init_cash=1.0,
        freq="1D",
    )
    return final_equity(portfolio)


def final_equity(portfolio):
    """Equity, and the figures that a sweep reports besides."""
    closed = portfolio.trades.closed
    for figure in (closed.count, closed.win_rate, closed.pnl.sum, portfolio.max_drawdown, portfolio.sharpe_ratio):
        figure()
    return np.asarray(portfolio.final_value()).reshape(N_SERIES, -1)


def sides():
    """The side after each bar's fill, one column a lane; the rule in NumPy, one bar at a time."""
    windows = np.lib.stride_tricks.sliding_window_view(PRICES, LOOKBACK, axis=1)
    scores = np.full(PRICES.shape, np.nan)
    scores[:, LOOKBACK - 1 :] = (PRICES[:, LOOKBACK - 1 :] - windows.mean(-1)) / windows.std(-1)
    score, side = np.repeat(scores, ENTRY_Z.size, axis=0).T, np.zeros(N_SERIES * ENTRY_Z.size)
    entry_z, exit_z = np.tile(ENTRY_Z, N_SERIES), np.tile(EXIT_Z, N_SERIES)
    wanted = np.zeros(score.shape)
    for bar in range(N_BARS - 1):
        leaves = ((side > 0) & (score[bar] >= -exit_z)) | ((side < 0) & (score[bar] <= exit_z))
        side = np.where(leaves, 0.0, side)
        flat = side == 0
        side = np.where(flat & (score[bar] <= -entry_z), 1.0, np.where(flat & (score[bar] >= entry_z), -1.0, side))
        wanted[bar + 1] = side
    return wanted, np.repeat(PRICES, ENTRY_Z.size, axis=0).T


def online():
    running = sweep.OnlineBacktest(sweep.Rules(lookback=LOOKBACK))
    for price in PRICES[0]:
        running.update(price, 1.5, 0.0, COST)
        running.metric()
    return running.metric().equity


def test_all_give_the_same_equity():
    vectorbt = pytest.importorskip("vectorbt")
    mine = by_meanrev()
    np.testing.assert_allclose(by_loops(), mine, rtol=1e-10)
    np.testing.assert_allclose(by_vectorbt_orders(vectorbt), mine, rtol=1e-12)
    # With signals vectorbt sizes a reversal's opening leg before the closing fee, so results agree up to the fees.
    np.testing.assert_allclose(by_vectorbt_signals(vectorbt), mine, rtol=0.2)
    assert online() == pytest.approx(sweep.accounts(PRICES[:1], 1.5, 0.0, COST).final_equity[0], rel=1e-12)


@pytest.mark.benchmark(group="sweep 20 series x 1,000 bars x 25 pairs")
@pytest.mark.parametrize("run", [by_meanrev, by_loops], ids=["meanrev", "peer: plain Python loop"])
def test_sweep(benchmark, run):
    benchmark(run)


@pytest.mark.benchmark(group="sweep 20 series x 1,000 bars x 25 pairs")
@pytest.mark.parametrize(
    "run", [by_vectorbt_signals, by_vectorbt_orders], ids=["peer: vectorbt from_signals", "peer: vectorbt from_orders"]
)
def test_sweep_by_vectorbt(benchmark, run):
    benchmark(run, pytest.importorskip("vectorbt"))


@pytest.mark.benchmark(group="backtest online, 1,000 bars with a metric each")
@pytest.mark.parametrize(
    "run",
    [online, lambda: plain_loop(PRICES[0].tolist(), 1.5, 0.0)],
    ids=["meanrev", "peer: plain Python loop, no metric"],
)
def test_online(benchmark, run):
    benchmark(run)


@contextmanager
def whole_series_a_lane():
    """Run no grid by excursions and divide no series, so that the dense kernel does all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(excursions, "FEWEST_PAIRS", 10**9)
        patch.setattr(long_series, "LEAST_BARS", 10**9)
        yield


def grid(mode):
    with dispatch.using("native", THREADS):
        return sweep.backtest(GRID_PRICES, GRID_ENTRY_Z, GRID_EXIT_Z, COST, sweep.Rules(mode=mode))


def dense_grid(mode):
    with whole_series_a_lane():
        return grid(mode)


def long(mode):
    with dispatch.using("native", THREADS):
        return sweep.backtest(LONG_PRICES, LONG_ENTRY_Z, 0.0, 1e-5, sweep.Rules(mode=mode))


def dense_long(mode):
    with whole_series_a_lane():
        return long(mode)


@pytest.mark.parametrize("mode", sweep.MODES)
@pytest.mark.parametrize(("fast", "dense"), [(grid, dense_grid), (long, dense_long)], ids=["grid", "long series"])
def test_fast_ways_give_the_dense_kernel_s_figures(fast, dense, mode):
    mine, theirs = fast(mode), dense(mode)
    np.testing.assert_array_equal(mine.num_trades, theirs.num_trades)
    np.testing.assert_allclose(mine.equity, theirs.equity, rtol=1e-9, atol=1e-9 * np.abs(theirs.equity).max())
    np.testing.assert_allclose(mine.max_drawdown, theirs.max_drawdown, rtol=1e-9)


@pytest.mark.benchmark(group="sweep 100 series x 2,500 bars x (100 x 100) grid, compounding")
@pytest.mark.parametrize("run", [grid, dense_grid], ids=["meanrev native, excursions", "peer: meanrev native, dense"])
def test_compounding_grid(benchmark, run):
    benchmark(run, "compounding")


@pytest.mark.benchmark(group="sweep 100 series x 2,500 bars x (100 x 100) grid, unit")
@pytest.mark.parametrize("run", [grid, dense_grid], ids=["meanrev native, excursions", "peer: meanrev native, dense"])
def test_unit_grid(benchmark, run):
    benchmark(run, "unit")


@pytest.mark.benchmark(group="sweep one series x 1,000,000 bars x 8 pairs")
@pytest.mark.parametrize("run", [long, dense_long], ids=["meanrev native, in chunks", "peer: meanrev native, dense"])
def test_long_series(benchmark, run):
    benchmark(run, "compounding")


def scored(score):
    """Sweep few pairs, so that the scores are a large part of the work."""
    own = {"mean": GRID_PRICES.mean(axis=1), "deviation": GRID_PRICES.std(axis=1)} if score == "fixed" else {}
    with dispatch.using("native", THREADS):
        return sweep.backtest(GRID_PRICES, [1.0, 1.5, 2.0, 2.5], 0.0, COST, sweep.Rules(score=score, **own))


@pytest.mark.benchmark(group="sweep 100 series x 2,500 bars x 4 pairs, by score")
@pytest.mark.parametrize("score", ["rolling", "fixed", "online"], ids="meanrev native, {}".format)
def test_scores(benchmark, score):
    benchmark(scored, score)
