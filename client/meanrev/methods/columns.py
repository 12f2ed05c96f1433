"""Lists of a reply as columns of a result: one entry a series."""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from meanrev.intake.table import Table
from meanrev.question import About
from meanrev.results import Result

__all__ = ["column_of", "first_of", "read_columns"]

R = TypeVar("R", bound=Result)


def column_of(message: Any, name: str) -> Any:
    """Return a repeated field as an array, or as a tuple where it holds texts."""
    values = getattr(message, name)
    return tuple(values) if len(values) and isinstance(values[0], str) else np.asarray(values)


def first_of(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first entry of each column as a plain Python value."""
    firsts = {name: values[0] for name, values in columns.items()}
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in firsts.items()}


def read_columns(result_type: type[R], reply: Any, about: About, sent: Table | None = None) -> R:
    """Return a reply whose lists have the names of the result's fields.

    Args:
        result_type: The result's class.
        reply: With a result.
        about: What is known about the call.
        sent: The matrix, where it is at hand: a single series becomes scalars.
    """
    names = (name for name in result_type.__dataclass_fields__ if name not in {"meta", "column"})
    columns = {"column": tuple(reply.result.columns), **{name: column_of(reply.result, name) for name in names}}
    single = sent is not None and sent.values.ndim == 1
    return result_type(**(first_of(columns) if single else columns), meta=about)
