"""Numbers over time, in any of the containers that callers use, read into one table."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from meanrev.intake.arrays import array_table, mapping_table
from meanrev.intake.kept import numbers_of
from meanrev.intake.table import Table
from meanrev.results.matrices import KeptMatrix

__all__ = ["is_frame", "table"]

_FRAMES = frozenset({"polars", "pyarrow", "modin", "cudf", "dask", "duckdb", "ibis", "pyspark", "narwhals"})


def table(field: str, given: Any) -> Table:
    """Read a caller's container.

    Args:
        field: The argument's name, for messages.
        given: A NumPy array, nested lists, a mapping of columns, or a Series or frame of pandas, polars, pyarrow or
            xarray; (T,) or (T, N). A Table is returned as it is; so is that of a KeptMatrix.

    Raises:
        InvalidInput: it does not hold numbers, has neither one nor two dimensions, its times do not strictly increase,
            or a column is a time or an index instead of prices; names the column, the row and what they hold. Or the
            server alone has the numbers of a KeptMatrix.
    """
    if isinstance(given, KeptMatrix):
        given = given.table
    if isinstance(given, Table):
        return numbers_of(field, given)
    pandas = sys.modules.get("pandas")
    if type(given).__module__.partition(".")[0] == "xarray" and hasattr(given, "to_pandas"):
        given = given.to_pandas()
        pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(given, pandas.Series | pandas.DataFrame):
        from meanrev.intake.pandas_frames import pandas_table  # noqa: PLC0415 - pandas is loaded: one of its objects came

        return pandas_table(field, given)
    if isinstance(given, Mapping):
        return _mapping(field, given)
    if not isinstance(given, np.ndarray | list | tuple) and is_frame(given):
        from meanrev.intake.frames import narwhals_table  # noqa: PLC0415 - narwhals loads only when such a frame arrives

        return narwhals_table(field, given)
    return array_table(field, given)


def is_frame(given: object) -> bool:
    """Return whether an object comes from a library whose frames narwhals reads."""
    return type(given).__module__.partition(".")[0] in _FRAMES


def _mapping(field: str, given: Mapping[Any, Any]) -> Table:
    """Read a mapping of columns; where these are Series of a library, as the frame that they make."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and any(isinstance(column, pandas.Series) for column in given.values()):
        from meanrev.intake.pandas_frames import frame_of, pandas_table  # noqa: PLC0415 - as above

        return pandas_table(field, frame_of(field, given))
    if any(is_frame(column) for column in given.values()):
        from meanrev.intake.frames import frame_of_series, narwhals_table  # noqa: PLC0415 - as above

        return narwhals_table(field, frame_of_series(field, given))
    return mapping_table(field, given)
