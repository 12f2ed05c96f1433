"""The file of prices that workers map: (N, T) float64, a name after the other, of the names that are kept."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meanrev_batch.calendar import filled
from meanrev_batch.identity import column_digest
from meanrev_batch.model import Floats
from meanrev_batch.panel import Panel
from meanrev_batch.verdicts import Verdict

__all__ = ["digests", "opened", "write"]


def write(path: Path, panel: Panel, on_axis: NDArray[np.bool_], verdicts: list[Verdict], fill: int) -> None:
    """Write the prices of the names that are kept, filled, NaN from their stop on; in the memory of one name.

    Args:
        path: Of the file.
        panel: The universe.
        on_axis: Which of its bars are taken.
        verdicts: One a name of the panel.
        fill: Most bars in a row over which a price is carried forward.
    """
    kept = [place for place, verdict in enumerate(verdicts) if verdict.status == "kept"]
    shape = len(kept), int(np.count_nonzero(on_axis))
    whole = np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=shape)
    for row, place in enumerate(kept):
        prices, _ = filled(panel.prices[on_axis, place], fill)
        prices[verdicts[place].stop :] = np.nan
        whole[row] = prices
    whole.flush()


def opened(path: str | Path) -> Floats:
    """Map the file, (N, T), read-only."""
    mapped: Floats = np.load(path, mmap_mode="r")
    return mapped


def digests(path: Path, n_train: int) -> tuple[list[str], list[str]]:
    """Return digests of each name's prices: of the train part, and of both parts.

    Args:
        path: Of the file.
        n_train: Bars of the train part.
    """
    whole = opened(path)
    return [column_digest(row[:n_train]) for row in whole], [column_digest(row) for row in whole]
