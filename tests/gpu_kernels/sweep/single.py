"""One backtest on the NumPy lanes with every bar kept, for tests that look at bars; and requests by keywords."""

import math
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from gpu_kernels.sweep import Rules, SweepMetrics, host
from gpu_kernels.sweep.bars import gather
from gpu_kernels.sweep.lanes import Lanes
from gpu_kernels.sweep.model import ThresholdPairs
from gpu_kernels.sweep.survey import survey


class Run(NamedTuple):
    """Arrays (T,), and the figures at the last bar as SweepMetrics of Python numbers."""

    equity: np.ndarray
    returns: np.ndarray
    position: np.ndarray
    zscore: np.ndarray
    pnl: np.ndarray
    drawdown: np.ndarray
    fees: np.ndarray
    final: SweepMetrics


def options(entry_z):
    """Draw stops above an entry level and borrow rates, none among them."""
    stops = st.sampled_from([math.inf, np.nextafter(entry_z, math.inf), 1.2 * entry_z, 1.7 * entry_z])
    return st.fixed_dictionaries({"stop": stops, "borrow": st.sampled_from([0.0, 0.03, 5.0])})


def with_rules(run, *arguments, **keywords):
    """Call a function of the sweep with its rules made of keywords."""
    rules = Rules(**{name: keywords.pop(name) for name in Rules._fields if name in keywords})
    return run(*arguments, rules=rules, **keywords)


def paths(prices, entry_z, exit_z, cost, rules=Rules()):  # noqa: B008 - immutable
    """Run one series that can be traded against one pair; returns are NaN outside its span."""
    prices = np.array(prices, dtype=np.float64)
    bars, seen = gather(prices[None], rules.execution_delay), survey(prices[None], rules.mode)
    lanes = Lanes(
        (1, 1),
        ThresholdPairs(*(np.array([value], dtype=np.float64) for value in (entry_z, exit_z, cost))),
        bars.counts,
        rules,
    )
    scores = host._scores(bars, rules)
    rows = np.zeros((bars.prices.shape[1] + 1, 6))
    rows[0, 0] = rules.initial_capital
    with np.errstate(over="ignore", invalid="ignore"):
        for bar in host._run(bars, scores, rules, lanes):
            kept = (lanes.equity, lanes.change, lanes.returns, np.sign(lanes.quantity), lanes.drawdown, lanes.fees)
            rows[bar + 1] = [values[0] for values in kept]
        metrics = lanes.metrics(seen.n_bars)
    missing = np.isnan(prices)
    equity, pnl, returns, position, drawdown, fees = rows[bars.places[0] + 1].T.copy()
    returns[missing] = pnl[missing] = 0.0
    returns[: seen.first[0]] = returns[int(seen.first[0] + seen.n_bars[0]) :] = np.nan
    score = np.where(missing, np.nan, scores[0, bars.places[0]])
    final = SweepMetrics(*(values[0, 0].item() for values in metrics))
    return Run(equity, returns, position.astype(np.int8), score, pnl, drawdown, np.diff(fees, prepend=0.0), final)
