"""Cells that are not plain floats: each is converted, or refused by its column, its row and its content."""

import numbers
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake.table import Floats

__all__ = ["RowLabel", "absent", "floats", "no_label", "of_objects", "shown"]

RowLabel = Callable[[int], str]
"""From a row's number to what the caller calls it, or "" where rows have no labels."""

_EXACT = 2**53
_LONGEST = 60
_BITS = 200
_NUMBER = "must be numbers"
_WAYS = {
    "text": "which is text; pandas.to_numeric, or a cast, makes numbers of texts",
    "flag": "which is a truth value; leave the column out, or make numbers of it with astype(float)",
    "inexact": f"and a float64 holds whole numbers up to 2**53 = {_EXACT:,} only; astype(float) rounds them",
    "large": "which no float64 can hold",
    "other": "which is no number",
}
_KINDS = {"U": "text", "S": "text", "b": "flag"}


def no_label(_row: int) -> str:
    """Return "": the rows have no labels."""
    return ""


def shown(cell: object) -> object:
    """Return what a message shows of a cell: texts and numbers as they are, cut where they are long, else the type."""
    if isinstance(cell, str):
        return cell[:_LONGEST]
    plain = isinstance(cell, float) or (isinstance(cell, int) and cell.bit_length() < _BITS)
    return cell if plain else type(cell).__name__


def floats(field: str, values: NDArray[Any], label: RowLabel = no_label) -> Floats:
    """Return an array of any dtype as float64; what is masked is NaN.

    Args:
        field: Name for messages.
        values: (T,) or (T, N).
        label: What the caller calls a row.

    Raises:
        InvalidInput: it holds dates, durations, complex numbers, texts, truth values, or whole numbers that a float64
            cannot hold exactly.
    """
    mask = np.ma.getmask(values)
    plain = np.asarray(np.ma.getdata(values))
    kind = plain.dtype.kind
    if kind == "O":
        if mask is not np.ma.nomask:
            plain = np.where(mask, np.array(None, dtype=object), plain)
        out = of_objects(field, plain, label)
    elif kind in "fiu":
        out = np.asarray(plain, dtype=np.float64)
        if kind in "iu":
            _exact(field, plain, out, label)
    elif kind in _KINDS and plain.size:
        place = (0,) * plain.ndim
        raise _refusal(field, _KINDS[kind], place, plain[place].item(), label)
    elif kind in _KINDS:
        out = np.empty(plain.shape)
    else:
        raise InvalidInput(field, "must be numbers of shape (T,) or (T, N)", value=str(plain.dtype))
    return out if mask is np.ma.nomask else np.where(mask, np.nan, out)


def of_objects(field: str, cells: Sequence[Any] | NDArray[Any], label: RowLabel = no_label) -> Floats:
    """Return objects as float64: None and pandas.NA are NaN; floats, integers, decimals and fractions are read.

    Args:
        field: Name for messages.
        cells: (T,) or (T, N).
        label: What the caller calls a row.

    Raises:
        InvalidInput: a cell is no number.
    """
    given = cells if isinstance(cells, np.ndarray) else _boxed(cells)
    out = np.empty(given.shape)
    for place, cell in np.ndenumerate(given):
        if type(cell) is float:
            out[place] = cell
        elif absent(cell):
            out[place] = np.nan
        else:
            out[place] = _number(field, cell, place, label)
    return out


def _exact(field: str, whole: NDArray[Any], read: Floats, label: RowLabel) -> None:
    """Check that whole numbers survived their way to float64."""
    if not whole.size or (int(whole.max()) <= _EXACT and int(whole.min()) >= -_EXACT):
        return
    for place in map(tuple, np.argwhere(np.abs(read) >= _EXACT)):
        value = int(whole[place])
        if value != int(read[place]):
            raise _refusal(field, "inexact", place, value, label)


def _number(field: str, cell: Any, place: tuple[int, ...], label: RowLabel) -> float:
    if isinstance(cell, str | bytes):
        raise _refusal(field, "text", place, cell, label)
    if isinstance(cell, bool | np.bool_):
        raise _refusal(field, "flag", place, cell, label)
    if not isinstance(cell, numbers.Real | Decimal):
        raise _refusal(field, "other", place, cell, label)
    try:
        read = float(cell)
    except (OverflowError, ValueError):  # a signalling NaN, or a number that no float64 holds
        raise _refusal(field, "large", place, cell, label) from None
    if isinstance(cell, numbers.Integral) and abs(read) >= _EXACT and int(cell) != int(read):
        raise _refusal(field, "inexact", place, int(cell), label)
    return read


def _refusal(field: str, why: str, place: tuple[int, ...], cell: object, label: RowLabel) -> InvalidInput:
    index = tuple(map(int, place))
    where = index[0] if len(index) == 1 else index
    row = f"row {index[0]}" if len(index) == 1 else f"row {index[0]}, column {index[1]}"
    wrong = f"{field} {_NUMBER}, got {shown(cell)!r} in {row}, {_WAYS[why]}"
    return InvalidInput(field, _NUMBER, value=shown(cell), index=where, hint=label(index[0]), message=wrong)


def absent(cell: object) -> bool:
    """Return whether a cell is None, pandas.NA or pandas.NaT."""
    return cell is None or (type(cell).__name__ in {"NAType", "NaTType"} and type(cell).__module__.startswith("pandas"))


def _boxed(cells: Sequence[Any]) -> NDArray[Any]:
    out = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):
        out[place] = cell
    return out
