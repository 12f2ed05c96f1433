"""Which format a file has, by its first bytes, and how each is opened."""

import bz2
import gzip
import logging
import lzma
from pathlib import Path
from typing import Any

from meanrev.errors import InvalidInput
from meanrev.intake.headers import refuse_values_as_header
from meanrev.intake.options import FileOptions, polars, refusal, suggested
from meanrev.intake.parquet_files import read_folder, read_parquet, typed_table, unread
from meanrev.intake.raw import RawTable
from meanrev.intake.text_files import read_text

__all__ = ["read_raw", "sources"]

_MAGIC = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "ipc"),
    (b"PK\x03\x04", "excel"),
    (b"\xd0\xcf\x11\xe0", "excel"),
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
)
_SUFFIXES = {
    **dict.fromkeys((".parquet", ".pq", ".parq"), "parquet"),
    **dict.fromkeys((".arrow", ".ipc", ".feather"), "ipc"),
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"), "excel"),
    **dict.fromkeys((".gz", ".gzip"), "gz"),
    ".bz2": "bz2",
    ".xz": "xz",
    **dict.fromkeys((".zst", ".zstd"), "zst"),
}
_CALLED = {
    "parquet": "Parquet",
    "ipc": "Arrow IPC",
    "excel": "Excel",
    "gz": "gzip",
    "bz2": "bzip2",
    "xz": "xz",
    "zst": "Zstandard",
}
_UNPACKED = {"gz": gzip.decompress, "bz2": bz2.decompress, "xz": lzma.decompress}


def sources(given: str | Path) -> list[str]:
    """Return the files that a path, a pattern or an address stands for, in order of name.

    Raises:
        InvalidInput: there is none.
    """
    text = str(given)
    if "://" in text:
        return [text]
    path = Path(text)
    if path.exists():
        return [text]
    if any(letter in text for letter in "*?["):
        import glob  # noqa: PLC0415 - for patterns only

        found = sorted(name for name in glob.glob(text, recursive=True) if Path(name).is_file())  # noqa: PTH207 - a pattern may be absolute
        if found:
            return found
        raise refusal(text, "matches no file")
    raise refusal(text, "does not exist")


def read_raw(source: str, options: FileOptions) -> RawTable:
    """Read the columns of one file.

    Args:
        source: A path or an address.
        options: The caller's options.

    Raises:
        InvalidInput: it cannot be opened, or holds no table.
    """
    name = source.rpartition("/")[2] or source
    try:
        if "://" in source:
            return _bytes_of(name, _fetched(source), options)
        return _of_path(name, Path(source), options)
    except OSError as error:
        raise refusal(name, f"cannot be opened: {error.strerror or error}") from None


def _of_path(name: str, path: Path, options: FileOptions) -> RawTable:
    if path.is_dir():
        return read_folder(name, path)
    with path.open("rb") as file:
        kind = _kind(name, file.read(16))
    if kind == "text":
        return read_text(name, path, options)
    if kind in {"parquet", "ipc", "excel"}:
        return _binary(name, path, kind, options)
    return _bytes_of(name, path.read_bytes(), options)


def _bytes_of(name: str, data: bytes, options: FileOptions) -> RawTable:
    kind = _kind(name, data[:16])
    if kind in {"parquet", "ipc", "excel"}:
        return _binary(name, data, kind, options)
    if kind == "text":
        return read_text(name, data, options)
    inner = name.rpartition(".")[0] if _SUFFIXES.get(Path(name).suffix.lower()) == kind else name
    return _bytes_of(inner, _unpacked(name, data, kind), options)


def _kind(name: str, start: bytes) -> str:
    """Return a format by the first bytes; a suffix that promises another one is refused."""
    found = next((kind for mark, kind in _MAGIC if start.startswith(mark)), "text")
    promised = _SUFFIXES.get(Path(name).suffix.lower(), "text")
    if promised != "text" and found == "text":
        if not start:
            raise refusal(name, "is empty")
        raise refusal(name, f"is called {Path(name).suffix} and is no {_CALLED[promised]} file; rename it if it is CSV")
    return found


