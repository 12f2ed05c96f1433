"""What commands show of an answer: a table with a row a column of a file, for a terminal of any width, or a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from meanrev.intake.table import Table
from meanrev_cli.narrow import Fitting
from meanrev_cli.output_files import write_table
from meanrev_cli.price_options import report_text
from meanrev_cli.shared import Shared
from meanrev_cli.sweep_words import entry

__all__ = ["column_table", "show_columns"]

_MOST_ROWS = 40
_TEXTS = frozenset({"column", "status", "reason"})


def column_table(
    columns: Mapping[str, Any], shown: Sequence[tuple[str, str]], order: Sequence[str]
) -> list[RenderableType]:
    """Return the table, and a line on the rows that are left out.

    Args:
        columns: Values by field, each with one entry a column of the file; "column" has their names.
        shown: Field and format of each column of the table; "reason" is left out where there is none.
        order: Fields by importance, for narrow terminals.
    """
    count = len(columns["column"])
    has_reasons = any(str(reason) for reason in np.atleast_1d(columns.get("reason", ())))
    fields = [(name, shape) for name, shape in shown if name != "reason" or has_reasons]
    rows = [[entry(columns, name, i, shape) for name, shape in fields] for i in range(min(count, _MOST_ROWS))]
    lines: list[RenderableType] = [Fitting([name for name, _ in fields], rows, texts=_TEXTS, order=order)]
    if count > _MOST_ROWS:
        lines.append(Text(f"... and {count - _MOST_ROWS} more; --json and --out have all", style="dim"))
    return lines


def show_columns(
    shared: Shared,
    read: Table,
    columns: Mapping[str, Any],
    out: Path | None,
    document: Mapping[str, Any],
    lines: Sequence[RenderableType],
) -> None:
    """Write an answer to a file where one was named, and show it: every figure as JSON, or a picture as text.

    Args:
        shared: The shared options.
        read: The prices, for the report of what was taken of them.
        columns: All values by field.
        out: The file.
        document: What the JSON has between "intake" and "saved".
        lines: The picture, below the report and above the name of the file.
    """
    if out is not None:
        write_table(out, columns)
    saved = None if out is None else str(out.resolve())
    intake = None if read.report is None else read.report.to_dict()
    named = [Text(f"Saved: {saved}", style="bold")] if saved else []
    picture = Group(Text(report_text(read)), *lines, *named)
    shared.show({"intake": intake, **document, "saved": saved}, picture)
