"""What score "rolling" earns beside score "fixed", by its lookback in half-lives, on simulated processes."""

import math

import numpy as np

from bench.calibration.section import Section, Table
from gpu_kernels import dispatch, sweep, thresholds
from gpu_kernels.checks import Floats

__all__ = ["DESIGNS", "HALF_LIVES", "NAME", "Design", "measured", "shares"]

NAME = "rolling"
HALF_LIVES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 40.0)
"""Lookbacks of the table, in half-lives."""

Design = tuple[int, float, int]
"""Half-life in bars, round-trip cost in stationary deviations, and bars from a decision to its fill."""

DESIGNS: tuple[Design, ...] = ((20, 0.02, 1), (20, 0.1, 1), (20, 0.3, 1))
"""Those of gpu_kernels/sweep/rolling_loss.csv."""

_OTHERS: tuple[Design, ...] = ((5, 0.1, 1), (60, 0.1, 1))
_BARS_IN_HALF_LIVES = 250
_SERIES, _SEED = 400, 20_261_130


def measured() -> Section:
    """Simulate, and return the section of the page."""
    found = [shares(design, HALF_LIVES, _SERIES) for design in (*DESIGNS, *_OTHERS)]
    rows = [
        [half_lives, *(float(each[place][part]) for each in found for part in (0, 1))]
        for place, half_lives in enumerate(HALF_LIVES)
    ]
    names = [f"half-life {h}, cost {c:g}" for h, c, _ in (*DESIGNS, *_OTHERS)]
    return Section(
        place=30,
        title="Rolling scores",
        text="What a rolling score keeps of the Sharpe ratio of the process's own score, with the same thresholds. The "
        "three designs with a half-life of 20 are, from more series, the table gpu_kernels/sweep/rolling_loss.csv, by "
        "which replies warn of short lookbacks.",
        settings={
            "seed": _SEED,
            "series": _SERIES,
            "bars": f"{_BARS_IN_HALF_LIVES} times the half-life, behind the first window",
        },
        tables=[
            Table(
                title="Sharpe ratio of the rolling score as a share of the fixed score's",
                text="By the lookback over the half-life. Fills one bar after the decision; costs of a round trip in "
                "stationary deviations; a share below 0 is a loss.",
                columns=["lookback", *(text for name in names for text in (name, "se"))],
                rows=rows,
            )
        ],
    )


def shares(design: Design, half_lives: tuple[float, ...], n_series: int) -> list[tuple[float, float]]:
    """Return the share that the rolling score keeps, and its standard error, for each lookback in half-lives."""
    half_life, cost, delay = design
    theta = math.log(2) / half_life
    best = thresholds.optimal(theta, 0.0, math.sqrt(2 * theta), cost, dt=1.0, delay=float(delay))
    longest = _lookback(max(half_lives), half_life)
    prices = _reverting(half_life, longest + _BARS_IN_HALF_LIVES * half_life, n_series)
    rules = sweep.Rules(mode="unit", execution_delay=delay, periods_per_year=1.0)

    def ratios(warm: int, own: sweep.Rules) -> Floats:
        """Return the Sharpe ratios of the bars behind the longest window; `warm` bars before them fill a window."""
        levels = best.entry_z, best.exit_z, cost / 2
        with dispatch.using("native"):
            return sweep.backtest(prices[:, longest - warm :], *levels, own).sharpe_ratio[:, 0]

    fixed = ratios(0, rules._replace(score="fixed", mean=0.0, deviation=1.0))
    found = []
    for each in half_lives:
        lookback = _lookback(each, half_life)
        rolling = ratios(lookback - 1, rules._replace(lookback=lookback))
        # Bars without a score return 0: the ratio over all bars is that over the others times the root of their share.
        n_scored = prices.shape[1] - longest
        rolling = rolling * math.sqrt((n_scored + lookback - 1) / n_scored)
        share = rolling.mean() / fixed.mean()
        error = (rolling - share * fixed).std() / (fixed.mean() * math.sqrt(n_series))
        found.append((float(share), float(error)))
    return found


def _lookback(half_lives: float, half_life: int) -> int:
    return max(2, round(half_lives * half_life))


def _reverting(half_life: int, n_bars: int, n_series: int) -> Floats:
    source, decay = np.random.default_rng(_SEED), 2.0 ** (-1.0 / half_life)
    found = source.standard_normal((n_bars, n_series))
    for bar in range(1, n_bars):
        found[bar] = decay * found[bar - 1] + math.sqrt(1 - decay * decay) * found[bar]
    return np.ascontiguousarray(found.T)
