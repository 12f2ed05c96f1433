"""How a universe is cut into tiles of pairs, and selected pairs into lists. Pure: what is equal is cut equally."""

from collections.abc import Iterator

from meanrev_batch.model import Tile

__all__ = ["block_size", "list_size", "ranges", "series_size", "tiles", "worker_bytes"]

_LARGEST = 384
_FEWEST = 16
_WHOLE = 128
"""Names of a block that is not made smaller only to give more workers something to do."""

_BASE = 160_000_000
"""Bytes of a worker without any chunk: libraries, and the pages of the matrix that it has touched."""

_A_PRICE, _A_PAIR = 38, 140
"""Bytes that the test of a tile takes for each price of its names, and for each ordered pair of them."""

_LIST = 1 << 22
"""Prices of the residuals of a list: it is traded in about half a second."""


_COPIES, _A_CELL = 8, 4 * 56
"""Arrays of a chunk's prices that a worker has at a time, and bytes of its figures for each cell and series."""

_MOST_SERIES = 512
"""Series of a chunk: more give no further speed."""


def block_size(memory: int, n_bars: int, n_names: int) -> int:
    """Return how many names a block has, at least 2.

    Args:
        memory: Bytes that a worker may take; a block never has fewer than 16 names, even if they take more.
        n_bars: Bars of the train part.
        n_names: Names of the universe.
    """
    size = _LARGEST
    while size > _FEWEST and worker_bytes(size, n_bars) > memory:
        size -= 1
    return max(2, min(size, max(_WHOLE, -(-n_names // 8)), n_names))


def worker_bytes(size: int, n_bars: int) -> int:
    """Return about how many bytes a worker takes.

    Args:
        size: Names of a block.
        n_bars: Bars of the train part.
    """
    return _BASE + _A_PRICE * n_bars * 2 * size + _A_PAIR * (2 * size) ** 2


def list_size(n_bars: int) -> int:
    """Return how many pairs a list has.

    Args:
        n_bars: Bars over which they are traded.
    """
    return max(_FEWEST, _LIST // n_bars)


def series_size(memory: int, n_bars: int, n_cells: int, n_series: int) -> int:
    """Return how many series a chunk of a sweep, or of fits, has.

    Args:
        memory: Bytes that a worker may take; a chunk has one series at least, even if it takes more.
        n_bars: Of each series.
        n_cells: Of the grid; 1 of a fit.
        n_series: In all.
    """
    each = _COPIES * 8 * n_bars + _A_CELL * n_cells
    most = max(1, min(_MOST_SERIES, (memory - _BASE) // each))
    return int(min(most, max(_FEWEST, -(-n_series // 8))))


def ranges(total: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut 0 .. total into pieces of a size; yields their starts and stops."""
    for start in range(0, total, size):
        yield start, min(start + size, total)


def tiles(n_names: int, size: int) -> list[Tile]:
    """Return tiles that together have every unordered pair of names once.

    Args:
        n_names: Names of the universe.
        size: Names of a block.
    """
    blocks = list(ranges(n_names, size))
    found = [Tile(*rows, *columns) for place, rows in enumerate(blocks) for columns in blocks[place:]]
    return [tile for tile in found if tile.n_pairs]
