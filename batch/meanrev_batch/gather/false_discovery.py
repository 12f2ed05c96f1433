"""q-values over all pairs of all chunks, to the bits of multiplicity.q_values over one array.

The p-values of each chunk are sorted, so that those in a range of p are a slice of each file. From the highest range
down, the slices are joined and sorted, raised by 2 m / rank, and the least so far is carried into the next range. The
p-values above the level are needed too: without them, m and the least would be wrong.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from gpu_kernels.pair_trading.multiplicity import raised
from meanrev_batch.model import Floats, Ints

__all__ = ["q_values"]

_EDGES = 4096
"""Ranges of p that are counted; neighbours are taken together as long as they have few values."""

_AT_ONCE = 1 << 22
"""Values of a range that are in memory at a time, unless a single range has more."""


def q_values(paths: Sequence[Path], wanted: Floats, *, at_once: int = _AT_ONCE) -> Floats:
    """Return the q-values of some pairs.

    Args:
        paths: Files of float64, ascending and without NaN; together the p-values of all pairs that were tried.
        wanted: (P,) p-values that are among them; NaN stays. Each is of the better direction of a pair.
        at_once: Values that may be in memory at a time.

    References:
        Benjamini and Hochberg (1995), section 3, as adjusted p-values.
    """
    files = [np.memmap(path, dtype=np.float64, mode="r") for path in paths if path.stat().st_size]
    total, least = sum(file.size for file in files), np.inf
    found = np.full(wanted.shape, np.nan)
    order = np.argsort(wanted, kind="stable")[: np.count_nonzero(~np.isnan(wanted))]
    ascending, rank, end = wanted[order], total, order.size
    for low, high in _bounds(files, at_once):
        values = np.sort(np.concatenate([file[first:last] for file, first, last in zip(files, low, high, strict=True)]))
        over_rank = raised(values, rank - values.size + 1, total)
        q = np.minimum(np.minimum.accumulate(over_rank[::-1])[::-1], least)
        begin = int(np.searchsorted(ascending, values[0])) if values.size else end
        places = np.searchsorted(values, ascending[begin:end])
        found[order[begin:end]] = np.minimum(q[places], 1.0)
        rank, least, end = rank - values.size, min(least, float(q[0])), begin
    return found


def _bounds(files: Sequence[Floats], at_once: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield for ranges of p, from the highest down, where each file's slice begins and ends."""
    edges = np.linspace(0.0, 1.0, _EDGES + 1)[1:-1]
    cuts = np.zeros((len(files), _EDGES + 1), dtype=np.int64)
    for row, file in zip(cuts, files, strict=True):
        row[1:-1], row[-1] = np.searchsorted(file, edges), file.size
    counts = cuts.sum(axis=0)
    high = cuts.shape[1] - 1
    while high > 0 and counts[high]:
        low = int(np.searchsorted(counts, counts[high] - at_once, side="left"))
        low = min(max(low, 0), high - 1)
        while low > 0 and counts[low] == counts[high]:
            low -= 1
        yield cuts[:, low], cuts[:, high]
        high = low
