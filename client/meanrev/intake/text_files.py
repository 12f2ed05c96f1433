"""CSV and its kin through polars: numbers are parsed once, and only what is no number comes as text."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from meanrev.intake import dialect
from meanrev.intake.cells import MISSING, comma_style
from meanrev.intake.column_names import is_time_name
from meanrev.intake.dialect import HEAD_BYTES, Layout, ends_in_returns, laid_out, one_newline
from meanrev.intake.file_columns import Columns
from meanrev.intake.options import FileOptions, polars, refusal
from meanrev.intake.raw import RawTable
from meanrev.intake.report import LeftOut

__all__ = ["read_text"]

_LOOKED_AT = 500
"""Records by whose cells the columns of numbers are found."""

_PLAIN = r"^ *[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_SPELLED = sorted(
    {spelled for marker in MISSING for spelled in (marker, marker.upper(), marker.title())} | {"NaN", "NaT", "#N/A"}
)


def read_text(source: str, data: Path | bytes, options: FileOptions) -> RawTable:
    """Read a text file.

    Args:
        source: Its name, for messages.
        data: Where it is, or its bytes.
        options: The caller's options.

    Raises:
        InvalidInput: it is no table.
    """
    body, head, encoding = _opened(source, data)
    whole = (body.stat().st_size if isinstance(body, Path) else len(body)) <= HEAD_BYTES
    layout = laid_out(source, head, options, whole=whole)
    notes = list(layout.notes)
    if encoding:
        notes.append(f"The text is {encoding}.")
    try:
        frame = _parsed(body, head, layout, options)
    except _NotUtf8:
        body, encoding = dialect.without_broken_bytes(_read(body))
        layout = laid_out(source, body[:HEAD_BYTES], options, whole=len(body) <= HEAD_BYTES)
        head = body[:HEAD_BYTES]
        notes.append(f"The text is {encoding}.")
        try:
            frame = _parsed(body, head, layout, options)
        except _Broken as error:
            raise refusal(source, _why(body, layout, str(error))) from None
    except _Broken as error:
        raise refusal(source, _why(body, layout, str(error))) from None
    if not frame.height:
        raise refusal(source, "holds no prices: there is a header and no row of numbers below it")
    comma = _comma(frame, layout, options)
    if comma == "decimal" and polars().Float64 in frame.dtypes:  # 1.234 is no number below 2 there
        frame = _parsed(body, head, layout, replace(options, decimal_comma=True))
    if comma == "decimal" and options.decimal_comma is None:
        notes.append("A comma stands before the decimals.")
    lines = _Lines(body, layout)
    _refuse_short_rows(source, frame, layout, lines)
    left_out = [LeftOut("line", layout.comments, "before the header")] if layout.comments else []
    return RawTable(
        source, layout.names, Columns(frame), layout.levels, lines.place, lines.cell, (), comma, True, left_out, notes
    )


def _comma(frame: Any, layout: Layout, options: FileOptions) -> str:
    """Return what a comma in a number means: the caller's option, or else as cells.comma_style."""
    if options.decimal_comma is not None:
        return "decimal" if options.decimal_comma else "thousands"
    pl = polars()
    texts = [column for column in frame.select(pl.col(pl.String)) if column.str.contains(",", literal=True).any()]
    style = comma_style(texts)
    if style != "either":
        return style
    points = frame.select(pl.col(pl.Float64)).select((pl.all() % 1 != 0).any())
    return "thousands" if layout.separator == "," or any(points.row(0) if points.width else ()) else "either"


class _NotUtf8(Exception):
    """The bytes are no UTF-8."""


class _Broken(Exception):
    """polars cannot take the text apart."""


