"""What a result shows of itself: a line for a list, a text for a terminal, tables for a notebook."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import numpy as np

__all__ = ["Shown", "View", "depth", "described"]

_ROWS = 10
_WIDTH = 100
_LINE = 90
_TEXT = 40
_LOWER, _UPPER, _ERROR = "_lower", "_upper", "_std_error"
_KINDS = (_LOWER, _UPPER, _ERROR)
_STYLE = "text-align:right;white-space:nowrap"


@dataclass(frozen=True)
class Shown:
    """What is shown of a result.

    Attributes:
        name: Of its class.
        fields: Its fields, by name.
        table: Columns of equal length, by name; empty where all fields are single values.
        inner: What stands for each result inside it, by its field's name.
        labels: Fields with the labels of series, which stand first in a table.
    """

    name: str
    fields: Mapping[str, Any]
    table: Mapping[str, Any]
    inner: Mapping[str, str]
    labels: frozenset[str] = frozenset()


class View:
    """A result as texts.

    An interval and a standard error stand behind the figure that they belong to. Fields that say nothing are left out,
    such as an empty note or a figure that was not asked for. Figures have five significant digits.
    """

    def __init__(self, shown: Shown) -> None:
        """Turn the figures into texts.

        Args:
            shown: What to show.
        """
        self._name, self._inner = shown.name, shown.inner
        first = {name: shown.table[name] for name in shown.table if name in shown.labels}
        self._table, self.n_rows = _columns({**first, **shown.table})
        self._values, self._short = _singles(shown.fields)
        self._others = {name: _shape(value) for name, value in shown.fields.items() if _aside(name, value, shown)}

    def line(self) -> str:
        """Return one line of at most 90 characters, such as OuFit(theta=0.05, mu=50, ...)."""
        size = [_rows(self.n_rows)] if self.n_rows is not None else []
        parts = [*size, *(f"{name}={value}" for name, value in self._short)]
        parts += [f"{name}={what}" for name, what in self._others.items()]
        kept: list[str] = []
        for part in parts:
            if len(f"{self._name}({', '.join([*kept, part])}, ...)") > _LINE:
                kept.append("...")
                break
            kept.append(part)
        return f"{self._name}({', '.join(kept)})"

    def text(self) -> str:
        """Return lines of at most 100 characters: single values, the first rows of the table, what else there is."""
        lines = [self._name if self._values or self.n_rows is None else f"{self._name}, {self._counted()}"]
        wide = max((len(name) for name, _ in self._values), default=0)
        for name, value in self._values:
            lines += wrap(value, _WIDTH, initial_indent=f"  {name:<{wide}}  ", subsequent_indent=" " * (wide + 4))
        if self.n_rows is not None:
            lines += [f"  {self._counted()}"] * bool(self._values) + self._table_lines()
        lines += [f"  {name}: {what}" for name, what in (*self._others.items(), *self._inner.items())]
        return "\n".join(lines)

    def markup(self) -> str:
        """Return tables in HTML."""
        parts = []
        if self._values or self.n_rows is None:
            rows = "".join(f"<tr><th>{html.escape(name)}</th>{_cell(value)}</tr>" for name, value in self._values)
            parts.append(f"<table><caption>{html.escape(self._name)}</caption>{rows}</table>")
        if self.n_rows is not None:
            head = "".join(f"<th>{html.escape(name)}</th>" for name, _ in self._table)
            texts = [column for _, column in self._table]
            rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in zip(*texts, strict=True))
            caption = html.escape(f"{self._name}, {self._counted()}")
            parts.append(f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>{rows}</table>")
        rest = [f"{name}: {what}" for name, what in (*self._others.items(), *self._inner.items())]
        if rest:
            parts.append(f"<p>{html.escape('; '.join(rest))}</p>")
        return "".join(parts)

    def _counted(self) -> str:
        rows = self.n_rows or 0
        return _rows(rows) + (f", of which these are the first {_ROWS}" if rows > _ROWS else "")

    def _table_lines(self) -> list[str]:
        widths = [max(map(len, (name, *texts))) for name, texts in self._table]
        fitting, taken = 0, 0
        while fitting < len(widths) and (taken + widths[fitting] + 2 <= _WIDTH or not fitting):
            taken += widths[fitting] + 2
            fitting += 1
        shown = self._table[:fitting]
        rows = zip(*[(name, *texts) for name, texts in shown], strict=True)
        lines = ["  ".join(["", *map(str.rjust, row, widths)]) for row in rows] if shown else []
        left = [name for name, _ in self._table[fitting:]]
        if left:
            more = f"and {len(left)} more column{'s' * (len(left) != 1)}: {', '.join(left)}"
            lines += wrap(more, _WIDTH, initial_indent="  ", subsequent_indent="  ")
        return lines


def depth(value: Any) -> int:
    """Return the number of a field's axes; a tuple holds texts or labels, which may be tuples themselves."""
    return 1 if isinstance(value, tuple) else np.ndim(value)


