"""Columns of a result as tables of polars and pyarrow."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from meanrev.results.view import depth

__all__ = ["arrow_table", "polars_frame"]


def polars_frame(columns: Mapping[str, Any]) -> Any:
    """Return columns as a polars DataFrame; a single value stands in every row.

    Args:
        columns: Values of equal length, or single values, by name. Labels that are neither texts, numbers nor times,
            such as tuples, become texts.

    Raises:
        ModuleNotFoundError: polars is not installed.
    """
    try:
        import polars as pl  # noqa: PLC0415 - it may not be installed
    except ModuleNotFoundError:
        raise ModuleNotFoundError(_advice("polars", "[files]"), name="polars") from None
    return pl.DataFrame({name: pl.Series(name, values) for name, values in _level(columns).items()})


def arrow_table(columns: Mapping[str, Any]) -> Any:
    """Return columns as a pyarrow Table, as polars_frame has them.

    Args:
        columns: As for polars_frame.

    Raises:
        ModuleNotFoundError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - it may not be installed
    except ModuleNotFoundError:
        raise ModuleNotFoundError("a table of Arrow needs pyarrow: pip install pyarrow", name="pyarrow") from None
    return pa.table({name: pa.array(values) for name, values in _level(columns).items()})


def _level(columns: Mapping[str, Any]) -> dict[str, Any]:
    lengths = (len(value) for value in columns.values() if depth(value) == 1)
    length = max(lengths, default=1)
    return {name: _plain(value if depth(value) == 1 else [value] * length) for name, value in columns.items()}


def _plain(values: Any) -> Any:
    if isinstance(values, tuple):
        return [str(value) for value in values]
    if getattr(values, "tz", None) is not None:
        return values  # an index of pandas, whose zone an array would lose
    array = np.asarray(values)
    if array.dtype.kind != "O":
        return array.tolist() if array.dtype.kind == "U" else array
    simple = all(value is None or isinstance(value, str) for value in array)
    return array.tolist() if simple else [None if value is None else str(value) for value in array]


def _advice(package: str, extra: str) -> str:
    return (
        f"a frame of {package} needs it; the extra {extra} brings it: pip install '.{extra}' in a checkout of meanrev"
    )
