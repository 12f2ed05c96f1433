"""Work on a matrix in groups of columns, and the groups' results as one."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = ["column_groups", "group_size", "joined"]

_MOST_COLUMNS = 512


def group_size(n_rows: int, most_entries: int) -> int:
    """Return how many columns a group has.

    Args:
        n_rows: Rows of the matrix.
        most_entries: Most entries of a group that has several columns.
    """
    return max(1, min(_MOST_COLUMNS, most_entries // max(1, n_rows)))


def column_groups(values: Floats, size: int) -> Iterator[tuple[slice, Floats]]:
    """Yield groups of columns, in their order.

    Args:
        values: (T, N).
        size: Columns of a group; the last one may have fewer.

    Yields:
        The group's columns, and its series of shape (columns, T), contiguous: a copy unless values has each column in
        one piece, as an upload has.
    """
    n_columns = values.shape[1]
    for start in range(0, n_columns, size):
        columns = slice(start, min(start + size, n_columns))
        yield columns, np.ascontiguousarray(values[:, columns].T)


def joined(parts: Sequence[Any], names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Return arrays that come in parts, as a mapping of their names.

    Args:
        parts: The groups' results, in the order of their columns.
        names: Attributes of each that are arrays.
    """
    return {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
