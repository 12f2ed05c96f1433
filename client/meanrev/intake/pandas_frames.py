"""Series and frames of pandas: columns become floats or are refused by name, and the index gives the times."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from meanrev.errors import InvalidInput
from meanrev.intake import objects
from meanrev.intake.column_names import is_time_name
from meanrev.intake.columns import Prices, no_times, prices_among
from meanrev.intake.describe import described, different
from meanrev.intake.pandas_times import index_times, row_label
from meanrev.intake.roles import COUNTED
from meanrev.intake.stamps import Times, looks_iso
from meanrev.intake.table import Floats, Ints, Table

__all__ = ["PandasTable", "column_floats", "frame_of", "indexed", "labelled_floats", "pandas_table"]

_UNITS = {"seconds": "s", "milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}


@dataclass(frozen=True)
class PandasTable(Table):
    """A table that came as a pandas Series or DataFrame.

    Attributes:
        native: What came, without the columns that were left out.
    """

    native: Any = None

    def column(self) -> Table:
        """Return the single column of a (T, 1) table as a series."""
        return replace(self, values=self.values[:, 0], names=(), native=self.native.iloc[:, 0])

    def _built(
        self, values: Floats, *, time: bool, rows: Sequence[Hashable] | None, columns: Sequence[Hashable] | None
    ) -> Any:
        index = self.native.index[len(self.native.index) - len(values) :] if time else self._axis(rows)
        if values.ndim == 1:
            return pd.Series(values, index=index, name=self.native.name if time and self.native.ndim == 1 else None)
        return pd.DataFrame(values, index=index, columns=self._axis(columns))

    def _axis(self, names: Sequence[Hashable] | None) -> Any:
        """Return the frame's own columns where they are meant, so that an index of several levels survives."""
        return self.native.columns if names is not None and self.native.ndim == 2 else names


def pandas_table(field: str, given: Any) -> PandasTable:
    """Read a Series, or a frame whose columns are series.

    Args:
        field: The argument's name, for messages.
        given: A Series or a DataFrame; an index of dates must strictly increase.

    Raises:
        InvalidInput: a column holds no numbers, is a time or an index instead of prices, or has another one's name;
            or the index is out of order.
    """
    times = index_times(field, given)
    if given.ndim == 1:
        values = column_floats(field, given)
        no_times(field, values)
        report = described("pandas Series", values, (given.name,), times)
        return PandasTable(values, (), _stamps(times), report, native=given)
    different(field, given.columns)
    found = _columns(field, given)
    report = described("pandas DataFrame", found.values, found.labels, times, found.left_out)
    native = given.iloc[:, found.places] if found.left_out else given
    return PandasTable(found.values, found.labels, _stamps(times), report, native=native)


def column_floats(field: str, given: Any) -> Floats:
    """Return a Series of any type as float64.

    Raises:
        InvalidInput: it holds no numbers; names the cell, by the index's label too, or the type.
    """
    dtype, label = given.dtype, row_label(given.index)
    if isinstance(dtype, pd.CategoricalDtype):
        return column_floats(field, given.astype(dtype.categories.dtype if len(dtype.categories) else object))
    if isinstance(dtype, pd.SparseDtype):
        return column_floats(field, given.sparse.to_dense())
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return _numbers(field, given.to_numpy(), given, label)
    if getattr(dtype, "kind", "O") in "iuf" and not pd.isna(given).any():
        return objects.floats(field, given.to_numpy(dtype=dtype.numpy_dtype), label)
    if getattr(dtype, "kind", "O") == "f":
        return np.asarray(given.to_numpy(dtype=np.float64, na_value=np.nan))
    if getattr(dtype, "kind", "O") in "mMc":
        raise _no_numbers(field, given)
    return objects.of_objects(field, given.to_numpy(dtype=object), label)


def indexed(given: Any) -> Any:
    """Return a frame whose first column holds texts with these as its index: labels that went through a file.

    Args:
        given: A Series or a DataFrame; one whose index holds labels already is returned as it is.
    """
    if given.ndim == 1 or given.shape[1] == 0 or not isinstance(given.index, pd.RangeIndex):
        return given
    first = given.iloc[:, 0]
    return given.set_index(given.columns[0]) if pd.api.types.infer_dtype(first, skipna=False) == "string" else given


