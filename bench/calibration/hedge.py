"""Whether the interval of a pair's hedge ratio covers it, on simulated cointegrated pairs."""

import math

import numpy as np

from bench.calibration.section import Section, Table
from gpu_kernels.checks import Floats
from gpu_kernels.engle_granger.dynamic_least_squares import hedge_interval

__all__ = ["NAME", "measured", "pair"]

NAME = "hedge"
SLOPE = 0.8
_BARS, _HALF_LIVES, _CORRELATIONS = (100, 250, 500, 1000, 2500), (0.0, 1.0, 3.0, 7.0, 14.0), (0.0, 0.6)
_PAIRS, _SEED, _NORMAL_975 = 2_000, 20_261_130, 1.959963984540054


def measured() -> Section:
    """Simulate, and return the section of the page."""
    source = np.random.default_rng(_SEED)
    rows = [
        [n_bars, half_life, correlation, *_covered(source, n_bars, half_life, correlation)]
        for n_bars in _BARS
        for half_life in _HALF_LIVES
        for correlation in _CORRELATIONS
    ]
    return Section(
        place=15,
        title="Hedge ratios",
        text="y = 0.8 x + u, where x is a walk and u reverts with the half-life; the correlation is between the steps "
        "of x and the shocks of u. The interval is that of dynamic least squares; beside it stands that of ordinary "
        "least squares with its usual standard error, about the same pairs.",
        settings={"seed": _SEED, "pairs": _PAIRS},
        tables=[
            Table(
                title="Coverage of the 95 % interval of the hedge ratio",
                text="The widths are medians. The interval covers least where the "
                "shocks are correlated and the half-life is long.",
                columns=["bars", "half-life", "correlation", "covers", "se", "width", "least squares", "its width"],
                rows=rows,
            )
        ],
    )


def pair(source: np.random.Generator, n_bars: int, half_life: float, correlation: float) -> tuple[Floats, Floats]:
    """Draw y and x, (n_bars,) each."""
    shocks = source.standard_normal((2, n_bars))
    decay = 2 ** (-1 / half_life) if half_life else 0.0
    reverting = correlation * shocks[0] + math.sqrt(1 - correlation**2) * shocks[1]
    reverting[0] /= math.sqrt(1 - decay**2)
    for t in range(1, n_bars):
        reverting[t] += decay * reverting[t - 1]
    x = np.cumsum(shocks[0])
    return SLOPE * x + reverting, x


def _covered(source: np.random.Generator, n_bars: int, half_life: float, correlation: float) -> list[float]:
    """Return the share of intervals that cover, its standard error and their width; share and width of the others'."""
    ends, others = np.empty((_PAIRS, 2)), np.empty((_PAIRS, 2))
    for place in range(_PAIRS):
        y, x = pair(source, n_bars, half_life, correlation)
        ends[place] = hedge_interval(y, x)
        others[place] = _least_squares(y, x)
    share, other = (float(np.mean((found[:, 0] <= SLOPE) & (found[:, 1] >= SLOPE))) for found in (ends, others))
    error = math.sqrt(share * (1 - share) / _PAIRS)
    width, its_width = (float(np.median(found[:, 1] - found[:, 0])) for found in (ends, others))
    return [share, error, width, other, its_width]


def _least_squares(y: Floats, x: Floats) -> tuple[float, float]:
    """Return the interval by ordinary least squares, with the standard error of independent residuals."""
    centred, left = x - x.mean(), y - y.mean()
    square = float(centred @ centred)
    slope = float(centred @ left) / square
    residual = left - slope * centred
    error = math.sqrt(float(residual @ residual) / (y.size - 2) / square)
    return slope - _NORMAL_975 * error, slope + _NORMAL_975 * error
