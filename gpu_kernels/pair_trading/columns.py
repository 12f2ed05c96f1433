"""Which columns of a universe can be scanned, and the notes on the others."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.bounds import LARGEST_MAGNITUDE
from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from gpu_kernels.pair_trading.model import ColumnNote
from gpu_kernels.pair_trading.tiles import PairTests

__all__ = ["complete", "untested"]

_SHOWN = 3
"""Columns that an error names at most."""

Indices = NDArray[np.int64]


def complete(prices: Floats, *, log: bool) -> tuple[Indices, list[ColumnNote]]:
    """Choose the columns with a usable price in every row, and note for each other one what is wrong.

    Args:
        prices: (T, N) of any content, T >= 1.
        log: Whether their logarithms are needed.

    Raises:
        InvalidInput: fewer than two columns are left.
    """
    with np.errstate(invalid="ignore"):
        bad = ~(np.abs(prices) <= LARGEST_MAGNITUDE) | ((prices <= 0) & log)
    spoilt = bad.any(axis=0)
    notes = [_spoilt(prices[:, i], bad[:, i], i) for i in np.flatnonzero(spoilt).tolist()]
    kept = np.flatnonzero(~spoilt)
    if kept.size < 2:
        shown = "; ".join(f"column {note.column}: {note.reason}" for note in notes[:_SHOWN])
        more = f"; and {len(notes) - _SHOWN} more" if len(notes) > _SHOWN else ""
        column = notes[0].column
        row = int(np.argmax(bad[:, column]))
        rule = f"must hold at least two columns with a usable price in every row: {shown}{more}"
        raise InvalidInput("prices", rule, value=prices[row, column].item(), index=(row, column))
    return kept, notes


def untested(tests: PairTests, n_columns: int, *, log: bool) -> list[ColumnNote]:
    """Return a note for each column of which some pairs or all had no test.

    Args:
        tests: Of all pairs of so many columns.
        n_columns: N.
        log: Whether logarithms were regressed.
    """
    notes = [
        ColumnNote(column, "error", "constant in the train part, so that no pair of it can be tested")
        for column in tests.constant.tolist()
    ]
    column, other = np.concatenate([tests.untested, tests.untested[::-1]], axis=1)
    alike = np.concatenate([tests.alike, tests.alike])
    order = np.lexsort((other, column))
    numbers, starts = np.unique(column[order], return_index=True)
    for number, places in zip(numbers.tolist(), np.split(order, starts[1:]), strict=False):
        what = "logarithms are those" if log else "prices are those"
        same = f"its {what} of another column but for factor and offset"
        reason = same if alike[places].all() else "no residual with a t value"
        status = "error" if places.size + tests.constant.size == n_columns - 1 else "ok"
        notes.append(ColumnNote(number, status, f"{reason}; not tested with", tuple(other[places].tolist())))
    return sorted(notes, key=lambda note: note.column)


def _spoilt(column: Floats, bad: NDArray[np.bool_], number: int) -> ColumnNote:
    missing = np.isnan(column)
    n_rows, present = len(column), np.flatnonzero(~missing)
    others = np.flatnonzero(bad & ~missing)
    if not present.size:
        return ColumnNote(number, "error", "no price at all; leave the column out")
    if others.size:
        row = int(others[0])
        price = column[row].item()
        if np.isinf(price):
            rule = "is infinite; correct it"
        elif abs(price) > LARGEST_MAGNITUDE:
            rule = f"is above {LARGEST_MAGNITUDE:.0e} in magnitude; take another unit"
        else:
            rule = "is not above 0, as logarithms need; scan with log=False (prices as they are)"
        return ColumnNote(number, "error", f"price {price!r} in row {row} {rule}, or leave the column out")
    first, last = int(present[0]), int(present[-1])
    parts = []
    if first:
        parts.append(f"no price before row {first}: scan from there on")
    if last < n_rows - 1:
        parts.append(f"no price after row {last}: scan up to there")
    inside = int(missing[first : last + 1].sum())
    if inside:
        row = first + int(np.argmax(missing[first : last + 1]))
        rows = "row" if inside == 1 else f"{inside} rows between, the first is row"
        parts.append(f"no price in {rows} {row}: fill it" if inside == 1 else f"no price in {rows} {row}: fill them")
    return ColumnNote(number, "error", "; ".join(parts) + ", or leave the column out")
