"""Tables that a command writes, in the format that a file's suffix names."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meanrev.results.tables import polars_frame
from meanrev_cli.failure import ExitCode, Failure

__all__ = ["can_be_written", "write_table", "write_text"]

_PARQUET = (".parquet", ".pq")
_TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", *_PARQUET)
_PAGES = (".html", ".htm")


def can_be_written(*tables: Path | None, pages: tuple[Path | None, ...] = (), read: str = "") -> None:
    """Check before a long computation that its files can be written.

    Args:
        tables: Files of tables; None for none.
        pages: Files of HTML.
        read: The file of prices, which is not to be overwritten.

    Raises:
        Failure: a suffix names no format that is written, a folder does not exist, or two files are one.
    """
    files = [path for path in (*tables, *pages) if path is not None]
    for path in files:
        allowed = _PAGES if path in pages else _TABLES
        if not path.name.lower().endswith(allowed):
            raise Failure(ExitCode.USAGE, f"cannot write {str(path)!r}: its name must end in {', '.join(allowed)}")
        if not path.parent.is_dir():
            raise Failure(ExitCode.BAD_DATA, f"cannot write {str(path)!r}: its folder does not exist")
        if path.is_dir():
            raise Failure(ExitCode.BAD_DATA, f"cannot write {str(path)!r}: it is a folder")
        if read and path.resolve() == Path(read).resolve():
            raise Failure(ExitCode.USAGE, f"cannot write {str(path)!r}: it is the file of prices, which would be lost")
    if len({path.resolve() for path in files}) < len(files):
        raise Failure(ExitCode.USAGE, "two outputs have one file's name; give each its own")
    if any(path.name.lower().endswith(_TABLES) for path in files):
        _polars()


def write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Write columns of equal length, as Parquet or as CSV, which has nothing where a number is NaN.

    Args:
        path: Ends in one of the suffixes that can_be_written allows; .gz is compressed.
        columns: Values by name.

    Raises:
        Failure: the file cannot be written, or needs polars.
    """
    pl = _polars()
    name = path.name.lower()
    frame = polars_frame(columns)
    try:
        if name.endswith(_PARQUET):
            frame.write_parquet(path)
            return
        separator = "\t" if name.endswith((".tsv", ".tsv.gz")) else ","
        with gzip.open(path, "wb") if name.endswith(".gz") else path.open("wb") as file:
            frame.with_columns(pl.col(pl.Float64).fill_nan(None)).write_csv(file, separator=separator)
    except OSError as error:
        raise Failure(ExitCode.BAD_DATA, f"cannot write {str(path)!r}: {error.strerror or error}") from None


def write_text(path: Path, text: str) -> None:
    """Write a page.

    Raises:
        Failure: the file cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(ExitCode.BAD_DATA, f"cannot write {str(path)!r}: {error.strerror or error}") from None


def _polars() -> Any:
    try:
        import polars as pl  # noqa: PLC0415 - it may not be installed
    except ModuleNotFoundError:
        advice = "writing tables needs polars, which the extra [files] brings"
        advice += ": pip install '.[files]' in a checkout of meanrev"
        raise Failure(ExitCode.USAGE, advice) from None
    return pl
