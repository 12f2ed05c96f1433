"""Frames and series of libraries other than pandas, read and built through narwhals."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake import objects
from meanrev.intake.arrow import plain_arrow
from meanrev.intake.columns import no_times, prices_among
from meanrev.intake.describe import described, different
from meanrev.intake.frame_times import Clock, clock
from meanrev.intake.report import LeftOut
from meanrev.intake.table import Floats, Table

__all__ = ["NarwhalsTable", "frame_of_series", "labels_and_numbers", "narwhals_table"]

_EXACT = 2**53
_UNITS = {"seconds": "s", "milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}


@dataclass(frozen=True)
class NarwhalsTable(Table):
    """A table that came as a frame or a series of polars, pyarrow or their like.

    Attributes:
        backend: The library, which builds what goes back.
        time: The column of dates or times that stood beside the numbers, or None.
        name: Of a series.
    """

    backend: Any = None
    time: Any = None
    name: str = ""

    def column(self) -> Table:
        """Return the single column of a (T, 1) table as a series."""
        return replace(self, values=self.values[:, 0], names=(), time=None, name=str(self.names[0]))

    def _built(
        self, values: NDArray[Any], *, time: bool, rows: Sequence[Hashable] | None, columns: Sequence[Hashable] | None
    ) -> Any:
        if values.ndim == 1:
            name = self.name if time else ""
            return nw.new_series(name, np.ascontiguousarray(values), backend=self.backend).to_native()
        labels = [str(label) for label in (range(values.shape[1]) if columns is None else columns)]
        frame = nw.from_dict(
            {label: np.ascontiguousarray(column) for label, column in zip(labels, values.T, strict=True)},
            backend=self.backend,
        )
        if time and self.time is not None:
            frame = frame.select(self.time.tail(len(values)), nw.all())
        return frame.to_native()


def narwhals_table(field: str, given: Any) -> NarwhalsTable:
    """Read a frame, whose column of dates, times or ISO texts (if any) is its index, or a series.

    Args:
        field: The argument's name, for messages.
        given: An eager frame or a series that narwhals supports.

    Raises:
        InvalidInput: it is neither, holds more than one column of times or one that does not strictly increase, or a
            column that is no number.
    """
    native = _eager(field, given)
    kind = f"{native.implementation.name.lower()} {type(given).__name__}"
    backend = native.implementation
    if isinstance(native, nw.Series):
        values = _numbers(field, native)
        no_times(field, values)
        return NarwhalsTable(
            values, report=described(kind, values, (native.name,), None), backend=backend, name=native.name
        )
    found = clock(field, native)
    rest = [name for name in native.columns if found is None or name != found.column.name]
    if not rest:
        raise InvalidInput(field, "must hold a column of numbers")
    schema = native.schema  # made anew at each look
    kinds = [schema[name] for name in rest]
    values = _matrix(field, native, rest, kinds)
    whole = [kind.is_integer() for kind in kinds]
    prices = prices_among(field, rest, values, whole, partial(_way, kind), alone=False)
    left_out = prices.left_out
    if found is not None and found.times is None:
        left_out = (LeftOut("column", (found.column.name,), "it names the rows, and is no series"), *left_out)
    return _table(kind, prices.values, prices.labels, found, left_out, backend)


def labels_and_numbers(field: str, given: Any) -> tuple[tuple[Hashable, ...] | None, NarwhalsTable]:
    """Read what is one an asset: numbers, with a column of labels beside them or none.

    Args:
        field: The argument's name, for messages.
        given: An eager frame or a series that narwhals supports.

    Returns:
        The labels, or None; and the numbers, with the names of their columns.

    Raises:
        InvalidInput: it is neither, or holds more than one column that is no number.
    """
    native = _eager(field, given)
    backend = native.implementation
    if isinstance(native, nw.Series):
        return None, NarwhalsTable(_numbers(field, native), backend=backend, name=native.name)
    texts = [name for name, kind in native.schema.items() if not kind.is_numeric()]
    if len(texts) > 1 and len(native):
        _numbers(f"{field}[{texts[1]!r}]", native[texts[1]])
    names = tuple(name for name in native.columns if name not in texts[:1])
    if not names:
        raise InvalidInput(field, "must hold a column of numbers")
    values = np.column_stack([_numbers(f"{field}[{name!r}]", native[name]) for name in names])
    labels = tuple(native[texts[0]].to_list()) if texts else None
    return labels, NarwhalsTable(values, names, backend=backend)


def frame_of_series(field: str, given: Mapping[Any, Any]) -> Any:
    """Return the frame of a mapping of series of one library.

    Raises:
        InvalidInput: one is no such series, or has another length.
    """
    columns: dict[str, Any] = {}
    for name, column in given.items():
        if type(column).__module__.partition(".")[0] not in {"polars", "pyarrow"}:
            raise InvalidInput(f"{field}[{name!r}]", "must be a series of the library that made the others")
        columns[str(name)] = _eager(f"{field}[{name!r}]", column)
    first = next(iter(columns.values()))
    for name, column in columns.items():
        if not isinstance(column, nw.Series) or len(column) != len(first):
            raise InvalidInput(f"{field}[{name!r}]", f"must be a series of {len(first)} rows, as the first")
    return nw.from_dict(columns, backend=first.implementation).to_native()


def _table(
    kind: str, values: Floats, labels: tuple[Hashable, ...], found: Clock | None, left_out: Any, backend: Any
) -> NarwhalsTable:
    times = None if found is None else found.times
    return NarwhalsTable(
        values,
        labels,
        None if times is None else times.milliseconds(),
        described(kind, values, labels, times, left_out),
        backend=backend,
        time=None if found is None else found.column,
    )


def _eager(field: str, given: Any) -> Any:
    """Return a frame or series as narwhals', with columns of different names."""
    given = plain_arrow(given)
    names = getattr(given, "column_names", None)
    if names is not None:
        different(field, names)
    try:
        return nw.from_native(given, eager_only=True, allow_series=True)
    except Exception as error:
        rule = "must be numbers of shape (T,) or (T, N), in a frame that is not lazy (collect() makes one of it)"
        raise InvalidInput(field, rule, value=type(given).__name__) from error


