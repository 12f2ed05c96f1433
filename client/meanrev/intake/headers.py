"""The first lines of a text file: names of columns, one line or several, or values already."""

import re

from meanrev.intake.cells import MISSING
from meanrev.intake.column_names import is_time_name
from meanrev.intake.options import refusal, shown

__all__ = ["begins_with_values", "is_date", "joined", "n_header_lines", "refuse_values_as_header"]

_ISO = re.compile(r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ].*)?$")
_SLASHED = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?$")
_WORDED = re.compile(r"(\d{1,2}[- ][A-Za-z]{3,9}[- ,]+\d{2,4}|[A-Za-z]{3,9}\.?[ -]\d{1,2},?[ -]\d{4})$")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
_NUMBER = re.compile(r"[+-]?([0-9][0-9.,]*|[.,][0-9]+|inf|infinity)([eE][+-]?[0-9]+)?$", re.IGNORECASE)
_MOST_LEVELS = 4


def is_date(text: str) -> bool:
    """Return whether a name of a column is a date."""
    return bool(_ISO.match(text) or _SLASHED.match(text))


def n_header_lines(rows: list[list[str]]) -> int:
    """Return the number of lines of a header: as pandas writes several levels, with a line that names the index."""
    for i, row in enumerate(rows[1:_MOST_LEVELS], start=1):
        named = bool(row) and bool(row[0].strip()) and not any(cell.strip() for cell in row[1:]) and len(row) > 1
        if named and is_time_name(row[0]) and not any(_is_value(cell) for above in rows[1:i] for cell in above):
            return i + 1
    second = rows[1] if len(rows) > 2 else []
    texts = [cell for cell in second[1:] if cell.strip()]
    of_levels = len(texts) > 0 and len(second) == len(rows[0]) > 1 and not any(map(_is_value, texts))
    above = [cell.strip() for cell in rows[0][1:] if cell.strip()]
    repeated = len(set(above)) < len(above) or second[:1] in (["Ticker"], ["Price"])
    return 2 if of_levels and repeated and not second[0].strip().isdigit() and not _is_time(second[0]) else 1


def begins_with_values(rows: list[list[str]]) -> bool:
    """Return whether the first line can be nothing but values: a date and numbers, like those of the second line."""
    if len(rows) < 2 or len(rows[0]) != len(rows[1]) or len(rows[0]) < 2:
        return False
    dates = [_is_time(cell) for cell in rows[0]]
    return (
        dates[0]
        and dates == [_is_time(cell) for cell in rows[1]]
        and all(map(_NUMBER.match, map(str.strip, rows[0][1:])))
    )


def refuse_values_as_header(source: str, row: list[str], line: int, second: list[str] | None = None) -> None:
    """Refuse a first line that is all values; the numbers 0, 1, 2 ... are the names that pandas gives."""
    cells = [cell.strip() for cell in row] or [""]
    names = [cell for cell in cells if cell]
    counts_rows = second is not None and second[:1] == ["1"] and cells[0] == "0"
    if cells[1:] and names == [str(i) for i in range(len(names))] and not counts_rows:
        return
    numbers = [bool(_NUMBER.match(cell)) for cell in cells[1:]]
    below = second[0].strip() if second else "1"
    labelled = not (_NUMBER.match(below) or _is_time(below)) and all(numbers)
    alike = (
        second is not None and len(second) == len(cells) and list(map(_is_value, second)) == list(map(_is_value, cells))
    )
    begins = (_is_value(cells[0]) and bool(cells[0]) and (any(numbers) or alike)) or (any(numbers) and labelled)
    begins = begins or any(map(_both_times, cells, second or []))
    begins = begins or (bool(_NUMBER.match(cells[0])) and not cells[0].isdigit())  # 20.50 is no name
    if begins or (names and all(_is_value(cell) for cell in names)):
        what = f"line {line} looks like values, not like names of columns: {', '.join(map(shown, names[:4]))}"
        raise refusal(source, f"{what}; --no-header (no_header=True) reads it as values, --header (False) as names")


def joined(header: list[list[str]]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return one name a column, and its levels."""
    if len(header) == 1:
        return tuple(header[0]), ()
    width = max(len(row) for row in header)
    rows = [[*row, *[""] * (width - len(row))] for row in header]
    index_names = [rows[-1][0]] if not any(rows[-1][1:]) else [row[0] for row in rows[:1]]
    kept = [row for row in rows if any(row[1:])]
    columns = list(zip(*[row[1:] for row in kept], strict=True))
    telling = [i for i in range(len(kept)) if len({column[i] for column in columns}) > 1] or [0]
    names = tuple("/".join(column[i] for i in telling if column[i]) for column in columns)
    return (index_names[0], *names), ((index_names[0],), *columns)


def _is_value(cell: str) -> bool:
    cell = cell.strip()
    return bool(_NUMBER.match(cell)) or _is_time(cell) or (bool(cell) and cell.lower() in MISSING)


def _both_times(cell: str, below: str) -> bool:
    """Return whether a column begins with two times, the first of which can be no name then."""
    return _is_time(cell) and _is_time(below)


def _is_time(cell: str) -> bool:
    cell = cell.strip()
    return any(pattern.match(cell) for pattern in (_ISO, _SLASHED, _WORDED, _CLOCK))
