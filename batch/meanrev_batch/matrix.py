"""The file of prices that workers map: (N, T) float64, a name after the other, of the names that are kept."""

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meanrev_batch.calendar import filled
from meanrev_batch.identity import column_digest
from meanrev_batch.model import Floats
from meanrev_batch.panel import Panel

__all__ = ["digests", "opened", "write"]


def write(path: Path, panel: Panel, on_axis: NDArray[np.bool_], kept: Collection[str], fill: int) -> None:
    """Write the prices of the names that are kept, filled; in the memory of one name.

    Args:
        path: Of the file.
        panel: The universe.
        on_axis: Which of its bars are taken.
        kept: Names of the panel; their rows have its order.
        fill: Most bars in a row over which a price is carried forward.
    """
    places = [place for place, name in enumerate(panel.names) if name in kept]
    shape = len(places), int(np.count_nonzero(on_axis))
    whole = np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=shape)
    for row, place in enumerate(places):
        whole[row], _ = filled(panel.prices[on_axis, place], fill)
    whole.flush()


def opened(path: str | Path) -> Floats:
    """Map the file, (N, T), read-only."""
    mapped: Floats = np.load(path, mmap_mode="r")
    return mapped


def digests(path: Path, parts: Iterable[tuple[int, int, int]]) -> list[str]:
    """Return digests of parts of rows.

    Args:
        path: Of the file.
        parts: Row, first bar and the bar behind the last one.
    """
    whole = opened(path)
    return [column_digest(whole[row, start:stop]) for row, start, stop in parts]