def _matrix(field: str, native: Any, names: Sequence[str], kinds: Sequence[Any]) -> Floats:
    """Return columns as (T, N) float64, all at once where they are floats."""
    if all(kind.is_float() for kind in kinds):
        plain = native.select(nw.col(*names).cast(nw.Float64).fill_null(float("nan")))
        return np.asarray(plain.to_numpy())
    return np.column_stack([_numbers(f"{field}[{name!r}]", native[name]) for name in names])


def _numbers(field: str, column: Any) -> Floats:
    """Return a column as float64; a null is a price that is not there, and so is NaN."""
    dtype = column.dtype
    if column.null_count() == len(column):
        return np.full(len(column), np.nan)
    if dtype in (nw.Date, nw.Datetime, nw.Time, nw.Duration, nw.Struct, nw.List, nw.Array, nw.Binary):
        raise InvalidInput(field, "must be numbers", value=str(dtype))
    if not dtype.is_numeric():
        return objects.of_objects(field, column.to_list())
    if dtype.is_integer() and max(abs(int(column.min())), abs(int(column.max()))) > _EXACT:
        return objects.of_objects(field, column.to_list())
    read: Floats = column.cast(nw.Float64).fill_null(float("nan")).to_numpy()
    return read


def _way(kind: str, name: Hashable, said: str) -> str:
    if not kind.startswith("polars"):
        return f"make it a timestamp, or leave it out: table.drop_columns([{name!r}])"
    unit = _UNITS.get(said.split(maxsplit=1)[0])
    if unit is not None:
        return f"make it a time, frame.with_columns(polars.from_epoch({name!r}, time_unit={unit!r})), or drop({name!r})"
    return f"make it a date with with_columns, or leave it out: frame.drop({name!r})"
