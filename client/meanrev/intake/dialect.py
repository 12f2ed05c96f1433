"""How a text file is laid out: its encoding, what separates its fields, and which of its first lines are its header."""

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field

from meanrev.intake.headers import begins_with_values, joined, n_header_lines, refuse_values_as_header
from meanrev.intake.options import FileOptions, refusal

__all__ = [
    "HEAD_BYTES",
    "Layout",
    "ends_in_returns",
    "laid_out",
    "one_newline",
    "records_of",
    "utf8",
    "without_broken_bytes",
]

HEAD_BYTES = 1 << 18
"""Of a file that are looked at before it is read."""

_SEPARATORS = ("\t", ";", "|", ",")  # by preference where several cut all lines alike
_NAMES = {"\t": "tabs", ";": "semicolons", "|": "pipes", ",": "commas"}
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SEP = re.compile(r"\"?sep=.?\"?$")


@dataclass(frozen=True)
class Layout:
    """How a text file is laid out.

    Attributes:
        separator: Between fields.
        names: One a column, the levels of a header with several joined by "/".
        levels: Of each column, the texts of the header's lines; () where it has one line.
        first_line: Number, from 1, of the line after the header.
        notes: Sentences for the report.
        comments: Numbers of the lines before the header that hold none of it.
    """

    separator: str
    names: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...] = ()
    first_line: int = 2
    notes: tuple[str, ...] = ()
    comments: tuple[int, ...] = field(default=())


def utf8(source: str, data: bytes) -> tuple[bytes, str]:
    """Return a file's bytes in UTF-8 with newlines at the ends of lines, and the encoding they came in, "" for UTF-8.

    Raises:
        InvalidInput: the bytes are no text.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                data = data.decode(encoding).encode()
            except UnicodeError:
                raise refusal(source, f"starts like {encoding} text and is none") from None
            return _with_newlines(data), encoding
    given, data = data, data.removeprefix(codecs.BOM_UTF8)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data[:HEAD_BYTES])  # a letter may be cut at the end
    except UnicodeError:
        whole, encoding = without_broken_bytes(given)
        return _with_newlines(whole), encoding
    if b"\0" in data[:HEAD_BYTES]:
        raise refusal(source, "holds zero bytes, so it is no text; CSV, Parquet, Arrow IPC and Excel files can be read")
    return _with_newlines(data), ""


def without_broken_bytes(data: bytes) -> tuple[bytes, str]:
    """Return bytes that are no UTF-8 as UTF-8, and the encoding that they were read as, for the report.

    Letters beyond ASCII are almost never UTF-8 by chance: where they are, and have as many bytes as are broken, the
    text is UTF-8 that was damaged, and its names would become others if it were read as Windows-1252. A byte-order mark
    shows it by itself.
    """
    marked = data.startswith(codecs.BOM_UTF8)
    text = data.removeprefix(codecs.BOM_UTF8).decode(errors="replace")
    n_broken, letters = text.count("\ufffd"), "".join(re.findall(r"[^\x00-\x7f\ufffd]+", text))
    if marked or len(letters.encode()) >= n_broken:
        return text.encode(), f"UTF-8 with {n_broken} broken bytes, read as '\ufffd'"
    return data.decode("cp1252", errors="replace").encode(), "Windows-1252 (Latin-1), not UTF-8"


def _with_newlines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if ends_in_returns(data[:HEAD_BYTES]) else data


def ends_in_returns(head: bytes) -> bool:
    """Return whether lines end in carriage returns alone, as on old Macs."""
    return head.count(b"\r") - head.count(b"\r\n") > head.count(b"\n")


def one_newline(text: str) -> str:
    """Return a text whose lines end in a newline alone, which is all that polars takes for an end of line."""
    return text.replace("\r\n", "\n").replace("\r", " ")


def laid_out(source: str, head: bytes, options: FileOptions, *, whole: bool) -> Layout:
    """Find the layout of a text file.

    Args:
        source: Its name, for messages.
        head: Its first bytes, as utf8 returns them.
        options: The caller's options.
        whole: These are all bytes of it.

    Raises:
        InvalidInput: it is no table, or it is unclear where its header ends.
    """
    text = head.decode("utf-8", errors="replace")
    if not whole:
        text = text[: text.rfind("\n") + 1]
    _is_a_table(source, text)
    lines = io.StringIO(one_newline(text), newline="\n").readlines()
    skipped = min(options.skip_lines, len(lines))
    while skipped < len(lines) and (
        not lines[skipped].strip() or (not options.skip_lines and _is_comment(lines[skipped]))
    ):
        skipped += 1
    comments = tuple(i + 1 for i in range(skipped) if lines[i].strip())
    body = "".join(lines[skipped:])
    if not body.strip():
        raise refusal(source, "holds no prices, it is empty: a header and rows of numbers are needed")
    separator = options.separator or _separator(body)
    found = records_of(body, separator)[:200]
    rows = [row for _, row in found]
    width = _width(rows)
    dated = options.no_header is None and begins_with_values(rows)
    if options.no_header or dated:
        names = tuple(f"column_{i + 1}" for i in range(max(width, len(rows[0]))))
        called = (
            ("The first line holds values and no names; columns are called column_1, column_2, ...",) if dated else ()
        )
        return Layout(separator, names, (), skipped + 1, (*_notes(separator, options), *called), comments)
    n_header = n_header_lines(rows)
    if options.no_header is None and n_header == 1:
        refuse_values_as_header(source, rows[0], skipped + 1, rows[1] if len(rows) > 1 else None)
    header = [[cell.strip() for cell in row] for row in rows[:n_header]]
    if width == len(header[0]) + 1 and all(not row[-1].strip() for row in rows[n_header:] if len(row) == width):
        header = [[*row, ""] for row in header]
    if n_header == 1 and width > len(header[0]) and len(rows) > 1:
        raise refusal(source, _ragged(header[0], rows, found, skipped, separator))
    names, levels = joined(header)
    return Layout(separator, names, levels, skipped + found[n_header - 1][0] + 1, _notes(separator, options), comments)


def records_of(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Return the records of a text, blank lines among them, each with the number of its last line, from 1."""
    reader = csv.reader(io.StringIO(one_newline(text), newline=""), delimiter=separator)
    found = []
    try:
        for row in reader:
            found.append((reader.line_num, row))  # noqa: PERF401 - what was read before an error is kept
    except csv.Error:  # a field without end: what came before it is enough here, and polars refuses the rest
        pass
    return found


