"""Tables for terminals of any width: digits are never cut; columns that do not fit are left out and named."""

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

__all__ = ["Fitting"]

_GAP = 2
_LEAST_TEXT = 8
_SHARE_OF_TEXT = 4
"""A text that is longer than this part of the width may take several lines."""


class Fitting:
    """A table of words that shows as many of its columns as fit, the most important first."""

    def __init__(
        self, names: Sequence[str], rows: Iterable[Sequence[str]], *, texts: frozenset[str], order: Sequence[str] = ()
    ) -> None:
        """Keep the table.

        Args:
            names: Of the columns, from left to right.
            rows: Words, one a column.
            texts: Names of the columns that hold texts, which may take several lines.
            order: Names by importance, the most important first; those that are not in it come last.
        """
        self._names = list(names)
        self._rows = [list(row) for row in rows]
        self._texts = texts
        self._order = [*order, *(name for name in names if name not in order)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table, and a line on what does not fit."""
        gap = " "
        shown = self._fitting(options.max_width, gap)
        if len(shown) < len(self._names):
            gap = "\n"  # a heading may take a line a word, digits may not
            shown = self._fitting(options.max_width, gap)
        table = Table(box=None, header_style="dim", padding=(0, 1), pad_edge=False)
        for name in shown:
            text = name in self._texts
            table.add_column(
                Text(name.replace("_", gap)),
                justify="left" if text else "right",
                overflow="fold",
                no_wrap=not text,
            )
        places = [self._names.index(name) for name in shown]
        for row in self._rows:
            table.add_row(*(Text(row[place]) for place in places))
        yield table
        hidden = [name.replace("_", " ") for name in self._names if name not in shown]
        if hidden:
            yield Text(f"Not shown in {options.max_width} columns: {', '.join(hidden)}; --json has them.", style="dim")

    def _fitting(self, width: int, gap: str) -> list[str]:
        """Return the names of the columns that fit, in their own order; gap stands between the words of a heading."""
        taken = 0
        kept: list[str] = []
        for name in self._order:
            place = self._names.index(name)
            cells = [row[place] for row in self._rows]
            longest = max((len(cell) for cell in cells), default=0)
            if name in self._texts:
                longest = min(longest, max(_LEAST_TEXT, width // _SHARE_OF_TEXT))
            longest = max(longest, *(len(line) for line in name.replace("_", gap).split("\n")))
            if kept and taken + longest + _GAP > width:
                continue
            taken += longest + _GAP
            kept.append(name)
        return [name for name in self._names if name in kept]
