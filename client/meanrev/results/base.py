"""What every result is: a frozen dataclass that also reads as a mapping of its fields."""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

__all__ = ["Result"]

_SHOWN = 80


@dataclass(frozen=True, eq=False, kw_only=True)
class Result(Mapping[str, Any]):
    """Base of the results: dict(r), {**r} and r["theta"] work beside r.theta.

    Attributes:
        meta: What came beside the result: extra outputs of the server, address, elapsed_ms. Not a key of the mapping.
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

        columns = self._columns()
        length = max((np.shape(value)[0] for value in columns.values() if np.ndim(value) == 1), default=1)
        fitting = {name: value for name, value in columns.items() if np.ndim(value) == 0 or len(value) == length}
        labels = next((value.index for value in fitting.values() if isinstance(value, pd.Series)), range(length))
        return pd.DataFrame(fitting, index=labels)

    def _columns(self) -> dict[str, Any]:
        """Return the fields that fit a table: scalars and vectors."""
        flat = {name: value for name, value in self.items() if value is not None and not isinstance(value, Result)}
        return {name: value for name, value in flat.items() if np.ndim(value) < 2}

    def _names(self) -> tuple[str, ...]:
        return tuple(part.name for part in fields(self) if part.name != "meta")

    def _repr_html_(self) -> str:
        rows = (f"<tr><th>{html.escape(name)}</th><td>{_cell(value)}</td></tr>" for name, value in self.items())
        return f"<table><caption>{type(self).__name__}</caption>{''.join(rows)}</table>"


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Result) or isinstance(other, Result):
        return bool(one == other)
    left, right = np.asarray(one), np.asarray(other)
    return np.array_equal(left, right, equal_nan=left.dtype.kind == right.dtype.kind == "f")


def _cell(value: Any) -> str:
    inner = getattr(value, "_repr_html_", None)
    if callable(inner):
        return str(inner())
    text = f"{value:.6g}" if isinstance(value, float) else " ".join(str(value).split())
    return html.escape(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}...")