def _opened(source: str, data: Path | bytes) -> tuple[Path | bytes, bytes, str]:
    """Return what polars reads, the first bytes of it, and its encoding."""
    if isinstance(data, bytes):
        body, encoding = dialect.utf8(source, data)
        return body, body[:HEAD_BYTES], encoding
    with data.open("rb") as file:
        start = file.read(HEAD_BYTES)
    if start.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")) or ends_in_returns(start):
        body, encoding = dialect.utf8(source, data.read_bytes())
        return body, body[:HEAD_BYTES], encoding
    head, encoding = dialect.utf8(source, start)
    if encoding:
        body, encoding = dialect.utf8(source, data.read_bytes())
        return body, body[:HEAD_BYTES], encoding
    return data, head, ""


def _read(body: Path | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.read_bytes()


def _parsed(body: Path | bytes, head: bytes, layout: Layout, options: FileOptions) -> Any:
    """Parse columns whose first cells are numbers as numbers, and all as text where a later cell is none."""
    pl = polars()
    texts = dict.fromkeys(map(str, range(len(layout.names))), pl.String)
    sample = _csv(head[: head.rfind(b"\n") + 1] or head, texts, layout, n_rows=_LOOKED_AT)
    kinds, markers = _kinds(sample, layout, options)
    if all(kind == pl.String for kind in kinds.values()):
        return _csv(body, texts, layout)
    try:
        return _csv(body, kinds, layout, markers=markers)
    except _Broken:  # a later cell is no number: a marker of a missing value, or an error
        try:
            return _csv(body, kinds, layout, markers=[*_SPELLED, *options.missing])
        except _Broken:
            return _csv(body, texts, layout)


def _kinds(sample: Any, layout: Layout, options: FileOptions) -> tuple[dict[str, Any], list[str]]:
    """Return how to parse each column, and the markers of missing values for polars.

    What is called a time stays text where it is digits alone, so that times stay exact and times of day keep their
    zeros. All columns are looked at in one go: a file may have thousands.
    """
    pl = polars()
    gone = sample.select(pl.all().str.strip_chars()).select(_missing(options).fill_null(value=False))
    known = pl.select([pl.when(gone[name]).then(None).otherwise(sample[name]).alias(name) for name in sample.columns])
    checks = {
        "some": pl.all().is_not_null().any(),
        "plain": pl.all().str.contains(_PLAIN).all(),
        "whole": pl.all().str.contains(r"^[+-]?[0-9]+$").all(),
        "zeros": pl.all().str.contains(r"^0[0-9]").any(),
    }
    found = {name: dict(zip(known.columns, known.select(check).row(0), strict=True)) for name, check in checks.items()}
    kinds = {}
    for i, name in enumerate(known.columns):
        exact = found["whole"][name] and (is_time_name(layout.names[i]) or found["zeros"][name])
        parsed = found["whole" if options.decimal_comma else "plain"][name]
        if not found["some"][name] or not parsed or exact:
            kinds[name] = pl.String
        else:
            kinds[name] = pl.Int64 if found["whole"][name] and (i == 0 or options.decimal_comma) else pl.Float64
    numeric = [name for name, kind in kinds.items() if kind != pl.String]
    markers: set[str] = set()
    for name in numeric:
        if gone[name].any():
            markers |= set(sample[name].filter(gone[name]).drop_nulls())
    return kinds, sorted({"", *markers}) if markers else []


def _missing(options: FileOptions) -> Any:
    pl = polars()
    return pl.all().str.to_lowercase().is_in(list(MISSING)) | pl.all().is_in(list(options.missing))


def _csv(
    body: Path | bytes,
    schema: dict[str, Any],
    layout: Layout,
    *,
    n_rows: int | None = None,
    markers: Sequence[str] = (),
) -> Any:
    pl = polars()
    try:
        return pl.read_csv(
            body,
            has_header=False,
            schema=schema,
            separator=layout.separator,
            skip_lines=layout.first_line - 1,
            n_rows=n_rows,
            missing_columns="insert",  # a first line that ends early is refused below, like any other
            null_values=list(markers) or None,
            glob=False,
        )
    except pl.exceptions.NoDataError:
        return pl.DataFrame(schema=schema)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        wrong = str(error).partition("\n")[0]
        if "utf-8" in wrong.lower() or "utf8" in wrong.lower():
            raise _NotUtf8 from None
        raise _Broken(wrong) from None


def _why(body: Path | bytes, layout: Layout, wrong: str) -> str:
    """Return why polars cannot split a text: a line with too many fields, or an unclosed quotation mark."""
    lines = _Lines(body, layout)
    for start, size in lines.walked():
        if size > len(layout.names):
            between = "a tab" if layout.separator == "\t" else repr(layout.separator)
            return (
                f"line {start} has {size} fields, the header {len(layout.names)}; fields are separated by {between}, "
                "--separator (separator) names another"
            )
    if _read(body).count(b'"') % 2:
        return "a quotation mark is opened and never closed, so that it is unclear where fields and lines end"
    return f"cannot be split as CSV: {wrong}"


def _refuse_short_rows(source: str, frame: Any, layout: Layout, lines: "_Lines") -> None:
    """Refuse rows that end early: polars fills them up, and a value that slipped into another column is no value."""
    width = len(layout.names)
    if width == 1 or not frame.to_series(width - 1).null_count():
        return
    pl = polars()
    last = frame.select(pl.last().is_null() & pl.any_horizontal(pl.all().is_not_null())).to_series()
    suspects = last.arg_true()
    if not suspects.len():
        return
    for row, size in lines.sizes(suspects.to_list()):
        if size != width:
            wrong = f"{lines.place(row)} has {size} field{'' if size == 1 else 's'}, the header {width}"
            raise refusal(source, f"{wrong}; every line needs as many fields as the header, empty ones included")


class _Lines:
    """Where rows are in a text file: a quoted field may span lines, so rows are not always lines."""

    def __init__(self, body: Path | bytes, layout: Layout) -> None:
        self._body = body
        self._layout = layout
        self._starts: list[int] | None = None
        self._quoted: bool | None = None

    def place(self, row: int) -> str:
        """Return where a row begins, such as "line 12"."""
        if not self._has_quotes():
            return f"line {self._layout.first_line + row}"
        if self._starts is None:
            self._starts = [start for start, _ in self.walked()]
        return f"line {self._starts[row] if row < len(self._starts) else self._layout.first_line + row}"

    def cell(self, row: int, number: int) -> str:
        """Return a cell's text."""
        for at, (_, cells) in enumerate(self._records()):
            if at == row:
                return cells[number].strip()
        return ""

    def sizes(self, rows: Sequence[int]) -> list[tuple[int, int]]:
        """Return rows with their numbers of fields."""
        if self._has_quotes():
            wanted = set(rows)
            return [(row, size) for row, (_, size) in enumerate(self.walked()) if row in wanted]
        pl = polars()
        layout = Layout("\x01", ("",), (), self._layout.first_line)
        held = pl.read_csv(
            self._body,
            has_header=False,
            schema={"0": pl.String},
            separator=layout.separator,
            quote_char=None,
            skip_lines=layout.first_line - 1,
            glob=False,
        )
        counts = held.to_series().gather(rows).str.count_matches(self._layout.separator, literal=True)
        return list(zip(rows, (1 + (count or 0) for count in counts.to_list()), strict=True))

    def walked(self) -> list[tuple[int, int]]:
        """Return (line where it begins, number of fields) of every record."""
        return [(start, len(cells)) for start, cells in self._records()]

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield every record with the line where it begins."""
        text = io.StringIO(one_newline(_read(self._body).decode("utf-8", errors="replace")), newline="")
        for _ in range(self._layout.first_line - 1):
            text.readline()
        reader = csv.reader(text, delimiter=self._layout.separator)
        start = self._layout.first_line
        try:
            for cells in reader:
                yield start, cells
                start = self._layout.first_line + reader.line_num
        except csv.Error:  # what cannot be walked further is refused by polars
            return

    def _has_quotes(self) -> bool:
        if self._quoted is None:
            self._quoted = b'"' in _read(self._body)
        return self._quoted
