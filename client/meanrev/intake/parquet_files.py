"""Parquet files: in one go, or where they are large in batches of rows."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from meanrev.errors import InvalidInput
from meanrev.intake import periods
from meanrev.intake.file_columns import Columns, Source
from meanrev.intake.options import polars, refusal
from meanrev.intake.raw import RawTable

__all__ = ["read_folder", "read_parquet", "typed_table", "unread"]

_LARGE = 16 << 20
"""Bytes of a file from which on it is read in batches of rows."""

_FEW_ROWS = 200
"""Rows of a large file by which columns are chosen for a closer look."""


def read_parquet(name: str, given: Path | bytes) -> RawTable:
    """Read a Parquet file.

    The prices of a large file are read in batches of rows, so that they never are in memory twice, as they came and as
    numbers side by side. It also costs less: caches still hold a batch when it is copied, and each batch uses the
    memory of an earlier one again, so that the system has to provide no more.

    Args:
        name: The file's name, for messages.
        given: Where it is, or its bytes.

    Raises:
        InvalidInput: it is broken, or holds no table.
    """
    pl = polars()
    try:
        if (given.stat().st_size if isinstance(given, Path) else len(given)) < _LARGE:
            frame = pl.read_parquet(given, glob=False, hive_partitioning=False)
            return typed_table(name, frame, _pandas_index(pl.read_parquet_metadata(given), frame.columns))
        few = pl.read_parquet(given, n_rows=_FEW_ROWS, glob=False, hive_partitioning=False)
        height = _scanned(given).select(pl.len()).collect().item()
        index = _pandas_index(pl.read_parquet_metadata(given), few.columns)
    except _broken() as error:
        raise unread(name, "Parquet", error) from None
    if not few.height:
        return typed_table(name, few)
    source = _source(name, given, few.columns, height)
    return RawTable(name, tuple(few.columns), Columns(periods.as_times(name, few), height, source), index=index)


def _source(name: str, given: Path | bytes, names: list[str], height: int) -> Source:
    """Return how the columns of a large file are read."""
    from polars import selectors  # noqa: PLC0415 - `import meanrev` stays quick without it

    def columns(numbers: Sequence[int]) -> Any:
        return _scanned(given).select(selectors.by_name(*(names[number] for number in numbers)))

    def column(number: int) -> Any:
        try:
            frame = columns([number]).collect()
        except _broken() as error:
            raise unread(name, "Parquet", error) from None
        if frame.height != height:
            raise _changed(name)
        return periods.as_times(name, frame).to_series()

    def batches(numbers: Sequence[int]) -> Iterator[list[Any]]:
        n_rows = 0
        try:
            for frame in columns(numbers).collect_batches():  # which polars may still change: it calls it unstable
                n_rows += frame.height
                if n_rows > height:
                    break
                yield frame.get_columns()
        except _broken() as error:
            raise unread(name, "Parquet", error) from None
        if n_rows != height:
            raise _changed(name)

    return Source(column, batches)


def _scanned(given: Path | bytes) -> Any:
    return polars().scan_parquet(given, glob=False, hive_partitioning=False)


def _changed(name: str) -> InvalidInput:
    return refusal(name, "was changed while it was read; read it again")


def read_folder(name: str, path: Path) -> RawTable:
    """Read a folder of Parquet files as one table; folders inside called key=value are a column.

    Args:
        name: Its name, for messages.
        path: Where it is.

    Raises:
        InvalidInput: it holds no Parquet file, or such as are no one table.
    """
    pl = polars()
    parts = sorted(part for part in path.rglob("*") if part.suffix.lower() in {".parquet", ".pq", ".parq"})
    parts = [part for part in parts if part.is_file() and not part.name.startswith(("_", "."))]
    if not parts:
        wrong = "is a folder without Parquet files; a pattern names files of other kinds, such as 'prices/*.csv'"
        raise refusal(name, wrong)
    try:
        frame = pl.read_parquet(parts, hive_partitioning=any("=" in part.parent.name for part in parts), glob=False)
        index = _pandas_index(pl.read_parquet_metadata(parts[0]), frame.columns)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError) as error:
        raise refusal(name, f"holds Parquet files that are no one table: {str(error).partition(chr(10))[0]}") from None
    return typed_table(name, frame, index)


def typed_table(name: str, frame: Any, index: tuple[int, ...] = ()) -> RawTable:
    """Return a frame of a file with typed columns as the content of a file.

    Args:
        name: The file's name, for messages.
        frame: polars DataFrame.
        index: Numbers of the columns that pandas noted as the frame's index.

    Raises:
        InvalidInput: it has no cells.
    """
    if not frame.width or not frame.height:
        raise refusal(name, f"holds no prices: {frame.height} rows of {frame.width} columns")
    return RawTable(name, tuple(frame.columns), Columns(periods.as_times(name, frame)), index=index)


def unread(name: str, called: str, error: BaseException) -> InvalidInput:
    """Return the refusal of a file that polars cannot read.

    Args:
        name: Its name.
        called: What its format is called.
        error: The error of polars.
    """
    wrong = str(error).partition("\n")[0]
    if "duplicate" in wrong.lower() or "more than one occurrence" in wrong:
        return refusal(name, "has two columns of one name; rename one of them")
    return refusal(name, f"cannot be read as {called}: {wrong}")


def _broken() -> tuple[type[BaseException], ...]:
    pl = polars()
    return (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, RuntimeError)


def _pandas_index(metadata: Any, names: list[str]) -> tuple[int, ...]:
    """Return which columns pandas wrote its frame's index to; a RangeIndex is none."""
    try:
        known = json.loads(metadata.get("pandas", "{}"))
        columns = [column for column in known.get("index_columns", []) if isinstance(column, str)]
    except (ValueError, AttributeError):
        return ()
    return tuple(names.index(column) for column in columns if column in names)
