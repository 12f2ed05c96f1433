"""Columns with an infinite price: a stream would refuse all columns for one of them, so they are answered here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from meanrev.intake.table import Table
from meanrev.results import OuFit

__all__ = ["answered", "left_out"]

_AS_SENT = ("asset_id", "meta", "n_samples", "timestamp_ms", "bias_note")


def left_out(read: Table) -> tuple[Table, Mapping[int, str]]:
    """Return a table with NaN throughout its columns that have an infinite price, and the reason of each by its place.

    Args:
        read: (T, N); a single series (T,) is returned as it is, and the server refuses it by row.
    """
    infinite = np.isinf(read.values)
    if read.values.ndim == 1 or not infinite.any():
        return read, {}
    spoilt = infinite.any(axis=0)
    rows = infinite.argmax(axis=0).tolist()
    reasons = {
        place: f"the price {read.values[rows[place], place]} at row {rows[place]} is infinite"
        for place in np.flatnonzero(spoilt).tolist()
    }
    return replace(read, values=np.where(spoilt, np.nan, read.values)), reasons


def answered(fit: OuFit, reasons: Mapping[int, str]) -> OuFit:
    """Return a fit of many series in which those left out have status "error", their reason, and no figures."""
    if not reasons:
        return fit
    changed = {name: _column(name, fit[name], reasons) for name in OuFit.__dataclass_fields__ if name not in _AS_SENT}
    return replace(fit, **changed)


def _column(name: str, column: Any, reasons: Mapping[int, str]) -> Any:
    if isinstance(column, tuple):
        return tuple(
            text if place not in reasons else "error" if name == "status" else reasons[place]
            for place, text in enumerate(column)
        )
    values = column.copy()
    values[list(reasons)] = np.inf if name.startswith("half_life") else np.nan
    return values
