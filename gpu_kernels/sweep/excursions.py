"""Grids of thresholds by one pass for many entry and exit levels: which pairs form them, and the launch."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.constants import integer
from gpu_kernels.launch import Count, Number, Threads, pointer
from gpu_kernels.sweep.driver import Packed
from gpu_kernels.sweep.model import Rules, ThresholdPairs

__all__ = ["FEWEST_PAIRS", "MOST_EXITS", "MOST_LEVELS", "Grids", "find", "run"]

FEWEST_PAIRS = 24
"""Pairs from which one pass for all beats a lane each."""

MOST_LEVELS = integer("LEVELS", "sweep/levels.h")
"""Most entry levels of one pass."""

MOST_EXITS = integer("EXITS", "sweep/levels.h")
"""Most exit levels of one pass."""

_ITEMS_A_THREAD = 16


class Grids(NamedTuple):
    """Pairs in n chunks, each of all pairs of some entry and some exit levels at one cost; indices as float64.

    Attributes:
        first: (n + 1,) where each chunk's entry levels begin in entry.
        entry: The chunks' entry levels, ascending in each.
        begin: (n + 1,) where each chunk's exit levels begin in leave.
        leave: The chunks' exit levels, ascending in each.
        cost: (n,) their costs per side.
        place: (n,) where each chunk's pairs begin in column.
        column: The pairs' numbers, exit level by exit level.
        alone: (G,) which pairs are in none.
    """

    first: Floats
    entry: Floats
    begin: Floats
    leave: Floats
    cost: Floats
    place: Floats
    column: Floats
    alone: NDArray[np.bool_]


class _Pass(NamedTuple):
    """Pairs that share exit level and cost, their entry levels ascending."""

    leave: float
    cost: float
    entry: Floats
    column: NDArray[np.intp]


def find(pairs: ThresholdPairs, fewest: int, parts: int = 1) -> Grids | None:
    """Group pairs by cost and entry levels; None where no group is large enough.

    Args:
        pairs: Any pairs, in any order.
        fewest: Pairs that a pass must carry; those of a smaller group stay alone.
        parts: Chunks that a series' exit levels should give, if they can, so that there is work for each thread.
    """
    if pairs.entry_z.size < fewest:
        return None
    order = np.lexsort((pairs.entry_z, pairs.cost, pairs.exit_z))
    leave, cost = pairs.exit_z[order], pairs.cost[order]
    begins = np.flatnonzero(np.r_[True, (leave[1:] != leave[:-1]) | (cost[1:] != cost[:-1])])
    sizes = np.diff(np.r_[begins, order.size])
    large = sizes * MOST_EXITS >= fewest
    alike: dict[tuple[float, bytes], list[_Pass]] = {}
    for begin, size in zip(begins[large].tolist(), sizes[large].tolist(), strict=True):
        for column in np.split(order[begin : begin + size], _bounds(size, MOST_LEVELS)[1:-1]):
            one = _Pass(leave[begin], cost[begin], pairs.entry_z[column], column)
            alike.setdefault((one.cost, one.entry.tobytes()), []).append(one)
    groups = [group for group in alike.values() if min(len(group), MOST_EXITS) * group[0].entry.size >= fewest]
    return _chunked(groups, parts, order.size) if groups else None


def _chunked(groups: list[list[_Pass]], parts: int, n_pairs: int) -> Grids:
    chunks = []
    for group in groups:
        bounds = _bounds(len(group), min(MOST_EXITS, max(1, len(group) // parts))).tolist()
        chunks += [group[one:other] for one, other in pairwise(bounds)]
    n_levels = np.array([chunk[0].entry.size for chunk in chunks])
    n_exits = np.array([len(chunk) for chunk in chunks])
    column = np.concatenate([one.column for chunk in chunks for one in chunk])
    alone = np.ones(n_pairs, dtype=np.bool_)
    alone[column] = False
    return Grids(
        first=_sums(n_levels),
        entry=np.concatenate([chunk[0].entry for chunk in chunks]),
        begin=_sums(n_exits),
        leave=np.array([one.leave for chunk in chunks for one in chunk]),
        cost=np.array([chunk[0].cost for chunk in chunks]),
        place=_sums(n_levels * n_exits)[:-1],
        column=column.astype(np.float64),
        alone=alone,
    )


def _sums(sizes: NDArray[np.intp]) -> Floats:
    return np.concatenate([[0.0], np.cumsum(sizes, dtype=np.float64)])


def _bounds(size: int, most: int) -> NDArray[np.intp]:
    """Split a number of things into shares of nearly equal size, `most` at most; return where they begin and end."""
    n_shares = -(-size // most)
    return np.arange(n_shares + 1) * size // n_shares


def run(packed: Packed, grids: Grids, rules: Rules, rows: Floats, threads: int) -> None:
    """Write the grids' columns of the kernel's rows; 2 as the row RUINED is a lane that the dense kernel must redo.

    Args:
        packed: The series.
        grids: What find gave.
        rules: What all lanes share; without a stop.
        rows: (figures.ROWS, B, G), the pairs' columns of which are written.
        threads: Threads that share the work.
    """
    prices, fills, marks_short, counts = packed
    n_series, n_bars = prices.shape
    n_chunks = grids.cost.size
    # Neighbouring chunks write the same cache lines, so one thread takes many of them.
    together = max(1, n_series * n_chunks // (_ITEMS_A_THREAD * threads))
    with np.errstate(over="ignore"):  # of the smallest doubles: such a backtest has no figures
        inverses = 1.0 / prices if rules.compounding else prices  # unit mode has no use for them
    library("sweep/excursions")[f"excursions_{rules.mode}"](
        *map(Count, (min(together, n_chunks), n_series, n_bars, n_chunks, grids.alone.size)),
        *map(pointer, (counts, prices, marks_short, inverses, fills)),
        *map(pointer, grids[:-1]),
        Number(rules.initial_capital),
        pointer(rows),
        Threads(threads),
    )
