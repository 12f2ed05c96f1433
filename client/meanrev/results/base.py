"""The base of the results: a frozen dataclass that also reads as a mapping of its fields."""

from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from meanrev.pictures import Chart
from meanrev.results.tables import arrow_table, polars_frame
from meanrev.results.view import Shown, View, depth, described

__all__ = ["LABEL", "Pictured", "Result", "label_column"]

LABEL = {"label": True}
"""Metadata of a field with the label of a series, or a tuple of labels, which come back as the caller wrote them."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Result(Mapping[str, Any]):
    """Base of the results: dict(r), {**r} and r["theta"] work beside r.theta.

    repr() is a line, print() shows what fits 100 columns, a notebook shows tables. polars, pyarrow and DuckDB read a
    result as a table of their own, by Arrow's stream interface.

    Attributes:
        meta: Beside the fields: further outputs of the server, address, elapsed_ms, and intake, the Report of data that
            came in a labelled container. Not a key of the mapping.
    """

    meta: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> Any:
        if name not in self._names():
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return all(_same(value, other[name]) for name, value in self.items())

    __hash__ = None  # type: ignore[assignment] # arrays inside cannot be hashed

    def relabelled(self, labels: Mapping[str, Hashable]) -> Self:
        """Return the same result, inner results included, with other labels of series.

        Args:
            labels: The label to write for each text; other texts stay.
        """
        changed: dict[str, Any] = {}
        for name, value in self.items():
            if isinstance(value, Result):
                changed[name] = value.relabelled(labels)
            elif name in self._labels() and isinstance(value, tuple):
                changed[name] = tuple(labels.get(text, text) for text in value)
            elif name in self._labels():
                changed[name] = labels.get(value, value)
        return replace(self, **changed) if changed else self

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a plain dictionary; results inside become dictionaries too."""
        return {name: value.to_dict() if isinstance(value, Result) else value for name, value in self.items()}

    def to_frame(self) -> Any:
        """Return a pandas DataFrame: one row a series, bar or asset where fields are one-dimensional, else one row.

        Fields with other shapes (matrices) are left out.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        import pandas as pd  # noqa: PLC0415 - only this method needs it

        fitting = self.to_columns()
        length = max((len(value) for value in fitting.values() if depth(value) == 1), default=1)
        labels = next((value.index for value in fitting.values() if isinstance(value, pd.Series)), range(length))
        return pd.DataFrame(fitting, index=labels)

    def to_polars(self) -> Any:
        """Return a polars DataFrame with the rows and columns of to_frame; labels that are not texts become texts.

        Raises:
            ModuleNotFoundError: polars is not installed.
        """
        return polars_frame(self.to_columns())

    def to_arrow(self) -> Any:
        """Return a pyarrow Table with the rows and columns of to_frame; labels that are not texts become texts.

        Raises:
            ModuleNotFoundError: pyarrow is not installed.
        """
        return arrow_table(self.to_columns())

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Return the table as an Arrow stream, which polars, pyarrow, DuckDB and others read."""
        return self.to_polars().__arrow_c_stream__(requested_schema)

    def to_columns(self) -> dict[str, Any]:
        """Return what to_frame shows, a column's values by its name, without pandas; a single value is one number."""
        columns = self._columns()
        length = max((len(value) for value in columns.values() if depth(value) == 1), default=1)
        return {name: value for name, value in columns.items() if depth(value) == 0 or len(value) == length}

    def _columns(self) -> dict[str, Any]:
        """Return the fields that fit a table: scalars and vectors."""
        columns = {
            name: value
            for name, value in self.items()
            if value is not None and not isinstance(value, Result) and depth(value) < 2
        }
        single = self._single()
        for name in columns.keys() & self._labels():
            label = (columns[name],) if single else columns[name]
            columns[name] = label_column(label)
        return columns

    def _labels(self) -> frozenset[str]:
        return frozenset(part.name for part in fields(self) if part.metadata.get("label"))

    def _single(self) -> bool:
        """Return whether this is a result of one series, whose label may be a tuple itself."""
        return all(depth(value) == 0 for name, value in self.items() if name not in self._labels())

    def _names(self) -> tuple[str, ...]:
        return tuple(part.name for part in fields(self) if part.name != "meta")

    def __repr__(self) -> str:
        return self._view().line()

    def __str__(self) -> str:
        return self._view().text()

    def _repr_html_(self) -> str:
        return self._view().markup()

    def _view(self) -> View:
        inner = {
            name: described(type(value).__name__, value.to_columns())
            for name, value in self.items()
            if isinstance(value, Result)
        }
        return View(Shown(type(self).__name__, self, self._table(), inner, self._labels()))

    def _table(self) -> dict[str, Any]:
        """Return the columns that are shown as a table; for a result of one series, whose fields are a list, none."""
        return {} if self._single() else self.to_columns()


class Pictured(Result):
    """A result with a picture."""

    @abstractmethod
    def chart(self, *args: Any, **given: Any) -> Chart:
        """Return the picture, which a notebook shows as it is."""

    def plot(self, *args: Any, **given: Any) -> Any:
        """Return the picture as a plotly figure.

        Args:
            *args: Of chart.
            **given: Of chart.

        Raises:
            ModuleNotFoundError: plotly is not installed.
        """
        return self.chart(*args, **given).plotly()


def label_column(labels: Sequence[Hashable]) -> NDArray[Any]:
    """Return labels as a column of a table, in which a tuple is one label.

    Args:
        labels: (N,) texts, numbers, dates or tuples.
    """
    if all(isinstance(label, str) for label in labels):
        return np.array(labels)
    column = np.empty(len(labels), dtype=object)
    for place, label in enumerate(labels):
        column[place] = label
    return column


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Result) or isinstance(other, Result):
        return bool(one == other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return one == other
    left, right = np.asarray(one), np.asarray(other)
    return np.array_equal(left, right, equal_nan=left.dtype.kind == right.dtype.kind == "f")
