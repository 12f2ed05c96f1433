"""Why a series, a cell or a part of a walk-forward step has no figures, in words for the researcher."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import sweep
from gpu_kernels.checks import Floats
from gpu_kernels.threshold_grid.model import Cells

__all__ = ["NO_VALID_CELL", "of_cells", "of_metrics", "of_part", "of_series"]

NO_VALID_CELL = "no cell is valid: an exit must be at least -entry and below entry"
"""Why no series has figures where every cell is invalid."""

_TOO_HIGH = "the exit is not below the entry: it must be in [-entry, entry)"
_TOO_LOW = "the exit is below -entry: it must be in [-entry, entry)"
_NO_FIGURE = f"no cell has a finite figure; {sweep.OVERFLOW}"


def of_series(prices: Floats, cells: Cells, mode: str) -> list[str]:
    """Return why each series of (B, T) has no figure in any cell; every one of them has none."""
    return _reasons(prices, cells, mode, whose="series'")


def of_part(prices: Floats, cells: Cells, mode: str, part: str, first_row: int) -> list[str]:
    """Return for each series why no cell has a figure on a part of its bars.

    Args:
        prices: (B, t) of the part.
        cells: The grid.
        mode: Of the sweep.
        part: "train" or "test".
        first_row: Row of the prices at which the part begins.
    """
    listed = _reasons(prices, cells, mode, whose=f"{part} part's", first_row=first_row)
    return [f"the {part} part has no price" if reason == sweep.NO_PRICE else reason for reason in listed]


def of_metrics(cells: Cells, n_series: int) -> list[str]:
    """Return why no cell has a figure where the prices are not known."""
    return [_NO_FIGURE if cells.valid.any() else NO_VALID_CELL] * n_series


def of_cells(cells: Cells, n_prices: NDArray[np.int64]) -> tuple[NDArray[np.int32], list[str]]:
    """Return for each cell why no series can have a figure in it.

    Args:
        cells: The grid.
        n_prices: (B,) prices of each series.

    Returns:
        (G,) places in the list of reasons, and that list, the first of which is "" for cells that can have figures.
    """
    most = int(n_prices.max(initial=0))
    places, listed = np.zeros(cells.valid.size, dtype=np.int32), [""]
    for lookback in np.unique(cells.lookback[cells.lookback > most]).tolist():
        places[cells.lookback == lookback] = len(listed)
        listed.append(f"lookback {lookback} is longer than the longest series' {_bars(most)}")
    for wrong, reason in ((cells.exit_z >= cells.entry_z, _TOO_HIGH), (cells.exit_z < -cells.entry_z, _TOO_LOW)):
        if wrong.any():
            places[wrong] = len(listed)
            listed.append(reason)
    return places, listed


def _reasons(prices: Floats, cells: Cells, mode: str, whose: str, first_row: int = 0) -> list[str]:
    listed = sweep.reasons(prices, mode, first_row)
    seen = sweep.survey(prices, mode)
    least = int(cells.lookback[cells.valid].min()) if cells.valid.any() else 0
    for series, reason in enumerate(listed):
        if reason:
            continue
        n_prices = int(seen.n_prices[series])
        if not cells.valid.any():
            listed[series] = NO_VALID_CELL
        elif least > n_prices:
            gaps = "" if n_prices == seen.n_bars[series] else " with a price"
            listed[series] = f"lookback {least} is longer than the {whose} {_bars(n_prices)}{gaps}"
        else:
            listed[series] = _NO_FIGURE
    return listed


def _bars(number: int) -> str:
    return "1 bar" if number == 1 else f"{number} bars"
