"""A table with a row a column of a file, for a terminal of any width."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from meanrev_cli.narrow import Fitting
from meanrev_cli.sweep_words import entry

__all__ = ["column_table"]

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
