"""Where the profile likelihood of irregular series is highest.

With gaps of very different lengths the profile may have several maxima, one for each length that theta may fit. It is
therefore evaluated on a grid of theta first, and climbed from the highest places of the grid.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.ou.likelihood import Transitions, height, profile
from gpu_kernels.ou.rising import last_rise
from gpu_kernels.ou.sums import Sums

__all__ = ["best_theta"]

_SHORTEST = 25.0
"""theta times the shortest gap up to which an optimum differs from rounding: b is 1e-11 there."""

_LONGEST = 1e-8
"""theta times the whole span from which on a mean is in sight."""

_BENT = 0.03
"""theta times the whole span below which the profile is a straight line in theta, which has no maximum inside."""

_STRIDE = 0.35
"""Of ln theta, between places of the grid: b of a single gap takes about 3 of it to go from near 1 to near 0."""

_CLIMBS = 3
"""Places of the grid to climb from, beside the least-squares estimate."""

Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]


def best_theta(sums: Sums, pairs: Transitions) -> tuple[Floats, Flags, Flags]:
    """Find the highest maximum of every series' profile likelihood.

    Args:
        sums: Of the prices in order, whatever their gaps.
        pairs: Of the same series.

    Returns:
        theta (B,), and whether the likelihood falls from the lowest or rises up to the highest one tried.
    """
    gaps = np.where(pairs.present > 0, pairs.gaps, np.nan)
    span = np.nansum(gaps, axis=1)
    lowest, highest = np.log(_LONGEST / span), np.log(_SHORTEST / np.nanmin(gaps, axis=1))
    slope = np.clip(sums.sxd / sums.sxx, -0.999, -1e-6)
    guess = np.clip(np.log(-np.log1p(slope) / np.nanmedian(gaps, axis=1)), lowest, highest)

    best = _climbed(pairs, guess, lowest, highest)
    for series, places in _starts(pairs, np.log(_BENT / span), highest):
        # A place of the grid beside the maximum already found leads to it again.
        apart = np.abs(places - best.place[series]) > _STRIDE
        if apart.any():
            rows = series[apart]
            best.take(rows, _climbed(pairs.rows(rows), places[apart], lowest[rows], highest[rows]))
    return np.exp(best.place), best.at_foot, best.at_top


class _Maxima(NamedTuple):
    """A maximum a series, every field (B,): ln theta, the likelihood's end that it stands at, and how high it is."""

    place: Floats
    at_foot: Flags
    at_top: Flags
    height: Floats

    def take(self, rows: Rows, found: "_Maxima") -> None:
        """Take what was found for some series where it is higher."""
        higher = found.height > self.height[rows]
        for held, new in zip(self, found, strict=True):
            held[rows[higher]] = new[higher]


def _climbed(pairs: Transitions, start: Floats, lowest: Floats, highest: Floats) -> _Maxima:
    def rise(chosen: Rows, log_theta: Floats) -> Floats:
        return profile(pairs.rows(chosen), np.exp(log_theta)).slope

    place, at_foot, at_top = last_rise(rise, start, lowest, highest)
    return _Maxima(place, at_foot, at_top, height(pairs, np.exp(place)))


def _starts(pairs: Transitions, lowest: Floats, highest: Floats) -> Iterator[tuple[Rows, Floats]]:
    """Yield series, and for each a place of a grid of ln theta that its neighbours do not top; the highest first."""
    n_places = 2 + int(np.ceil(np.max((highest - lowest) / _STRIDE, initial=1.0)))
    places = lowest[:, None] + np.linspace(0.0, 1.0, n_places) * (highest - lowest)[:, None]
    heights = np.stack([height(pairs, np.exp(place)) for place in places.T], axis=1)
    heights = np.where(np.isnan(heights), -np.inf, heights)
    beside = np.pad(heights, ((0, 0), (1, 1)), constant_values=-np.inf)
    topped = (heights < beside[:, :-2]) | (heights < beside[:, 2:])
    order = np.argsort(np.where(topped, np.inf, -heights), axis=1, kind="stable")[:, :_CLIMBS]
    for column in order.T:
        rows = np.flatnonzero(~topped[np.arange(len(column)), column])
        yield rows, places[rows, column[rows]]
