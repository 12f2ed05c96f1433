"""How a command reads a file of prices: the options that all of them take, and the table with its report."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click
import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.files import read_file
from meanrev.intake.kept import kept_of
from meanrev.intake.options import FileOptions
from meanrev.intake.order import DUPLICATES, shown_time
from meanrev.intake.table import Table
from meanrev_cli.failure import ExitCode, Failure

__all__ = [
    "PRICES",
    "day_of",
    "kept_or_price_options",
    "price_options",
    "read_prices",
    "report_text",
    "universe_options",
    "untradable",
]

F = TypeVar("F", bound=Callable[..., Any])

_FEWEST_ROWS = 2
_SEPARATORS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


class _Prices(click.ParamType):  # type: ignore[type-arg, unused-ignore] # generic in newer releases only
    """A path, a pattern or an address."""

    name = "prices"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if "://" not in text and not any(letter in text for letter in "*?[") and not Path(text).exists():
            self.fail(f"File {text!r} does not exist.", param, ctx)
        return text


PRICES = _Prices()


def price_options(command: F) -> F:
    """Add the argument PRICES and the options of reading it to a command, which takes prices and reading."""
    return click.argument("prices", type=PRICES)(_reading_options(command))


def kept_or_price_options(command: F) -> F:
    """Add the same, and --matrix, of which one is given; the command takes matrix too, and the other one is None."""

    @click.argument("prices", type=PRICES, required=False)
    @click.option("--matrix", metavar="ID", help="A matrix that the server keeps, in place of PRICES (see `put`).")
    @functools.wraps(command)
    def with_one(*args: Any, prices: str | None, matrix: str | None, **others: Any) -> Any:
        if (prices is None) == (matrix is None):
            raise Failure(ExitCode.USAGE, "give either PRICES, a file, or --matrix, the id of a matrix that is kept")
        return command(*args, prices=prices, matrix=matrix, **others)

    return cast("F", _reading_options(with_one))


def _reading_options(command: F) -> F:
    sort = click.option("--sort", is_flag=True, help="Sort rows that are not in order of time.")
    duplicates = click.option(
        "--duplicates", type=click.Choice(DUPLICATES), default="refuse", help="Which row of one time stays; refuse."
    )
    return _columns_options(sort(duplicates(_text_options(_takes_reading(command)))))


def universe_options(command: F) -> F:
    """Add --universe and the options of reading it to a command, which takes universe and reading."""
    universe = click.option(
        "--universe", type=PRICES, required=True, metavar="PRICES", help="A file, folder, pattern or address."
    )
    return universe(_columns_options(_text_options(_takes_reading(command))))


def _takes_reading(command: F) -> F:
    """Give a command one argument, reading, in place of the options of reading."""

    @functools.wraps(command)
    def with_options(*args: Any, **given: Any) -> Any:
        reading = _reading(given)
        return command(*args, reading=reading, **given)

    return cast("F", with_options)


def _columns_options(command: F) -> F:
    """Add the options that say which column is what."""
    for option in (
        click.option(
            "--long", metavar="DATE,NAME,VALUE", help="Columns of a long table, which becomes a column a name."
        ),
        click.option("--tz", default="", metavar="ZONE", help="Zone of times that name none; UTC."),
        click.option("--date-format", default="", metavar="FORMAT", help="How times are written, such as %d/%m/%Y."),
        click.option("--date-column", default="", metavar="NAME", help="The column of times; found by default."),
        click.option("--columns", metavar="A,B", help="Several columns, with commas."),
        click.option(
            "--column", "wanted", multiple=True, metavar="NAME", help="One column (again for more); all by default."
        ),
    ):
        command = option(command)
    return command


def _text_options(command: F) -> F:
    """Add the options of text files and spreadsheets."""
    for option in (
        click.option("--sheet", default="", metavar="NAME", help="Of a spreadsheet with several sheets."),
        click.option("--decimal-comma/--decimal-point", default=None, help="1.234,5 or 1,234.5; found by default."),
        click.option("--separator", default="", metavar="CHAR", help="Between fields: , ; | tab; found by default."),
        click.option(
            "--skip-lines", type=click.IntRange(min=0), default=0, metavar="N", help="Lines above the header."
        ),
        click.option(
            "--no-header/--header", default=None, help="The first line holds values, or names; checked by default."
        ),
        click.option(
            "--missing", multiple=True, metavar="TEXT", help="A further marker of missing values (again for more)."
        ),
    ):
        command = option(command)
    return command


def _reading(given: dict[str, Any]) -> FileOptions:
    """Take the options of reading out of those of a command.

    Raises:
        Failure: one breaks its rule.
    """
    wanted, columns = given.pop("wanted"), given.pop("columns")
    names = FileOptions.__dataclass_fields__.keys() - {"columns"}
    taken = {name: given.pop(name) for name in names if name in given}
    taken["separator"] = _SEPARATORS.get(taken["separator"].lower(), taken["separator"])
    taken["long"] = _listed(taken["long"])
    try:
        return FileOptions(**taken, columns=tuple(dict.fromkeys((*wanted, *_listed(columns)))))
    except InvalidInput as error:
        error.field = f"--{error.field.replace('_', '-')}"
        raise Failure(ExitCode.USAGE, str(error)) from None


def read_prices(prices: str, reading: FileOptions) -> Table:
    """Read a file of prices.

    Args:
        prices: A path, a pattern or an address.
        reading: How.

    Raises:
        Failure: it cannot be read, it is ambiguous, or it has too few rows.
    """
    try:
        read = read_file(prices, reading)
        if len(read.values) < _FEWEST_ROWS:
            source = prices if read.report is None else read.report.source
            raise Failure(ExitCode.BAD_DATA, f"{source} has 1 row of prices; at least {_FEWEST_ROWS} are needed")
        return read  # noqa: TRY300 - what is refused here is no error of the reader
    except InvalidInput as error:
        raise Failure(ExitCode.BAD_DATA, str(error)) from None
    except ModuleNotFoundError as error:
        raise Failure(ExitCode.USAGE, str(error)) from None


def report_text(table: Table) -> str:
    """Return what was taken from the file as one line, and what else was noticed as another."""
    kept = kept_of(table)
    if kept is not None:
        return f"matrix {kept.matrix_id}, {len(table.names)} columns of {len(table.values)} rows"
    if table.report is None:
        return ""
    taken, *rest = table.report.sentences()
    return f"{taken}\n{' '.join(rest)}" if rest else taken


def untradable(table: Table, mode: str | None) -> dict[str, str]:
    """Return why columns cannot be traded in a mode, by name: the first price that is not positive, and the way out."""
    if mode == "unit" or kept_of(table) is not None:  # the server alone has the numbers of a kept matrix
        return {}
    found = {}
    for i, name in enumerate(table.names):
        column = table.values[:, i]
        if column.size and np.nanmin(column) <= 0:
            row = int(np.flatnonzero(column <= 0)[0])
            when = f" at {day_of(table, row)}" if table.timestamps_ms is not None else ""
            rule = f"price {column[row]:g} in row {row + 1}{when} is not positive, as mode compounding needs"
            found[str(name)] = f"{rule}; --mode unit trades a spread that may be"
    return found


def day_of(table: Table, row: int) -> str:
    """Return a row's time as ISO text, "" where the table has no times."""
    return "" if table.timestamps_ms is None else shown_time(int(table.timestamps_ms[row]) * 10**6)


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text else ()