def _is_a_table(source: str, text: str) -> None:
    start = text.lstrip()[:200].lower()
    if not start:
        raise refusal(source, "holds no prices, it is empty: a header and rows of numbers are needed")
    if start.startswith(("<!doctype", "<html", "<head", "<body", "<?xml", "<!--")):
        raise refusal(
            source,
            "holds a web page (HTML or XML), no table: the download may have failed; open it in a browser to see",
        )
    if start.startswith(("{", "[{", "[[", '["')):
        raise refusal(source, "holds JSON, no table: pandas or polars turns it into CSV or Parquet")


def _is_comment(line: str) -> bool:
    """Return whether a line above the header is empty, a comment, or the separator as Excel notes it (sep=;)."""
    start = line.strip().lower()
    return not start or (start.startswith("#") and not start.startswith("#n/a")) or bool(_SEP.match(start))


def _separator(body: str) -> str:
    """Choose what cuts most lines into one number of fields, the header among them, and into most fields."""
    best, choice = (0.0, 1, 0), ","
    for rank, separator in enumerate(reversed(_SEPARATORS)):
        sizes = [len(row) for _, row in records_of(body, separator)[:200] if row]
        size, count = Counter(sizes).most_common(1)[0] if sizes else (1, 0)
        fits = count / len(sizes) if sizes else 0.0
        if size > 1 and (round(fits, 1), size, rank) > best:
            best, choice = (round(fits, 1), size, rank), separator
    return choice


def _width(rows: list[list[str]]) -> int:
    sizes = Counter(len(row) for row in rows[1:] if row)
    return sizes.most_common(1)[0][0] if sizes else len(rows[0])


def _notes(separator: str, options: FileOptions) -> tuple[str, ...]:
    if options.separator or separator == ",":
        return ()
    return (f"Fields are separated by {_NAMES.get(separator, separator)}.",)


def _ragged(
    header: list[str], rows: list[list[str]], found: list[tuple[int, list[str]]], skipped: int, separator: str
) -> str:
    place = next(i for i, row in enumerate(rows) if len(row) > len(header))
    wrong = (
        f"line {skipped + found[place][0]} has {len(rows[place])} fields, the header (line {skipped + 1}) {len(header)}"
    )
    way = "--skip-lines (skip_lines) leaves out what stands above the header, --separator (separator) names another"
    return f"{wrong}, separated by {_NAMES.get(separator, repr(separator))}; {way}"
