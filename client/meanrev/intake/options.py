"""The options of reading a file, and the errors that refuse one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from meanrev.errors import InvalidInput
from meanrev.intake.order import DUPLICATES

__all__ = ["FileOptions", "polars", "refusal", "shown", "suggested"]

_FEW = 12
_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class FileOptions:
    """How a file is to be read; what is left at its default is found in the file, or refused where it is ambiguous.

    Attributes:
        separator: Between the fields of a text file, one character; found among , ; | and tab where "".
        decimal_comma: Numbers are written 1.234,5 (True) or 1,234.5 (False); found in the numbers where None.
        missing: Further texts that stand for a value that is not there.
        no_header: The first line holds values (True) or names (False); None refuses a first line that looks like
            values.
        skip_lines: Lines before the header.
        date_column: Name of the column of times.
        date_format: Of its texts, in strftime's letters, such as "%d/%m/%Y".
        columns: Names of the columns to take, in this order; all columns of prices where empty.
        long: Names of the columns of times, series' names and values of a long table, or ().
        sort: Sort rows that are not in order of time.
        duplicates: Which of the rows that share a time stays: one of order.DUPLICATES.
        tz: Zone of times that name none, such as "America/New_York"; UTC where "".
        sheet: Name of a spreadsheet's sheet.
    """

    separator: str = ""
    decimal_comma: bool | None = None
    missing: tuple[str, ...] = ()
    no_header: bool | None = None
    skip_lines: int = 0
    date_column: str = ""
    date_format: str = ""
    columns: tuple[str, ...] = ()
    long: tuple[str, ...] = ()
    sort: bool = False
    duplicates: str = "refuse"
    tz: str = ""
    sheet: str = ""

    def __post_init__(self) -> None:
        """Check what can be checked without the file.

        Raises:
            InvalidInput: an option breaks its rule.
        """
        if self.duplicates not in DUPLICATES:
            raise InvalidInput("duplicates", f"must be one of {', '.join(DUPLICATES)}", value=self.duplicates)
        if len(self.separator.encode()) > 1:
            rule = "must be one ASCII character, such as , ; | or a tab"
            raise InvalidInput("separator", rule, value=self.separator)
        if self.separator in {'"', "\n", "\r"} - {""}:
            raise InvalidInput("separator", "must be no quotation mark and no end of line", value=self.separator)
        if self.separator == "," and self.decimal_comma:
            rule = "must be False where the separator is a comma, or fields could not be separated"
            raise InvalidInput("decimal_comma", rule, value=True)
        if self.skip_lines < 0:
            raise InvalidInput("skip_lines", "must be 0 or more", value=self.skip_lines)
        if self.long and (len(self.long) != 3 or len(set(self.long)) != 3):
            rule = "must name three columns: times, names of the series and values, such as date,ticker,close"
            raise InvalidInput("long", rule, value=",".join(self.long))
        if len(set(self.columns)) != len(self.columns):
            twice = next(name for i, name in enumerate(self.columns) if name in self.columns[:i])
            raise InvalidInput("columns", "must name each column once", value=twice)
        if self.tz:
            _known_zone(self.tz)


def refusal(source: str, wrong: str) -> InvalidInput:
    """Return the error of a file that cannot be read as it is.

    Args:
        source: Its name.
        wrong: Where in the file, what is wrong with what value, and the way out.
    """
    wrong = " ".join(wrong.splitlines())  # names of columns may span lines
    return InvalidInput(source, wrong, message=f"{source}: {wrong}")


def suggested(wanted: str, names: Sequence[str]) -> str:
    """Return advice for a name that is not there: "did you mean 'Close'?", or the names that are."""
    import difflib  # noqa: PLC0415 - for a message only

    def plain(name: str) -> str:
        return "".join(letter for letter in name.casefold() if letter.isalnum())

    alike = [name for name in names if plain(name) == plain(wanted)]
    close = alike or difflib.get_close_matches(wanted, names, n=1, cutoff=0.75)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"it has {', '.join(map(str, names[:_FEW]))}{' ...' if len(names) > _FEW else ''}"


def shown(cell: object) -> str:
    """Return a cell for a message: on one line, and cut where it is long."""
    text = repr(cell)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def polars() -> Any:
    """Return polars, which is loaded when a file is first read.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    try:
        import polars as pl  # noqa: PLC0415 - `import meanrev` stays quick without it
    except ModuleNotFoundError:
        advice = "reading files needs polars, which the extra [files] brings"
        advice += ": pip install '.[files]' in a checkout of meanrev"
        raise ModuleNotFoundError(advice, name="polars") from None
    return pl


def _known_zone(name: str) -> None:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - for this option only

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        rule = "must be a zone of the tz database, such as UTC or America/New_York"
        raise InvalidInput("tz", rule, value=name) from None
