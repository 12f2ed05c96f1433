"""The rolling z-score, for whole series and price by price, with the same bits from both.

Time is cut into blocks of `lookback` prices. A window is a suffix of one block followed by a prefix of the next, each
summarised by its mean and its sum of squared deviations, which Chan, Golub and LeVeque's formula joins. Nothing is ever
subtracted from a running sum, so a spike leaves no trace once it has left the window. Prefixes are measured from their
block's first price and suffixes from their block's last: both always lie inside the window, so a far-off price outside
it costs no digits.

References:
    Welford (1962), Note on a method for calculating corrected sums of squares and products.
    Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance, equation 2.1.
    van Herk (1992), A fast algorithm for local minimum and maximum filters (the blocks).
"""

import math
from typing import NamedTuple

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = ["SMALLEST_SPREAD", "RollingScore", "rolling"]

SMALLEST_SPREAD = 1e-12
"""A window whose std is at most this times |mean| is constant but for the rounding of whatever computed its prices.

A window of equal prices has a std of exactly 0 here, and is constant whatever its mean.
"""


def rolling(prices: Floats, lookback: int) -> Floats:
    """Score every price against the window that ends with it.

    Args:
        prices: (B, n), finite.
        lookback: Prices in a window, at least 2.

    Returns:
        (B, n) scores; NaN for the first lookback - 1 prices and for constant windows.
    """
    n_series, n_prices = prices.shape
    if lookback > n_prices:
        return np.full(prices.shape, np.nan)
    n_blocks = -(-n_prices // lookback)
    padded = np.zeros((n_series, n_blocks * lookback))
    padded[:, :n_prices] = prices
    blocks = padded.reshape(n_series, n_blocks, lookback)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        scores = _scores(blocks, _prefixes(blocks), _prefixes(blocks[:, :, ::-1]))
    scores = scores.reshape(padded.shape)[:, :n_prices]
    scores[:, : lookback - 1] = np.nan
    return scores


class _Moments(NamedTuple):
    """Mean (from the origin) and sum of squared deviations of the first 1, 2, ... prices of each block."""

    origin: Floats
    mean: Floats
    squares: Floats


def _prefixes(blocks: Floats) -> _Moments:
    origin = blocks[:, :, 0]
    mean, squares = np.empty_like(blocks), np.empty_like(blocks)
    running_mean, running_squares = np.zeros_like(origin), np.zeros_like(origin)
    for place in range(blocks.shape[2]):
        interruption.check()
        offset = blocks[:, :, place] - origin
        step = offset - running_mean
        running_mean = running_mean + step / (place + 1)
        running_squares = running_squares + step * (offset - running_mean)
        mean[:, :, place], squares[:, :, place] = running_mean, running_squares
    return _Moments(origin, mean, squares)


def _scores(blocks: Floats, prefix: _Moments, suffix: _Moments) -> Floats:
    """Join each prefix with the rest of its window in the block before; suffix counts from that block's end."""
    n_series, n_blocks, lookback = blocks.shape
    scores = np.empty_like(blocks)
    zero = np.zeros((n_series, n_blocks))
    for place in range(lookback):
        interruption.check()
        older, newer = lookback - 1 - place, place + 1
        gap, squares = zero, zero
        if older:
            gap, squares = zero.copy(), zero.copy()
            between = suffix.origin[:, :-1] - prefix.origin[:, 1:]
            gap[:, 1:] = between + (suffix.mean[:, :-1, older - 1] - prefix.mean[:, 1:, place])
            squares[:, 1:] = suffix.squares[:, :-1, older - 1]
        mean = prefix.mean[:, :, place] + gap * (older / lookback)
        squares = (squares + prefix.squares[:, :, place]) + gap * gap * (older * newer / lookback)
        spread = np.sqrt(squares / lookback)
        constant = spread <= SMALLEST_SPREAD * np.abs(prefix.origin + mean)
        offset = blocks[:, :, place] - prefix.origin
        scores[:, :, place] = np.where(constant, np.nan, (offset - mean) / spread)
    return scores


class RollingScore:
    """The same score, price by price: O(1) time amortised, O(lookback) memory.

    Args:
        lookback: Prices in a window, at least 2.
    """

    def __init__(self, lookback: int) -> None:
        self._lookback = lookback
        self._block: list[float] = []
        self._mean = 0.0
        self._squares = 0.0
        self._suffix_origin = 0.0
        self._suffixes: list[tuple[float, float]] = []

    def update(self, price: float) -> float:
        """Take a finite price and return its score, NaN where there is none."""
        if len(self._block) == self._lookback:
            self._turn_block()
        self._block.append(price)
        offset = price - self._block[0]
        self._mean, self._squares = _welford(self._mean, self._squares, offset, len(self._block))
        return self._score(offset)

    def _turn_block(self) -> None:
        """Summarise the full block's suffixes, shortest first, and begin the next."""
        self._suffix_origin = self._block[-1]
        self._suffixes = []
        mean = squares = 0.0
        for count, price in enumerate(reversed(self._block), start=1):
            mean, squares = _welford(mean, squares, price - self._suffix_origin, count)
            self._suffixes.append((mean, squares))
        self._block = []
        self._mean = self._squares = 0.0

    def _score(self, offset: float) -> float:
        newer, lookback = len(self._block), self._lookback
        older = lookback - newer
        if older and not self._suffixes:
            return math.nan
        gap = squares = 0.0
        if older:
            suffix_mean, squares = self._suffixes[older - 1]
            gap = (self._suffix_origin - self._block[0]) + (suffix_mean - self._mean)
        mean = self._mean + gap * (older / lookback)
        squares = (squares + self._squares) + gap * gap * (older * newer / lookback)
        spread = math.sqrt(squares / lookback)
        if spread <= SMALLEST_SPREAD * abs(self._block[0] + mean):
            return math.nan
        return (offset - mean) / spread


def _welford(mean: float, squares: float, value: float, count: int) -> tuple[float, float]:
    step = value - mean
    mean += step / count
    return mean, squares + step * (value - mean)
