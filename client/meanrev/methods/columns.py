"""Lists of a reply as columns of a result: one entry a series."""

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["column_of", "first_of"]


def column_of(message: Any, name: str) -> Any:
    """Return a repeated field as an array, or as a tuple where it holds texts."""
    values = getattr(message, name)
    return tuple(values) if len(values) and isinstance(values[0], str) else np.asarray(values)


def first_of(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first entry of each column as a plain Python value."""
    firsts = {name: values[0] for name, values in columns.items()}
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in firsts.items()}