def labelled_floats(field: str, given: Any) -> Floats:
    """Return a Series (N,) or a frame (N, M) whose index holds labels instead of times, as float64."""
    if given.ndim == 1:
        return column_floats(field, given)
    columns = [column_floats(f"{field}[{name!r}]", given.iloc[:, place]) for place, name in enumerate(given.columns)]
    return np.column_stack(columns) if columns else np.empty(given.shape)


def _stamps(times: Times | None) -> Ints | None:
    return None if times is None else times.milliseconds()


def _columns(field: str, given: Any) -> Prices:
    """Return the columns of prices, and what was left out."""
    dtypes = list(given.dtypes)
    if all(isinstance(dtype, np.dtype) and dtype.kind == "f" for dtype in dtypes):
        read = np.asarray(given, dtype=np.float64)
    else:
        columns = [_column(field, name, given.iloc[:, place]) for place, name in enumerate(given.columns)]
        read = np.column_stack(columns) if columns else np.empty((len(given), 0))
    whole = [getattr(dtype, "kind", "O") in "iu" for dtype in dtypes]
    return prices_among(field, tuple(given.columns), read, whole, partial(_way, field))


def _column(field: str, name: Hashable, column: Any) -> Floats:
    """Read one column of a frame; one of dates is named with the way to make it the index."""
    where = f"{field}[{name!r}]"
    try:
        return column_floats(where, column)
    except InvalidInput as error:
        dtype = column.dtype
        dates = getattr(dtype, "kind", "O") == "M" or isinstance(dtype, pd.PeriodDtype)
        if not dates:
            # Not by dropna, which compares cells, and a signalling NaN of decimal cannot be compared.
            cells = (cell for cell in column if not objects.absent(cell))
            present = [cell for cell in cells if not (isinstance(cell, float) and np.isnan(cell))]
            dates = pd.api.types.infer_dtype(present, skipna=False) in {"date", "datetime", "period"} or (
                bool(present) and looks_iso(present[:1000])
            )
        if dates or (error.value is not None and is_time_name(name)):
            way = f"make them the index: {field}.set_index({name!r})"
            if getattr(dtype, "kind", "O") != "M":
                way += " after pandas.to_datetime"
            held = str(column.iloc[0]).removesuffix(" 00:00:00") if len(column) else str(dtype)
            wrong = f"{where} must be numbers, got dates such as {held!r}; {way}"
            raise InvalidInput(where, "must be numbers", value=held, message=wrong) from None
        raise


def _numbers(field: str, values: Any, given: Any, label: objects.RowLabel) -> Floats:
    if values.dtype.kind in "mMcV":
        raise _no_numbers(field, given)
    return objects.floats(field, values, label)


def _no_numbers(field: str, given: Any) -> InvalidInput:
    return InvalidInput(field, "must be numbers", value=str(given.dtype))


def _way(field: str, name: Hashable, said: str) -> str:
    index = f"make it the index, {field}.set_index({name!r})"
    unit = _UNITS.get(said.split(maxsplit=1)[0])
    if unit is not None:
        index = f"make it the index, {field}.set_index(pandas.to_datetime({field}.pop({name!r}), unit={unit!r}))"
    elif said.startswith(("dates", "day")):
        index += " after pandas.to_datetime"
    prices = "; prices are taken as floats, astype(float)" if said == COUNTED else ""
    return f"{index}, or drop it, {field}.drop(columns=[{name!r}]){prices}"


def frame_of(field: str, given: Mapping[Any, Any]) -> Any:
    """Return the DataFrame of a mapping of Series, whose indexes must be the same.

    Raises:
        InvalidInput: two differ, so that rows of one place would be of different times.
    """
    first = next(column for column in given.values() if isinstance(column, pd.Series))
    for name, column in given.items():
        if isinstance(column, pd.Series) and not column.index.equals(first.index):
            rule = f"must have the index of the other Series; pandas.concat({field}, axis=1) aligns them"
            raise InvalidInput(f"{field}[{name!r}]", rule)
        if not isinstance(column, pd.Series) and len(column) != len(first):
            raise InvalidInput(f"{field}[{name!r}]", f"must have {len(first)} rows, as the others", value=len(column))
    columns = [
        column if isinstance(column, pd.Series) else pd.Series(column, index=first.index) for column in given.values()
    ]
    frame = pd.concat(columns, axis=1)
    frame.columns = pd.Index(list(given), tupleize_cols=False)
    return frame
