"""Few pairs on long series, cut in time: which sweeps gain by it, and the launch."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.constants import integer
from gpu_kernels.launch import Count, Number, Threads, pointer
from gpu_kernels.sweep.model import Rules, ThresholdPairs

__all__ = ["CHUNKS", "ENDS", "LEAST_BARS", "MOST_PAIRS", "PARTS", "gains", "run"]

LEAST_BARS = 50_000
"""Bars from which a chunk is long beside the search for what is held when it begins."""

MOST_PAIRS = 64
"""Pairs up to which the vectors of one series leave threads idle."""

CHUNKS = 64
"""Chunks of a series, the same for any number of threads, so that this number changes no bit."""

ENDS, PARTS = integer("ENDS", "sweep/chunks.h"), integer("PARTS", "sweep/chunk_account.h")
"""Numbers that the kernel writes about the end of a chunk, and about its account."""


def gains(n_bars: int, n_pairs: int) -> bool:
    """Return whether chunks may be faster than whole series, and are never slower.

    Neither the number of series nor that of threads is asked: a batch changes no bit of its members.
    """
    return n_bars >= LEAST_BARS and n_pairs <= MOST_PAIRS


def run(prices: Floats, fills: Floats, pairs: ThresholdPairs, rules: Rules, rows: Floats, threads: int) -> None:
    """Write the kernel's rows; 2 as the row RUINED is a lane that the dense kernel must redo.

    Args:
        prices: (B, n), C-contiguous, finite.
        fills: (B, n), the score of the decision that fills at each bar.
        pairs: What to run.
        rules: What all lanes share.
        rows: (figures.ROWS, B, G), written.
        threads: Threads that share the work.
    """
    n_series, n_bars = prices.shape
    n_pairs = pairs.entry_z.size
    n_chunks = min(CHUNKS, n_bars)
    columns = [pointer(column) for column in pairs]
    shape = [Count(size) for size in (n_series, n_bars, n_chunks, n_pairs)]
    n_lanes = n_series * n_chunks * n_pairs
    ends, parts = np.empty((ENDS, n_lanes)), np.empty((PARTS, n_lanes))
    kernels, mode = library("sweep/long_series"), rules.mode
    kernels.long_series_ends(*shape, pointer(fills), *columns[:2], pointer(ends), Threads(threads))
    account = kernels[f"long_series_{mode}"]
    account(*shape, pointer(prices), pointer(fills), *columns, pointer(ends), pointer(parts), Threads(threads))
    join = kernels[f"long_series_join_{mode}"]
    join(*shape, Number(rules.initial_capital), pointer(parts), pointer(rows), Threads(threads))