def _columns(table: Mapping[str, Any]) -> tuple[list[tuple[str, list[str]]], int | None]:
    """Return the texts of the table's first rows, by column, and the number of its rows."""
    vectors = {name: value for name, value in table.items() if depth(value) == 1}
    if not vectors:
        return [], None
    heads = {name: _head(value) for name, value in vectors.items() if not _says_nothing(value)}
    columns = []
    for name, values in heads.items():
        if not _belongs(name, heads):
            around = {kind: heads[place] for kind, place in _around(name, heads).items()}
            texts = [_with(value, {kind: ends[i] for kind, ends in around.items()}) for i, value in enumerate(values)]
            columns.append((name, [_cut(text) if isinstance(values[0], str) else text for text in texts]))
    index = next((value.index for value in vectors.values() if not callable(getattr(value, "index", len))), None)
    if index is not None:  # a pandas Series has its labels beside its values
        columns.insert(0, (str(index.name or ""), [_cut(_text(label)) for label in index[:_ROWS]]))
    return columns, max(len(value) for value in vectors.values())


def _singles(fields: Mapping[str, Any]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the texts of the single values, with what belongs to them and without."""
    single = {
        name: value
        for name, value in fields.items()
        if not isinstance(value, Mapping) and not _says_nothing(value) and depth(value) == 0
    }
    full, short = [], []
    for name, value in single.items():
        if not _belongs(name, single):
            around = {kind: single[place] for kind, place in _around(name, single).items()}
            full.append((name, _with(value, around)))
            short.append((name, _cut(_text(value))))
    return full, short


def _around(name: str, fields: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of a figure's standard error and of its interval's ends, by their kind.

    They are named after the figure: theta_lower, or without the end of its name: sharpe_std_error of sharpe_ratio.
    """
    stem = name.removesuffix("_ratio").removesuffix("_median_unbiased")
    found = {kind: base + kind for base in (stem, name) for kind in _KINDS if base + kind in fields}
    return found if _LOWER in found or _ERROR in found else {}


def _belongs(name: str, fields: Mapping[str, Any]) -> bool:
    """Return whether a field is shown behind another."""
    return name.endswith(_KINDS) and any(name in _around(other, fields).values() for other in fields)


def _with(value: Any, around: Mapping[str, Any]) -> str:
    """Return a figure with its standard error and its interval."""
    shown = _text(value)
    if _ERROR in around:
        shown += f" ± {_text(around[_ERROR])}"
    if _LOWER in around and _UPPER in around:
        shown += f" [{_text(around[_LOWER])}, {_text(around[_UPPER])}]"
    return shown


def _text(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.5g}"
    if isinstance(value, np.datetime64):
        return str(value).removesuffix("T00:00:00.000")
    return " ".join(str(value).split())


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 3]}..."


def _head(value: Any) -> list[Any]:
    first = value[:_ROWS]
    return list(getattr(first, "to_numpy", lambda: first)())


def _says_nothing(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return not value
    texts = isinstance(value, tuple) or (isinstance(value, np.ndarray) and value.dtype.kind == "U")
    return texts and all(isinstance(text, str) and not text for text in value)


def _aside(name: str, value: Any, shown: Shown) -> bool:
    """Return whether a field is neither a single value nor a column of the table nor a result."""
    if isinstance(value, Mapping) or name in shown.labels or _says_nothing(value):
        return False
    return depth(value) > 0 and not any(column == name or column.startswith(f"{name}_") for column in shown.table)


def _shape(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} entries"
    return f"{' x '.join(map(str, np.shape(value)))} values"


def _cell(text: str) -> str:
    return f'<td style="{_STYLE}">{html.escape(text)}</td>'


def described(kind: str, columns: Mapping[str, Sequence[Any]] | Mapping[str, Any]) -> str:
    """Return what stands for a result inside another: its class, and its rows where it has some."""
    lengths: Iterable[int] = (len(value) for value in columns.values() if depth(value) == 1)
    rows = max(lengths, default=None)
    return kind if rows is None else f"{kind}, {_rows(rows)}"


def _rows(count: int) -> str:
    return f"{count} row{'s' * (count != 1)}"
