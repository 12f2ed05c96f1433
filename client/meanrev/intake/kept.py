"""Tables that a server keeps: which part of which of its matrices a table is."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.table import Floats, Ints, Table

__all__ = ["Kept", "appended", "kept_as", "kept_of", "named_table", "numbers_of", "part"]


@dataclass(frozen=True)
class Kept:
    """What a table is of a matrix that a server keeps.

    Attributes:
        matrix_id: The id of the whole matrix.
        columns: Names of all its columns, as the server has them; none where they are not known here.
        labels: The same, as the caller wrote them.
        n_rows: Rows of the whole matrix.
        whole: All of it, as it was put; None where the server alone has the numbers.
        rows: Rows of the part.
        places: Numbers of the part's columns; None for all.
        values: The table's values: a copy of the table that has others is no part of the matrix any more.
        timestamps_ms: The table's times, likewise.
    """

    matrix_id: str
    columns: tuple[str, ...]
    labels: tuple[Hashable, ...]
    n_rows: int
    whole: Table | None
    rows: slice
    places: tuple[int, ...] | None
    values: Floats
    timestamps_ms: Ints | None

    @property
    def is_whole(self) -> bool:
        """Whether this is all of the matrix."""
        return self.places is None and self.rows == slice(0, self.n_rows)

    @property
    def texts(self) -> tuple[str, ...]:
        """Names of the part's columns, as the server has them."""
        return self.columns if self.places is None else tuple(self.columns[place] for place in self.places)

    @property
    def own_labels(self) -> tuple[Hashable, ...]:
        """The same, as the caller wrote them."""
        return self.labels if self.places is None else tuple(self.labels[place] for place in self.places)


def kept_of(table: Table) -> Kept | None:
    """Return what a table is of a kept matrix; None where it is none, or has other values or times by now."""
    kept = table.kept
    same = kept is not None and kept.values is table.values and kept.timestamps_ms is table.timestamps_ms
    return kept if same else None


def kept_as(whole: Table, matrix_id: str, columns: tuple[str, ...], labels: tuple[Hashable, ...]) -> Table:
    """Return a table as the whole matrix that a server keeps.

    Args:
        whole: Its numbers.
        matrix_id: Its id.
        columns: Its columns' names, as the server has them.
        labels: The same, as the caller wrote them.
    """
    n_rows = len(whole.values)
    kept = Kept(matrix_id, columns, labels, n_rows, whole, slice(0, n_rows), None, whole.values, whole.timestamps_ms)
    return replace(whole, kept=kept)


def named_table(matrix_id: str, shape: tuple[int, int], columns: tuple[str, ...], stamps: Ints | None) -> Table:
    """Return a whole matrix whose numbers the server alone has; they are NaN here, and take no memory.

    Args:
        matrix_id: Its id.
        shape: (T, N).
        columns: N names; none where they are not known here.
        stamps: (T,), or None.
    """
    values = _unknown(shape)
    kept = Kept(matrix_id, columns, columns, shape[0], None, slice(0, shape[0]), None, values, stamps)
    return Table(values, columns, stamps, kept=kept)


def numbers_of(field: str, table: Table) -> Table:
    """Return a table for a method that sends its numbers.

    Raises:
        InvalidInput: the server alone has them.
    """
    kept = kept_of(table)
    if kept is not None and kept.whole is None:
        rule = (
            "must hold numbers, and the server alone has those of this kept matrix; the research methods take it, such "
            "as fit_ou, tests, stats, sweep and scan"
        )
        raise InvalidInput(field, rule, value=kept.matrix_id)
    return table


def part(table: Table, labels: Sequence[Hashable] | None, first_row: int, stop_row: int | None) -> Table:
    """Return some rows and columns of a kept table.

    Args:
        table: A kept matrix, or a part of one.
        labels: Of columns, in the order that is wanted; None for all.
        first_row: First row, counted from that of the table.
        stop_row: The row before which the part ends; None for the end of the table.

    Raises:
        InvalidInput: a column or a row is not there, or a column comes twice.
    """
    kept = table.kept
    assert kept is not None  # noqa: S101 - a kept matrix has only such tables
    rows = _rows(len(table.values), first_row, stop_row)
    values, names, of_whole = table.values[rows], table.names, kept.places
    if labels is not None:
        places = _places(labels, kept)
        values = _columns_of(values, places, known=kept.whole is not None)
        names = tuple(names[place] for place in places) if names else ()
        of_whole = tuple(place if of_whole is None else of_whole[place] for place in places)
    stamps = None if table.timestamps_ms is None else table.timestamps_ms[rows]
    report = table.report if labels is None else None  # it counts all columns
    start = kept.rows.start
    rows_of_whole = slice(start + rows.start, start + rows.stop)
    cut = replace(kept, rows=rows_of_whole, places=of_whole, values=values, timestamps_ms=stamps)
    return Table(values, names, stamps, report, cut)


def appended(before: Table, rows: Table, matrix_id: str) -> Table:
    """Return a longer matrix; its numbers are here where those of the shorter one are.

    Args:
        before: The whole shorter one.
        rows: The rows that follow it, with its columns.
        matrix_id: The id of the longer one.
    """
    kept = before.kept
    assert kept is not None  # noqa: S101 - a kept matrix has only such tables
    stamps = None
    if before.timestamps_ms is not None and rows.timestamps_ms is not None:
        stamps = np.concatenate([before.timestamps_ms, rows.timestamps_ms])
    if kept.whole is None:
        shape = kept.n_rows + len(rows.values), before.values.shape[1]
        return named_table(matrix_id, shape, kept.columns, stamps)
    values = np.concatenate([before.values, rows.values.reshape(len(rows.values), *before.values.shape[1:])])
    return kept_as(Table(values, before.names, stamps), matrix_id, kept.columns, kept.labels)


def _rows(n_rows: int, first_row: int, stop_row: int | None) -> slice:
    stop = n_rows if stop_row is None else stop_row
    if not 0 <= first_row < n_rows:
        raise InvalidInput("first_row", f"must be from 0 to {n_rows - 1}, the last row", value=first_row)
    if not first_row < stop <= n_rows:
        raise InvalidInput("stop_row", f"must be from {first_row + 1} to {n_rows}, the number of rows", value=stop_row)
    return slice(first_row, stop)


def _places(labels: Sequence[Hashable], kept: Kept) -> list[int]:
    """Return the places of columns, by the caller's labels or by the server's names of them."""
    if isinstance(labels, str) or not len(labels):
        raise InvalidInput("columns", "must be a list of at least one name", value=labels)
    known: dict[Hashable, int] = {text: place for place, text in enumerate(kept.texts)}
    known |= {label: place for place, label in enumerate(kept.own_labels)}
    places: dict[int, None] = {}
    for number, label in enumerate(labels):
        if label not in known:
            rule = f"must be of the kept matrix, such as {next(iter(known), '')!r}"
            raise InvalidInput("columns", rule, value=label, index=number)
        if known[label] in places:
            raise InvalidInput("columns", "must differ from each other", value=label, index=number)
        places[known[label]] = None
    return list(places)


def _columns_of(values: Floats, places: Sequence[int], *, known: bool) -> Floats:
    if values.ndim == 1:
        return values
    return values[:, places] if known else _unknown((len(values), len(places)))


def _unknown(shape: tuple[int, ...]) -> Floats:
    return np.broadcast_to(np.nan, shape)
