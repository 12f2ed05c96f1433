"""How a command reads a file of prices: the options that all of them take, and the table with its report."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click
import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.files import read_file
from meanrev.intake.options import FileOptions
from meanrev.intake.order import DUPLICATES, shown_time
from meanrev.intake.table import Table
from meanrev_cli.failure import ExitCode, Failure

__all__ = ["day_of", "price_options", "read_prices", "report_text", "untradable"]

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


def price_options(command: F) -> F:
    """Add the argument PRICES and the options of reading it to a command, which takes prices and reading."""

    @click.argument("prices", type=_Prices())
    @click.option(
        "--column", "wanted", multiple=True, metavar="NAME", help="One column (again for more); all by default."
    )
    @click.option("--columns", metavar="A,B", help="Several columns, with commas.")
    @click.option("--date-column", default="", metavar="NAME", help="The column of times; found by default.")
    @click.option("--date-format", default="", metavar="FORMAT", help="How times are written, such as %d/%m/%Y.")
    @click.option("--tz", default="", metavar="ZONE", help="Zone of times that name none; UTC.")
    @click.option("--sort", is_flag=True, help="Sort rows that are not in order of time.")
    @click.option(
        "--duplicates", type=click.Choice(DUPLICATES), default="refuse", help="Which row of one time stays; refuse."
    )
    @click.option("--long", metavar="DATE,NAME,VALUE", help="Columns of a long table, which becomes a column a name.")
    @click.option(
        "--missing", multiple=True, metavar="TEXT", help="A further marker of missing values (again for more)."
    )
    @click.option(
        "--no-header/--header", default=None, help="The first line holds values, or names; checked by default."
    )
    @click.option("--skip-lines", type=click.IntRange(min=0), default=0, metavar="N", help="Lines above the header.")
    @click.option("--separator", default="", metavar="CHAR", help="Between fields: , ; | tab; found by default.")
    @click.option("--decimal-comma/--decimal-point", default=None, help="1.234,5 or 1,234.5; found by default.")
    @click.option("--sheet", default="", metavar="NAME", help="Of a spreadsheet with several sheets.")
    @functools.wraps(command)
    def with_options(*args: Any, wanted: tuple[str, ...], columns: str | None, **others: Any) -> Any:
        names = FileOptions.__dataclass_fields__.keys() - {"columns"}
        given = {name: others.pop(name) for name in names if name in others}
        given["separator"] = _SEPARATORS.get(given["separator"].lower(), given["separator"])
        given["long"] = _listed(given["long"])
        try:
            reading = FileOptions(**given, columns=tuple(dict.fromkeys((*wanted, *_listed(columns)))))
        except InvalidInput as error:
            error.field = f"--{error.field.replace('_', '-')}"
            raise Failure(ExitCode.USAGE, str(error)) from None
        return command(*args, reading=reading, **others)

    return cast("F", with_options)


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
    if table.report is None:
        return ""
    taken, *rest = table.report.sentences()
    return f"{taken}\n{' '.join(rest)}" if rest else taken


def untradable(table: Table, mode: str | None) -> dict[str, str]:
    """Return why columns cannot be traded in a mode, by name: the first price that is not positive, and the way out."""
    if mode == "unit":
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
