"""Arrays, lists and mappings of columns become one table."""

import datetime as dt
from collections.abc import Hashable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake import objects
from meanrev.intake.columns import no_times, prices_among
from meanrev.intake.describe import described
from meanrev.intake.stamps import Times, increasing, iso_times, looks_iso
from meanrev.intake.table import Floats, ListTable, Table

__all__ = ["MappingTable", "array_floats", "array_table", "mapping_table"]

_RULE = "must be numbers of shape (T,) or (T, N)"
_SAMPLE = 1000


@dataclass(frozen=True)
class MappingTable(Table):
    """A table that came as a mapping of columns.

    Attributes:
        time: Name and values of the column of times, or None.
    """

    time: tuple[Hashable, NDArray[Any]] | None = None

    def column(self) -> Table:
        """Return the single column of a (T, 1) table as a series."""
        return Table(self.values[:, 0], (), self.timestamps_ms, self.report)

    def _built(
        self, values: Floats, *, time: bool, rows: Sequence[Hashable] | None, columns: Sequence[Hashable] | None
    ) -> Any:
        if values.ndim == 1:
            return values if rows is None else dict(zip(rows, values.tolist(), strict=True))
        if columns is None:
            return values
        if rows is not None:
            return {row: dict(zip(columns, line, strict=True)) for row, line in zip(rows, values.tolist(), strict=True)}
        known = {} if not time or self.time is None else {self.time[0]: self.time[1][-len(values) :]}
        return known | dict(zip(columns, np.ascontiguousarray(values.T), strict=True))


def array_table(field: str, given: Any) -> Table:
    """Read an array or nested lists; the fields of a structured array are columns.

    Raises:
        InvalidInput: it holds no numbers, or has neither one nor two dimensions.
    """
    if isinstance(given, np.ndarray) and given.dtype.names and given.ndim == 1:
        return mapping_table(field, {name: given[name] for name in given.dtype.names})
    values = array_floats(field, given)
    no_times(field, values)
    return ListTable(values) if isinstance(given, list | tuple) else Table(values)


def array_floats(field: str, given: Any) -> Floats:
    """Return an array or nested lists as float64, (T,) or (T, N).

    Raises:
        InvalidInput: it holds no numbers, or has neither one nor two dimensions.
    """
    values = given if isinstance(given, np.ndarray) else _array(field, given)
    if values.ndim not in {1, 2}:
        kind = type(given).__name__ if values.ndim == 0 else values.shape
        raise InvalidInput(field, "must have shape (T,) or (T, N)" if values.ndim else _RULE, value=kind)
    return objects.floats(field, values)


def mapping_table(field: str, given: Mapping[Any, Any]) -> Table:
    """Read a mapping of columns, {"KO": [...], "PEP": [...]}; a column of dates or ISO texts is the time of the rows.

    Raises:
        InvalidInput: a column holds no numbers, has another length than the first, or looks like an index.
    """
    columns: dict[Hashable, Any] = {}
    time: tuple[Hashable, NDArray[Any], str] | None = None
    for label, column in given.items():
        where = f"{field}[{label!r}]"
        dated = _dated(where, column)
        if dated is not None and time is not None:
            raise InvalidInput(where, f"must be numbers, for {time[0]!r} is the time of the rows already")
        if dated is None:
            columns[label] = _column(where, column)
        else:
            time = (label, *dated)
    if not columns:
        raise InvalidInput(field, "must hold a column of numbers")
    length = len(next(iter(columns.values()))) if time is None else len(time[1])
    for label, column in columns.items():
        if len(column) != length:
            raise InvalidInput(f"{field}[{label!r}]", f"must have {length} rows, as the others", value=len(column))
    times = None
    if time is not None:
        times = Times(increasing(f"{field}[{time[0]!r}]", time[1]), str(time[0]), time[2])
    whole = [np.asarray(column).dtype.kind in "iu" for label, column in given.items() if label in columns]
    found = prices_among(
        field, tuple(columns), np.column_stack(list(columns.values())), whole, lambda _label, _said: "leave it out"
    )
    report = described("mapping", found.values, found.labels, times, found.left_out)
    stamps = None if times is None else times.milliseconds()
    return MappingTable(found.values, found.labels, stamps, report, time=None if time is None else time[:2])


def _column(field: str, given: Any) -> Floats:
    if isinstance(given, str | bytes | Mapping) or not hasattr(given, "__len__"):
        whole = field.partition("[")[0]
        wrong = f"{whole} must be numbers, or a mapping of sequences of numbers; {field} holds {objects.shown(given)!r}"
        raise InvalidInput(whole, "must be numbers, or a mapping of sequences of numbers", message=wrong)
    values = array_floats(field, given)
    if values.ndim != 1:
        raise InvalidInput(field, "must have shape (T,)", value=values.shape)
    return values


def _dated(field: str, given: Any) -> tuple[NDArray[Any], str] | None:
    """Return a column's times and what they came as, or None where it holds numbers."""
    if isinstance(given, np.ndarray) and given.dtype.kind == "M":
        return given, "datetime"
    if not isinstance(given, np.ndarray | list | tuple) or len(given) == 0:
        return None
    if isinstance(given[0], dt.date | np.datetime64):
        return _moments(field, given), "datetime" if isinstance(given[0], dt.datetime) else "date"
    if isinstance(given[0], str) and looks_iso(list(given[:_SAMPLE])):
        return iso_times(field, list(given)), "ISO text"
    return None


def _moments(field: str, given: Sequence[Any] | NDArray[Any]) -> NDArray[np.datetime64]:
    """Return dates and datetimes as datetime64, in UTC where they have a zone."""
    texts = [moment.isoformat() if isinstance(moment, dt.date) else str(moment) for moment in given]
    return iso_times(field, texts)


def _array(field: str, given: Any) -> NDArray[Any]:
    """Return a sequence as an array of the type that its cells have, texts left as objects."""
    if isinstance(given, Iterator | AbstractSet):
        raise InvalidInput(field, f"{_RULE}; make a list of it first", value=type(given).__name__)
    if isinstance(given, str | bytes):
        raise InvalidInput(field, _RULE, value=objects.shown(given))
    if isinstance(given, list | tuple) and given and hasattr(given[0], "name") and hasattr(given[0], "to_numpy"):
        rule = f"{_RULE}; a list of Series does not say whether they are rows or columns: give a mapping or a frame"
        raise InvalidInput(field, rule, value=f"{type(given).__name__} of {type(given[0]).__name__}")
    try:
        values = np.asarray(given)
        if values.dtype.kind in "US":  # NumPy makes texts of numbers that stand beside one text
            values = np.asarray(given, dtype=object)
    except (TypeError, ValueError, OverflowError):
        _uneven(field, given)
        raise InvalidInput(field, _RULE, value=type(given).__name__) from None
    return values


def _uneven(field: str, given: Any) -> None:
    """Name the first row of another length than the first row's."""
    if not isinstance(given, list | tuple):
        return
    lengths = [len(row) if hasattr(row, "__len__") and not isinstance(row, str) else 0 for row in given]
    for row, length in enumerate(lengths):
        if length != lengths[0]:
            rule = f"must have {lengths[0]} cells, as the first row" if lengths[0] else "must be a number, as the first"
            raise InvalidInput(field, rule, value=length or objects.shown(given[row]), index=row)