def _unpacked(name: str, data: bytes, kind: str) -> bytes:
    pl = polars()
    try:
        if kind == "zst":
            lines = pl.read_csv(
                data, has_header=False, schema={"0": pl.String}, separator="\x01", quote_char=None, glob=False
            )
            return "\n".join("" if line is None else line for line in lines.to_series()).encode()
        return _UNPACKED[kind](data)
    except (OSError, EOFError, lzma.LZMAError, ValueError, pl.exceptions.PolarsError) as error:
        wrong = str(error).partition("\n")[0]
        raise refusal(name, f"is a broken {_CALLED[kind]} file: {wrong}") from None


def _fetched(address: str) -> bytes:
    """Return the bytes behind an address, through fsspec where it is installed, else http(s) and file only."""
    try:
        import fsspec  # type: ignore[import-not-found, import-untyped, unused-ignore] # noqa: PLC0415 - it may be missing
    except ModuleNotFoundError:
        import urllib.request  # noqa: PLC0415 - for addresses only

        if not address.startswith(("http://", "https://", "file://")):
            rule = "needs fsspec and its package for this kind of store, such as pip install fsspec s3fs"
            raise refusal(address, rule) from None
        with urllib.request.urlopen(address, timeout=300) as reply:  # noqa: S310 - the three schemes above
            return bytes(reply.read())
    with fsspec.open(address, "rb") as file:
        return bytes(file.read())


def _binary(name: str, given: Path | bytes, kind: str, options: FileOptions) -> RawTable:
    pl = polars()
    try:
        if kind == "excel":
            return _excel(name, given, options)
        if kind == "ipc":
            return typed_table(name, pl.read_ipc(given))
    except InvalidInput:
        raise
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, RuntimeError) as error:
        raise unread(name, _CALLED[kind], error) from None
    return read_parquet(name, given)


def _excel(name: str, given: Path | bytes, options: FileOptions) -> RawTable:
    pl = polars()
    try:
        import fastexcel  # noqa: PLC0415 - it may not be installed
    except ModuleNotFoundError:
        rule = "is a spreadsheet, which needs fastexcel: pip install '.[files]' in a checkout of meanrev"
        raise refusal(name, rule) from None
    logging.getLogger("fastexcel").setLevel(logging.ERROR)  # it warns of every column that has more than one type
    try:
        book = fastexcel.read_excel(str(given) if isinstance(given, Path) else given)
        sheet = _sheet(name, book, options)
        header = [] if options.no_header else _header(name, book, sheet, options)
        held = book.load_sheet(
            sheet,
            header_row=None,
            skip_rows=options.skip_lines + (0 if options.no_header else 1),
            schema_sample_rows=None,
        )
        frame = held.to_polars()
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError) as error:
        raise refusal(name, f"cannot be read as Excel: {str(error).partition(chr(10))[0]}") from None
    header = [*header, *[""] * (frame.width - len(header))][: frame.width] if header else []
    raw = typed_table(name, frame)
    raw.names = tuple(header) if header else tuple(f"column_{i + 1}" for i in range(frame.width))
    first = options.skip_lines + (1 if options.no_header else 2)
    raw.place = lambda row: f"line {first + row}"
    raw.is_text = True
    return raw


def _sheet(name: str, book: Any, options: FileOptions) -> str:
    """Return the sheet that is asked for, else the only one that holds something."""
    if options.sheet:
        if options.sheet not in book.sheet_names:
            raise refusal(name, f"has no sheet {options.sheet!r}; {suggested(options.sheet, book.sheet_names)}")
        return options.sheet
    full = [sheet for sheet in book.sheet_names if book.load_sheet(sheet, header_row=None, n_rows=1).width]
    if len(full) != 1:
        wrong = (
            f"has several sheets: {', '.join(full)}; --sheet (sheet) names one" if full else "has no sheet with values"
        )
        raise refusal(name, wrong)
    return str(full[0])


def _header(name: str, book: Any, sheet: str, options: FileOptions) -> list[str]:
    """Return the names in a sheet's first row."""
    held = book.load_sheet(sheet, header_row=None, skip_rows=options.skip_lines, n_rows=1, dtypes="string").to_polars()
    if not held.height:
        raise refusal(name, "is empty: a header and rows of numbers are needed")
    cells = ["" if cell is None else str(cell).strip() for cell in held.row(0)]
    if options.no_header is None:
        refuse_values_as_header(name, cells, options.skip_lines + 1)
    return cells
