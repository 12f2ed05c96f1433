"""Figures of returns in a reply: methods that answer with a ReturnColumns share them."""

from typing import Any

import numpy as np

from gpu_kernels import performance
from meanrev_server.outline import Outline
from meanrev_server.research.columns import joined
from meanrev_server.research.estimate import list_bytes, names_bytes

__all__ = ["figure_bytes", "return_columns"]


def return_columns(columns: tuple[str, ...], found: list[performance.Performance]) -> dict[str, Any]:
    """Return the fields of a ReturnColumns.

    Args:
        columns: N names.
        found: Figures of the columns, in groups that follow each other.
    """
    return {
        "columns": list(columns),
        "status": [status for part in found for status in part.status],
        "reason": [reason for part in found for reason in part.reason],
        "n_bars": np.concatenate([part.n_bars for part in found]),
        **joined([part.figures for part in found], performance.ReturnFigures._fields),
    }


def figure_bytes(outline: Outline) -> int:
    """Return the bytes of a ReturnColumns of columns that have figures."""
    n_doubles = len(performance.ReturnFigures._fields) - 1
    lists = list_bytes(outline.n_columns, doubles=n_doubles, varints=(outline.n_rows,) * 2, texts=("ok", ""))
    return lists + names_bytes(outline)
