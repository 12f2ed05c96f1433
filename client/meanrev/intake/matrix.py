"""Columns of numbers side by side, each in one piece of memory, which is how they are used."""

from collections import Counter
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from meanrev.intake.options import FileOptions, polars
from meanrev.intake.price_columns import number_column
from meanrev.intake.raw import RawTable

__all__ = ["Gathered", "gathered", "rows_of"]

_SMALL = 1 << 20
"""Cells below which threads take longer to start than to copy."""


class Gathered(NamedTuple):
    """Columns of a file as numbers.

    Attributes:
        values: (T, N), NaN where a cell has no value.
        n_missing: (N,) cells without a value.
    """

    values: NDArray[np.float64]
    n_missing: list[int]


def gathered(raw: RawTable, places: list[int], options: FileOptions) -> Gathered:
    """Read columns as numbers, and let go of each as soon as it is copied.

    Args:
        raw: The file.
        places: Numbers of the columns.
        options: The caller's options.

    Raises:
        InvalidInput: a cell is no number, or is infinite.
    """
    values = np.empty((raw.columns.height, len(places)), order="F")  # NumPy's memory comes in large pages
    n_missing: list[int] = []
    uses = Counter(places)  # names of several header lines may ask for a column twice

    def copied(at: int) -> int:
        column = number_column(raw, places[at], options)
        _copy(column, values[:, at])
        if uses[places[at]] == 1:
            raw.columns.let_go(places[at])
        return int(column.null_count())

    def numbered(count: int) -> range:
        return range(len(n_missing), len(n_missing) + count)

    groups = raw.columns.groups(places)
    threads = 1 if values.size < _SMALL else polars().thread_pool_size()
    if threads == 1:
        for group in groups:
            raw.columns.load(group)
            n_missing += map(copied, numbered(len(group)))
        return Gathered(values, n_missing)
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - for large tables only

    # One group is read while the one before it is copied, because neither keeps all processors busy.
    with ThreadPoolExecutor(threads + 1) as pool:
        reading = pool.submit(raw.columns.load, groups[0])
        for group, following in zip_longest(groups, groups[1:], fillvalue=()):
            reading.result()
            reading = pool.submit(raw.columns.load, following)
            n_missing += pool.map(copied, numbered(len(group)))
    return Gathered(values, n_missing)


def rows_of(values: NDArray[np.float64], rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return some rows of a matrix, each column in one piece of memory.

    Args:
        values: (T, N).
        rows: (K,) numbers of rows.
    """
    found = np.empty((rows.size, values.shape[1]), order="F")
    for column, target in zip(values.T, found.T, strict=True):
        np.take(column, rows, out=target, mode="clip")  # any other mode copies the result once more
    return found


def _copy(column: Any, target: NDArray[np.float64]) -> None:
    at = 0
    for chunk in column.get_chunks():  # which need not be put together first
        target[at : at + chunk.len()] = chunk.to_numpy()
        at += chunk.len()
