"""Columns of numbers side by side, each in one piece of memory, which is how they are used."""

from collections import Counter, deque
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake.options import FileOptions, polars
from meanrev.intake.price_columns import finite_numbers, number_column
from meanrev.intake.raw import RawTable

__all__ = ["Gathered", "gathered", "rows_of"]

_SMALL = 1 << 20
"""Cells below which threads take longer to start than to copy."""

_ROWS_AT_ONCE = 1 << 20
"""Rows that polars reads from a Parquet file at once: those of a row group, of which libraries write up to so many."""

_AT_ONCE = 64 << 20
"""Bytes of these rows in memory; a file of more columns is read in several passes."""


class Gathered(NamedTuple):
    """Columns of a file as numbers.

    Attributes:
        values: (T, N), NaN where a cell has no value.
        n_missing: (N,) cells without a value.
    """

    values: NDArray[np.float64]
    n_missing: list[int]


def gathered(
    raw: RawTable, places: list[int], options: FileOptions, refused: dict[int, InvalidInput] | None = None
) -> Gathered:
    """Read columns as numbers, and let go of each as soon as it is copied.

    Args:
        raw: The file.
        places: Numbers of the columns.
        options: The caller's options.
        refused: Gets the errors of columns that cannot be read, by their place in the result, where they are NaN; None
            refuses the file.

    Raises:
        InvalidInput: a cell is no number, or is infinite.
    """
    values = np.empty((raw.columns.height, len(places)), order="F")  # NumPy's memory comes in large pages
    unread = [
        at
        for at, place in enumerate(places)
        if raw.columns.kinds[place].is_numeric() and not raw.columns.in_memory(place)
    ]
    at_once = max(polars().thread_pool_size(), _AT_ONCE // (8 * min(raw.columns.height, _ROWS_AT_ONCE)))
    done: dict[int, int] = {}
    for first in range(0, len(unread), at_once):
        done |= _from_batches(raw, {at: places[at] for at in unread[first : first + at_once]}, values)
    # An infinity is refused here, by the first column that has one.
    rest = [at for at in range(len(places)) if at not in done]
    uses = Counter(places)  # names of several header lines may ask for a column twice

    def copied(at: int) -> int:
        try:
            column = number_column(raw, places[at], options)
        except InvalidInput as error:
            if refused is None:
                raise
            refused[at], values[:, at] = error, np.nan
            return len(values)
        _copy(column, values[:, at])
        if uses[places[at]] == 1:
            raw.columns.let_go(places[at])
        return int(column.null_count())

    threads = 1 if values.size < _SMALL else polars().thread_pool_size()
    if threads == 1 or not rest:
        done |= zip(rest, map(copied, rest), strict=True)
    else:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - for large tables only

        with ThreadPoolExecutor(threads) as pool:
            done |= zip(rest, pool.map(copied, rest), strict=True)
    return Gathered(values, [done[at] for at in range(len(places))])


def _from_batches(raw: RawTable, numbers: dict[int, int], values: NDArray[np.float64]) -> dict[int, int]:
    """Read columns of numbers a batch of rows after the other, each of which is copied while the next ones are read.

    Args:
        raw: The file.
        numbers: From places in values to numbers of columns.
        values: (T, N), which gets the numbers.

    Returns:
        From places in values to the number of cells without a value, of the columns without an infinity.
    """
    if not numbers:
        return {}
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - for large files only

    wanted = sorted(set(numbers.values()))
    n_missing = dict.fromkeys(numbers, 0)

    def copied(columns: list[Any], start: int) -> dict[int, int]:
        found = {}
        held = dict(zip(wanted, map(finite_numbers, columns), strict=True))
        for at, number in numbers.items():
            if held[number] is not None:
                _copy(held[number], values[start:, at])
                found[at] = int(held[number].null_count())
        return found

    def counted(found: dict[int, int]) -> dict[int, int]:
        return {at: count + found[at] for at, count in n_missing.items() if at in found}

    threads = max(1, polars().thread_pool_size() // 2)  # the others read
    start, copying = 0, deque[Any]()
    with ThreadPoolExecutor(threads) as pool:
        for columns in raw.columns.batches(wanted):
            if len(copying) > threads:
                n_missing = counted(copying.popleft().result())
            copying.append(pool.submit(copied, columns, start))
            start += columns[0].len()
        while copying:
            n_missing = counted(copying.popleft().result())
    return n_missing


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
