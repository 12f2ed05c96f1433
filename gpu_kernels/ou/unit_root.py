"""Inference on the decay b near the unit root: the median-unbiased estimate, its interval, and Fieller's for the mean.

Near b = 1 the least-squares estimate is biased towards 0 and far from normal, so that b +- 1.96 standard errors covers
the truth too seldom. Its exact distribution depends on b and on the number n of pairs alone. So for each b there is an
acceptance range of the estimate, and the interval has every b whose range holds the estimate that was found; the
median-unbiased estimate is the b whose median it is (Andrews 1993). Such intervals cover b with the stated probability
whether b is 1, near it or far from it (Mikusheva 2007); Hansen (1999) finds the ranges by a bootstrap on a grid of b,
and here they are tabulated, for Gaussian steps and a stationary first price.

The 5 % of estimates outside a range are half below and half above it, except near b = 1: no b above 1 can explain an
estimate above the range, so there the upper half shrinks to 0 and the lower one grows to 5 %. The interval thus
contains b = 1 exactly where a test of the unit root at 5 % does not reject it.

With c = n (1 - b), the table contains, for an estimated c^ and n, (c - c^)/scale for the median-unbiased c and for both
ends, where scale = sqrt(1 + g (2 - g/n)) and g = c^ + 4: about the standard deviation of c^. Columns are equally
spaced in sqrt(2g)/(sqrt(2g) + 8), rows in sqrt(10/n), from infinitely many pairs to 10.

References:
    Andrews (1993), Exactly median-unbiased estimation of first order autoregressive/unit root models, section 3.
    Hansen (1999), The grid bootstrap and the autoregressive model, section 2.
    Mikusheva (2007), Uniform inference in autoregressive models, theorem 2.
    Fieller (1954), Some problems in interval estimation.
"""

import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.constants import constants

__all__ = ["FEWEST_PAIRS", "Decays", "DecaysOfOne", "decays", "decays_of_one", "decays_where", "mean_span", "speed"]

_NUMBERS = constants("ou/unit_root.h")
_ROWS, _COLUMNS, _LAYERS = (int(_NUMBERS[name]) for name in ("TABLE_ROWS", "TABLE_COLUMNS", "LAYERS"))
_ORIGIN_SHIFT, _HALFWAY = _NUMBERS["ORIGIN_SHIFT"], _NUMBERS["HALFWAY"]

FEWEST_PAIRS = _NUMBERS["FEWEST_PAIRS"]
"""Pairs below which there is no estimate without bias, and no interval."""


class Decays(NamedTuple):
    """Distances n (1 - b) from the unit root, every field (B,), between 0 and n.

    Attributes:
        middle: Of the median-unbiased b.
        slowest: Of the upper end of b's 95 % interval.
        fastest: Of the lower end.
        reach: 95 % quantile of the t value of the mean step at the mean price, for Fieller's interval.
    """

    middle: Floats
    slowest: Floats
    fastest: Floats
    reach: Floats


def decays(slope: Floats, n_pairs: Floats) -> Decays:
    """Look up what the estimates say of b.

    Args:
        slope: (B,) estimated b - 1.
        n_pairs: (B,) pairs of each, at least FEWEST_PAIRS; need not be whole.
    """
    gap = np.maximum(-slope * n_pairs + _ORIGIN_SHIFT, 0.0)
    root = np.sqrt(2.0 * gap)
    u = root / (root + _HALFWAY) * (_COLUMNS - 1)
    v = np.sqrt(FEWEST_PAIRS / n_pairs) * (_ROWS - 1)
    column = np.minimum(u, _COLUMNS - 2).astype(np.int64)
    row = np.minimum(v, _ROWS - 2).astype(np.int64)
    across, down = u - column, v - row
    held = _table()
    above = held[:, row, column] + across * (held[:, row, column + 1] - held[:, row, column])
    row = row + 1
    below = held[:, row, column] + across * (held[:, row, column + 1] - held[:, row, column])
    found = above + down * (below - above)
    scale = np.sqrt(1.0 + gap * np.maximum(2.0 - gap / n_pairs, 0.0))
    far = np.clip(gap - _ORIGIN_SHIFT + scale * found[:-1], 0.0, n_pairs)
    return Decays(far[0], far[1], far[2], found[-1])


