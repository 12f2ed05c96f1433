"""The fields of a reply with books of residuals, and their size."""

from typing import Any

import numpy as np

from gpu_kernels import residuals
from gpu_kernels.performance.sharpe_error import few
from meanrev_server.outline import Outline
from meanrev_server.research import message_bytes
from meanrev_server.research.estimate import list_bytes, names_bytes, parts_bytes
from meanrev_server.research.universe import shown_factors
from meanrev_server.uploaded_matrix import UploadedMatrix
from meanrev_wire.research_pb2 import PooledWalk, WalkStep

__all__ = ["AXES", "book_bytes", "book_fields", "calendar_years"]

AXES = ("entry", "exit_long", "exit_short", "cost")
"""The axes of a grid beside its structures."""

_SINGLES = ("deflated_sharpe", "sharpe_std_error", "probability_sharpe_positive", "n_tried")
_COUNTS = ("days", "thin", "too_few_rows", "dropped", "tied", "fits", "scores", "stale_fills")
_OF_AN_ACCOUNT = 11
"""Numbers of an account in all, beside its trades."""

_LARGE = 1 << 20
_ROWS_A_YEAR = 200
"""Fewest rows of a calendar year that the size of a reply is estimated with; prices of fewer years take less."""


def calendar_years(table: UploadedMatrix) -> Any:
    """Return the calendar year (UTC) of each row, or None where there are no timestamps."""
    if table.timestamps_ms is None:
        return None
    return table.timestamps_ms.astype("datetime64[ms]").astype("datetime64[Y]").astype(np.int64) + 1970


def book_fields(found: residuals.Book, table: UploadedMatrix, *, with_positions: bool) -> dict[str, Any]:
    """Return the fields of the result.

    Args:
        found: What the operation found.
        table: The matrix.
        with_positions: Whether the sides of all names and rows are asked for.
    """
    cells, years, today = found.cells, found.years, found.today
    result: dict[str, Any] = {
        "columns": list(table.columns),
        "factors": [shown_factors(each) for each in found.structures],
        **{
            name: [getattr(each, name) for each in found.structures]
            for name in ("window", "regression", "max_reversion", "max_p")
        },
        **{name: getattr(cells, name) for name in ("structure", *AXES)},
        "cell_reason": found.reason,
        "cell_reasons": list(found.reasons),
        "cells": found.figures._asdict(),
        "best": found.choice.cell,
        "best_value": found.choice.value,
        **{name: getattr(found.choice, name) for name in _SINGLES},
        "returns": found.returns,
        "median_reversion": found.median_reversion,
        "control": list(found.controls.name),
        "controls": found.controls.figures._asdict(),
        "control_correlation": found.controls.correlation,
        "today": {
            **{name: value for name, value in today._asdict().items() if name != "why"},
            "reason": today.why.astype(np.int32),
            "side": today.side.astype(np.int32),
            "reasons": list(residuals.NAME_REASONS),
        },
        **{name: getattr(found.counts, name) for name in (*_COUNTS, "noise_reversion", "eligible")},
        "median_reversion_all": found.counts.median_reversion,
        "walk_forward": [_step(each, table) for each in found.walk_forward],
        "pooled": [PooledWalk(column="", **_without_series(each)) for each in found.pooled],
    }
    if with_positions:
        result["positions"] = found.positions.astype(np.float64)
    if years is not None:
        result |= {"year": years.year, "year_bars": years.n_bars, "years": years.figures._asdict()}
    return result


def _without_series(record: Any) -> dict[str, Any]:
    return {name: value for name, value in record._asdict().items() if name != "series"}


def _step(step: Any, table: UploadedMatrix) -> WalkStep:
    values = _without_series(step)
    if table.timestamps_ms is not None:
        for part in ("train", "test"):
            values[f"{part}_first_ms"] = int(table.timestamps_ms[values[f"{part}_start"]])
            values[f"{part}_last_ms"] = int(table.timestamps_ms[values[f"{part}_stop"] - 1])
    return WalkStep(column="", **values)


def book_bytes(outline: Outline, n_structures: int, n_cells: int, n_steps: int, with_positions: bool) -> int:
    """Return the most bytes of the replies; columns of fewer rows than a year have less.

    Args:
        outline: Of the matrix.
        n_structures: S.
        n_cells: G.
        n_steps: Of the walk-forward.
        with_positions: As in book_fields.
    """
    n_rows, n_names = outline.n_rows, outline.n_columns
    structures = list_bytes(n_structures, doubles=2, varints=(10_000, 1_000), texts=("99.99%",))
    cells = list_bytes(n_cells, doubles=4 + _OF_AN_ACCOUNT, varints=(n_structures, 3, _LARGE))
    controls = list_bytes(2, doubles=1 + _OF_AN_ACCOUNT, varints=(_LARGE,), texts=("reversal_5",))
    today = list_bytes(n_names, doubles=7, varints=(-1, 7)) + message_bytes.texts(residuals.NAME_REASONS)
    years = list_bytes(n_rows // _ROWS_A_YEAR + 2, doubles=_OF_AN_ACCOUNT, varints=(9_999, 366, _LARGE))
    steps = (n_steps + bool(n_steps)) * _STEP_BYTES
    series = 16 * n_rows + (8 * n_rows * n_names if with_positions else 0)
    items = structures + cells + controls + today + years + steps + series + names_bytes(outline)
    return parts_bytes(items, 60)


_STEP: dict[str, Any] = {
    **dict.fromkeys(("train_start", "train_stop", "test_start", "test_stop", "cell", "test_trades"), _LARGE),
    **dict.fromkeys(("train_sharpe", "test_sharpe", "test_return", "test_max_drawdown"), 1.0),
    **dict.fromkeys(("train_sharpe_std_error", "test_sharpe_std_error", "probability_sharpe_positive"), 1.0),
    **dict.fromkeys(("train_first_ms", "train_last_ms", "test_first_ms", "test_last_ms"), 1 << 40),
    "status": "error",
    "note": few(0, 0),
}
_STEP_BYTES = message_bytes.ends([WalkStep(**_STEP)])[-1]
