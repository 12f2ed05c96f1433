"""What thresholds and Sharpe errors promise, beside simulations."""

import math

import numpy as np

from bench.calibration.section import Section, Table
from gpu_kernels import dispatch, sweep, thresholds
from gpu_kernels.checks import Floats
from gpu_kernels.performance import sharpe_error
from tests.naive import thresholds as naive

__all__ = ["DESIGNS", "NAME", "measured"]

NAME = "trading"
DESIGNS = [(20, 0.1, 0), (20, 0.1, 1), (60, 0.1, 0), (60, 0.1, 1), (20, 0.3, 0), (20, 0.3, 1)]
"""Half-life in bars, round-trip cost in stationary deviations, and bars from a decision to its fill."""

_SHORT, _LONG = (150, 4_000, 100), (200, 40_000, 200)
"""Series, bars of each, and seed of the first design, which goes up by one a design. Both have been drawn once."""

_CYCLES, _SAMPLES = 100_000, 2_000


def measured() -> Section:
    """Simulate, and return the section of the page."""
    with dispatch.using("native", 2):
        tables = [_promised(*_SHORT), _promised(*_LONG), _stopped(), _covered()]
    return Section(
        place=20,
        title="Thresholds and Sharpe ratios",
        text="What thresholds promise and what a backtest makes of them, and the intervals of Sharpe ratios, which are "
        "per root bar here. [thresholds](operations/thresholds.md) and [performance](operations/performance.md) state "
        "the methods.",
        settings={"seeds": "100 and above, 200 and above, 7, and the number of bars"},
        tables=tables,
    )


def _promised(n_series: int, n_bars: int, seed: int) -> Table:
    rows = []
    for number, (half_life, cost, delay) in enumerate(DESIGNS):
        theta = math.log(2) / half_life
        best = thresholds.optimal(theta, 0.0, math.sqrt(2 * theta), cost, dt=1.0, delay=float(delay))
        prices = _reverting(half_life, n_series, n_bars, seed + number)
        rules = sweep.Rules(mode="unit", score="fixed", mean=0.0, deviation=1.0, execution_delay=delay)
        realised = _sharpe(prices, best, cost, rules)
        rolling = _sharpe(prices, best, cost, sweep.Rules(mode="unit", lookback=20, execution_delay=delay))
        error = realised.std() / math.sqrt(realised.size)
        distance = (realised.mean() - float(best.sharpe)) / error
        rows.append([half_life, cost, delay, float(best.sharpe), realised.mean(), error, distance, rolling.mean()])
    return Table(
        title=f"Promised and realised Sharpe ratios over {n_bars:,} bars",
        text=f"{n_series} true processes of {n_bars:,} bars a design; the thresholds are the optimum for the delay.",
        columns=[
            "half-life",
            "cost",
            "delay",
            "promised",
            "realised, fixed",
            "error",
            "distance in errors",
            "realised, rolling over 20 bars",
        ],
        rows=rows,
    )


def _stopped() -> Table:
    cost, entry, leave, stop, dt = 0.1, 1.0, -0.5, 2.0, 0.005
    samples = naive.simulate_cycles(cost, entry, leave, stop, dt, n_paths=_CYCLES, seed=7)
    found = thresholds.evaluate(1.0, 0.0, math.sqrt(2.0), cost, entry, leave, stop=stop, dt=dt)
    promised = (float(found.return_per_trade), float(found.holding_time) * dt, float(found.trade_time))
    names = ("profit of a trade", "time in a trade", "time between entries")
    rows = []
    for name, value, sample in zip(names, promised, samples, strict=True):
        error = sample.std() / math.sqrt(sample.size)
        rows.append([name, value, sample.mean(), error, (sample.mean() - value) / error])
    return Table(
        title="Trades that a stop may end",
        text=f"{_CYCLES:,} cycles of entry {entry}, exit {leave}, stop {stop}, cost {cost}, bars of {dt}/theta.",
        columns=["figure", "promised", "simulated", "error", "distance in errors"],
        rows=rows,
    )


def _covered() -> Table:
    rows = []
    for n_bars in (60, 250, 1_000):
        for name, moving, freedom in (("normal", 0.0, 200.0), ("heavy tails", 0.0, 5.0), ("autocorrelated", 0.3, 6.0)):
            source = np.random.default_rng(n_bars)
            shocks = source.standard_t(freedom, (_SAMPLES, n_bars + 1)) / math.sqrt(freedom / (freedom - 2))
            returns = 0.1 + shocks[:, 1:] + moving * shocks[:, :-1]
            truth = 0.1 / math.sqrt(1 + moving**2)
            estimates, errors = returns.mean(axis=1) / returns.std(axis=1), sharpe_error.standard_errors(returns)
            share = float(np.mean(np.abs(estimates - truth) < 1.959964 * errors))
            plain = float(np.mean(np.abs(estimates - truth) < 1.959964 / math.sqrt(n_bars)))
            rows.append([n_bars, name, share, plain, math.sqrt(share * (1 - share) / _SAMPLES)])
    return Table(
        title="Coverage of the 95 % intervals of Sharpe ratios",
        text=f"{_SAMPLES:,} samples a row, true ratio 0.1 a bar; autocorrelated: a moving average of 0.3.",
        columns=["bars", "returns", "covered", "covered by 1/sqrt(n)", "error"],
        rows=rows,
    )


def _sharpe(prices: Floats, best: thresholds.Thresholds, cost: float, rules: sweep.Rules) -> Floats:
    found = sweep.backtest(prices, best.entry_z, best.exit_z, cost / 2, rules._replace(periods_per_year=1.0))
    return found.sharpe_ratio[:, 0]


def _reverting(half_life: float, n_series: int, n_bars: int, seed: int) -> Floats:
    source, decay = np.random.default_rng(seed), 2.0 ** (-1.0 / half_life)
    found = source.standard_normal((n_bars, n_series))
    for bar in range(1, n_bars):
        found[bar] = decay * found[bar - 1] + math.sqrt(1 - decay * decay) * found[bar]
    return np.ascontiguousarray(found.T)
