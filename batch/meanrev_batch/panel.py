"""Prices of a universe as they are in its files, in order of time, and what is wrong with which name."""

from typing import Any, NamedTuple

import numpy as np

from meanrev.intake.order import shown_time
from meanrev_batch.model import Floats, Ints

__all__ = ["REASONS", "Fault", "Panel", "in_order", "part_of", "repeated"]

REASONS = ("missing", "short", "constant", "not_positive", "infinite", "not_numeric", "duplicate_bar", "not_member")
"""Why a name is left out."""

_MS = 10**6


class Fault(NamedTuple):
    """Why a name cannot be used: one of REASONS, and the place and value for people."""

    reason: str
    detail: str


class Panel(NamedTuple):
    """Prices of a universe.

    Attributes:
        stamps_ms: (T,) milliseconds since 1970 in UTC, strictly increasing: every bar that any name has.
        names: (N,) in the order of the file.
        prices: (T, N), each column in one piece; NaN where a name has no price at a bar.
        faults: Names that cannot be used, whatever the calendar is.
        merged: Rows of a name that repeated its price of the same bar, by name; names without any are not listed.
    """

    stamps_ms: Ints
    names: tuple[str, ...]
    prices: Floats
    faults: dict[str, Fault]
    merged: dict[str, int]


def part_of(panel: Panel, start: int, stop: int) -> Panel:
    """Return the bars from start to before stop, without a copy; faults and merged rows are those of all bars."""
    return panel._replace(stamps_ms=panel.stamps_ms[start:stop], prices=panel.prices[start:stop])


def repeated(panel: Panel, rows: Any, columns: Any, prices: Floats) -> None:
    """Count rows that repeat a price of the same bar, and find names with two prices of one bar."""
    differs = panel.prices[rows, columns] != prices
    for row, column, price in zip(
        rows[differs].tolist(), columns[differs].tolist(), prices[differs].tolist(), strict=True
    ):
        _two_prices(panel, int(panel.stamps_ms[row]), column, price, float(panel.prices[row, column]))
    _, counts = np.unique(rows * len(panel.names) + columns, return_counts=True)
    cells = np.unique(rows * len(panel.names) + columns)[counts > 1]
    for column, count in zip((cells % len(panel.names)).tolist(), (counts[counts > 1] - 1).tolist(), strict=True):
        name = panel.names[column]
        panel.merged[name] = panel.merged.get(name, 0) + count


def _two_prices(panel: Panel, stamp: int, column: int, one: float, other: float) -> None:
    detail = f"{shown_time(stamp * _MS)} has the prices {min(one, other):g} and {max(one, other):g}"
    panel.faults.setdefault(panel.names[column], Fault("duplicate_bar", detail))


def in_order(panel: Panel) -> Panel:
    """Return the panel in order of time, with one row a bar."""
    stamps = panel.stamps_ms
    if bool((stamps[1:] > stamps[:-1]).all()):
        return panel
    order = np.argsort(stamps, kind="stable")
    stamps, prices = stamps[order], np.asfortranarray(panel.prices[order])
    fresh = np.concatenate([[True], stamps[1:] > stamps[:-1]])
    kept = np.flatnonzero(fresh)
    for row in np.flatnonzero(~fresh).tolist():
        target = kept[np.searchsorted(kept, row, side="right") - 1]
        both = ~np.isnan(prices[row]) & ~np.isnan(prices[target])
        for column in np.flatnonzero(both).tolist():
            if prices[row, column] != prices[target, column]:
                _two_prices(panel, int(stamps[row]), column, float(prices[row, column]), float(prices[target, column]))
            else:
                panel.merged[panel.names[column]] = panel.merged.get(panel.names[column], 0) + 1
        prices[target] = np.where(np.isnan(prices[target]), prices[row], prices[target])
    return panel._replace(stamps_ms=stamps[kept], prices=np.asfortranarray(prices[kept]))
