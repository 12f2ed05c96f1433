"""Arrays in whatever container the caller uses, and results back in the same one, index and names kept."""

import sys
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.table import Floats, Ints, ListTable, Table

__all__ = ["PandasTable", "in_order", "table"]


@dataclass(frozen=True)
class PandasTable(Table):
    """The same, that came as a pandas Series or DataFrame.

    Attributes:
        native: What came.
    """

    native: Any = None

    def column(self) -> "Table":
        """Return the single column of a (T, 1) table as a series."""
        return replace(self, values=self.values[:, 0], names=(), native=self.native.iloc[:, 0])

    def _built(
        self, values: Floats, *, time: bool, rows: Sequence[Hashable] | None, columns: Sequence[Hashable] | None
    ) -> Any:
        import pandas as pd  # noqa: PLC0415 - it is loaded: one of its objects came

        index = self.native.index[len(self.native.index) - len(values) :] if time else _axis(rows, self.native)
        if values.ndim == 1:
            return pd.Series(values, index=index, name=getattr(self.native, "name", None) if time else None)
        return pd.DataFrame(values, index=index, columns=_axis(columns, self.native))


def table(field: str, given: Any) -> Table:
    """Read a caller's container.

    Args:
        field: The argument's name, for messages.
        given: A NumPy array, nested lists, or a Series or frame of pandas, polars or pyarrow; (T,) or (T, N).

    Raises:
        InvalidInput: it does not hold numbers, or has neither one nor two dimensions.
    """
    if isinstance(given, Table):
        return given
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(given, pandas.Series | pandas.DataFrame):
        names = tuple(given.columns) if given.ndim == 2 else ()
        return PandasTable(_pandas_floats(field, given), names, _timestamps(given.index, pandas), native=given)
    if not isinstance(given, np.ndarray | list | tuple) and _is_frame(given):
        from meanrev.intake.frames import narwhals_table  # noqa: PLC0415 - narwhals loads only when such a frame arrives

        return narwhals_table(field, given)
    kind = ListTable if isinstance(given, list | tuple) else Table
    return kind(_floats(field, given))


def in_order(columns: Table, field: str, given: Any) -> Table:
    """Read what is one an asset, or square over the assets: where it is labelled, in the order of these columns.

    Raises:
        InvalidInput: it holds no numbers, or is labelled by some of these columns, but not by all.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(given, pandas.Series | pandas.DataFrame) or not columns.names:
        return table(field, given)
    labels = tuple(given.index)
    if labels == columns.names or not set(labels) & set(columns.names):
        return table(field, given)
    if sorted(map(repr, labels)) != sorted(map(repr, columns.names)) or not given.index.is_unique:
        raise InvalidInput(field, f"must be labelled like the returns: {', '.join(map(str, columns.names))}")
    if given.ndim == 1:
        return table(field, given.loc[list(columns.names)])
    return table(
        field, given.loc[list(columns.names), list(columns.names)] if set(given.columns) == set(labels) else given
    )


def _floats(field: str, given: Any) -> Floats:
    rule = "must be numbers of shape (T,) or (T, N)"
    if isinstance(given, np.ndarray) and given.dtype.kind in "cMm":  # NumPy would drop a part of them, or count days
        raise InvalidInput(field, rule, value=str(given.dtype))
    try:
        values = np.asarray(given, dtype=np.float64)
        if isinstance(given, np.ma.MaskedArray):
            values = np.where(np.ma.getmaskarray(given), np.nan, values)  # what is masked is a price that is not there
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput(field, rule, value=type(given).__name__) from None
    if values.ndim not in {1, 2}:
        raise InvalidInput(field, "must have shape (T,) or (T, N)", value=values.shape)
    return values


def _pandas_floats(field: str, given: Any) -> Floats:
    """Read a Series or frame; its columns one by one where one is nullable, for pandas converts NA in a Series only."""
    single = given.ndim == 1
    fields = [field] if single else [f"{field}[{name!r}]" for name in given.columns]
    dtypes = [given.dtype] if single else list(given.dtypes)
    for name, dtype in zip(fields, dtypes, strict=True):
        if getattr(dtype, "kind", "O") in "cMm":
            raise InvalidInput(name, "must be numbers", value=str(dtype))
    if single or all(isinstance(dtype, np.dtype) for dtype in dtypes):
        return _floats(field, given)
    return np.column_stack([_floats(name, given.iloc[:, place]) for place, name in enumerate(fields)])


def _timestamps(index: Any, pandas: Any) -> Ints | None:
    if not isinstance(index, pandas.DatetimeIndex) or index.hasnans:
        return None
    utc = index if index.tz is None else index.tz_convert("UTC").tz_localize(None)
    return np.asarray(utc, dtype="datetime64[ms]").astype(np.int64)


def _axis(names: Sequence[Hashable] | None, native: Any) -> Any:
    """Return the frame's own columns where they are meant, so that an index of several levels survives."""
    return native.columns if names is not None and native.ndim == 2 else names


def _is_frame(given: Any) -> bool:
    return type(given).__module__.partition(".")[0] in {"polars", "pyarrow", "modin", "cudf", "dask", "duckdb", "ibis"}
