"""Frames and series of libraries other than pandas, read and built through narwhals."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake.table import Ints, Table

__all__ = ["NarwhalsTable", "narwhals_table"]


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
    """Read a frame, whose column of dates or times (if any) is its index, or a series.

    Args:
        field: The argument's name, for messages.
        given: An eager frame or a series that narwhals knows.

    Raises:
        InvalidInput: it is neither, holds more than one column of times, or one that is no number.
    """
    try:
        native = nw.from_native(given, eager_only=True, allow_series=True)
    except TypeError:
        rule = "must be numbers of shape (T,) or (T, N), in a frame that is not lazy"
        raise InvalidInput(field, rule, value=type(given).__name__) from None
    backend = native.implementation
    if isinstance(native, nw.Series):
        return NarwhalsTable(_numbers(field, native), backend=backend, name=native.name)
    times = [name for name, kind in native.schema.items() if kind.is_temporal()]
    if len(times) > 1:
        raise InvalidInput(field, "must hold one column of times at most", value=times[1])
    names = tuple(name for name in native.columns if name not in times)
    if not names:
        raise InvalidInput(field, "must hold a column of numbers")
    values = np.column_stack([_numbers(f"{field}[{name!r}]", native[name]) for name in names])
    time = native[times[0]] if times else None
    return NarwhalsTable(values, names, _timestamps(time), backend=backend, time=time)


def _numbers(field: str, column: Any) -> NDArray[np.float64]:
    if not (column.dtype.is_numeric() or column.dtype == nw.Boolean):
        raise InvalidInput(field, "must be numbers", value=str(column.dtype))
    # A null is a price that is not there, and so is NaN.
    numbers: NDArray[np.float64] = column.cast(nw.Float64).fill_null(float("nan")).to_numpy()
    return numbers


def _timestamps(time: Any) -> Ints | None:
    if time is None or time.null_count():
        return None
    if time.dtype == nw.Date:
        time = time.cast(nw.Datetime("ms"))
    if not isinstance(time.dtype, nw.Datetime):
        return None
    stamps: Ints = np.asarray(time.dt.timestamp("ms").to_numpy(), dtype=np.int64)
    return stamps
