"""Grids of thresholds by one pass for all entry levels of an exit level: which pairs form them, and the launch."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.launch import Count, Number, Threads, pointer
from gpu_kernels.sweep.model import Pairs, Rules

__all__ = ["FEWEST_LEVELS", "MOST_LEVELS", "Grids", "find", "run"]

FEWEST_LEVELS = 16
"""Entry levels of one exit level and cost from which a pass of their own beats a lane each."""

MOST_LEVELS = 128
"""Entry levels that one pass carries; LEVELS of the kernel."""

_ITEMS_A_THREAD = 4


class Grids(NamedTuple):
    """Pairs that share exit level and cost, in chunks of ascending entry levels; by costs, and then by exit levels.

    Attributes:
        first: (n + 1,) where each chunk begins in entry and column, as float64.
        entry: (sum of levels,) entry levels.
        leave: (n,) the chunks' exit levels.
        cost: (n,) their costs per side.
        column: (sum of levels,) the pairs' numbers, as float64.
        alone: (G,) which pairs are in none.
    """

    first: Floats
    entry: Floats
    leave: Floats
    cost: Floats
    column: Floats
    alone: NDArray[np.bool_]


def find(pairs: Pairs, fewest: int) -> Grids | None:
    """Group pairs by exit level and cost; None where no group has `fewest` entry levels.

    Args:
        pairs: Any pairs, in any order.
        fewest: Pairs of a smaller group stay alone.
    """
    if pairs.entry_z.size < fewest:
        return None
    order = np.lexsort((pairs.entry_z, pairs.exit_z, pairs.cost))  # the kernel keeps work for the next exit level
    leave, cost = pairs.exit_z[order], pairs.cost[order]
    begins = np.flatnonzero(np.r_[True, (leave[1:] != leave[:-1]) | (cost[1:] != cost[:-1])])
    sizes = np.diff(np.r_[begins, order.size])
    large = sizes >= fewest
    if not large.any():
        return None
    taken = order[np.repeat(large, sizes)]
    lengths = np.concatenate([_shares(size) for size in sizes[large].tolist()])
    first = np.r_[0, np.cumsum(lengths)]
    alone = np.ones(order.size, dtype=np.bool_)
    alone[taken] = False
    leading = taken[first[:-1]]
    columns = (pairs.entry_z[taken], pairs.exit_z[leading], pairs.cost[leading], taken.astype(np.float64))
    return Grids(first.astype(np.float64), *columns, alone)


def _shares(size: int) -> NDArray[np.intp]:
    """Split a group into chunks of nearly equal size."""
    n_chunks = -(-size // MOST_LEVELS)
    return np.diff(np.arange(n_chunks + 1) * size // n_chunks)


def run(prices: Floats, fills: Floats, grids: Grids, rules: Rules, rows: Floats, threads: int) -> None:
    """Write the grids' columns of the kernel's rows; 2 as the row RUINED is a lane that the dense kernel must redo.

    Args:
        prices: (B, n), C-contiguous, finite.
        fills: (B, n), the score of the decision that fills at each bar.
        grids: What find gave.
        rules: What all lanes share.
        rows: (11, B, G), the pairs' columns of which are written.
        threads: Threads that share the work.
    """
    n_series, n_bars = prices.shape
    n_chunks = grids.leave.size
    # Neighbouring chunks share their runs and write the same cache lines, so one thread takes many of them.
    together = max(1, n_series * n_chunks // (_ITEMS_A_THREAD * threads))
    compounding = rules.mode == "compounding"
    kernel = library("sweep/excursions")["excursions_compounding" if compounding else "excursions_unit"]
    inverses = 1.0 / prices if compounding else prices  # unit mode has no use for them
    kernel(
        *map(Count, (min(together, n_chunks), n_series, n_bars, n_chunks, grids.alone.size)),
        *map(pointer, (prices, inverses, fills)),
        *map(pointer, grids[:5]),
        Number(rules.initial_capital),
        pointer(rows),
        Threads(threads),
    )