def decays_where(known: NDArray[np.bool_], slope: Floats, n_pairs: Floats) -> Decays:
    """Look up what some estimates say of b; the others say nothing: from 0 to n.

    Args:
        known: (B,) which ones.
        slope: (B,) as in decays.
        n_pairs: (B,) as in decays.
    """
    zero = np.zeros_like(n_pairs)
    out = Decays(zero, zero.copy(), n_pairs.copy(), zero.copy())
    for whole, part in zip(out, decays(slope[known], n_pairs[known]), strict=True):
        whole[known] = part
    return out


def speed(distance: Floats, n_pairs: Floats, step: Floats) -> Floats:
    """Return theta (B,) at a distance n (1 - b) from the unit root, with steps of some time; +inf where b is 0."""
    return np.where(distance < n_pairs, -np.log1p(-distance / n_pairs) / step, np.inf)


class DecaysOfOne(NamedTuple):
    """The fields of Decays, of one estimate."""

    middle: float
    slowest: float
    fastest: float
    reach: float


def decays_of_one(slope: float, n_pairs: float) -> DecaysOfOne:
    """Return what one estimate says of b; see decays."""
    gap = max(-slope * n_pairs + _ORIGIN_SHIFT, 0.0)
    root = math.sqrt(2.0 * gap)
    u = root / (root + _HALFWAY) * (_COLUMNS - 1)
    v = math.sqrt(FEWEST_PAIRS / n_pairs) * (_ROWS - 1)
    column, row = int(min(u, _COLUMNS - 2)), int(min(v, _ROWS - 2))
    across, down = u - column, v - row
    scale, start = math.sqrt(1.0 + gap * max(2.0 - gap / n_pairs, 0.0)), gap - _ORIGIN_SHIFT
    found = []
    for layer in _lists():
        (a, b), (c, d) = layer[row][column : column + 2], layer[row + 1][column : column + 2]
        above, below = a + across * (b - a), c + across * (d - c)
        found.append(above + down * (below - above))
    middle, slowest, fastest = (min(max(start + scale * each, 0.0), n_pairs) for each in found[:-1])
    return DecaysOfOne(middle, slowest, fastest, found[-1])


def mean_span(
    slope: Floats, step_mean: Floats, slope_variance: Floats, mean_variance: Floats, reach: Floats
) -> tuple[Floats, Floats]:
    """Return the ends of Fieller's interval for the mean, from the mean price; infinite where the slope may be 0.

    The interval has every place at which the regression's step may be 0: (s + g z)^2 <= reach^2 (var(s) + z^2 var(g)).

    Args:
        slope: (B,) of the steps on the prices.
        step_mean: (B,) mean step s.
        slope_variance: (B,) of the slope g.
        mean_variance: (B,) of s.
        reach: (B,) quantile.

    References:
        Fieller (1954), equation 10.
    """
    a = slope * slope - reach * reach * slope_variance
    centre = -slope * step_mean
    bounded = a > 0.0
    half = reach * np.sqrt(np.where(bounded, slope_variance * (step_mean * step_mean) + a * mean_variance, 0.0))
    low, high = np.where(bounded, (centre - half) / a, -np.inf), np.where(bounded, (centre + half) / a, np.inf)
    return low, high


@cache
def _lists() -> list[list[list[float]]]:
    """Return the table as plain floats."""
    lists: list[list[list[float]]] = _table().tolist()
    return lists


@cache
def _table() -> Floats:
    """Return the table (layers, rows, columns), as the kernels have it."""
    text = Path(__file__).with_name("unit_root_table.csv").read_text(encoding="utf-8")
    return np.array(text.replace(",", " ").split(), dtype=np.float64).reshape(_LAYERS, _ROWS, _COLUMNS)
