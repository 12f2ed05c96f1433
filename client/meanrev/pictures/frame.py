"""The extent of a panel: what its axes span, and which ticks they have."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.pictures.chart import Band, Bars, Heat, Level, Line, Marks, Panel, Part
from meanrev.pictures.ticks import as_numbers, number_ticks, time_ticks

__all__ = ["Axis", "across", "up"]

_ROOM = 0.05
_MOST_LETTERS = 100
_MOST_ROWS = 20


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        low: Where it begins.
        high: Where it ends, above low.
        ticks: Their places and texts.
    """

    low: float
    high: float
    ticks: list[tuple[float, str]]


def across(panels: Iterable[Panel]) -> Axis:
    """Return the horizontal axis of panels, which share it; labelled things stand at 0, 1, 2 and so on."""
    parts = [part for panel in panels for part in panel.parts]
    labels = next((_labels(part) for part in parts if isinstance(part, Bars | Heat)), None)
    if labels is not None:
        return _labelled(labels)
    places = [part.across for part in parts if isinstance(part, Line | Band | Marks) and part.across.size]
    if not places:
        return Axis(0.0, 1.0, [])
    low = min(float(as_numbers(values).min()) for values in places)
    high = max(float(as_numbers(values).max()) for values in places)
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    return Axis(low, high, (time_ticks if places[0].dtype.kind == "M" else number_ticks)(low, high))


def up(panel: Panel) -> Axis:
    """Return the vertical axis of a panel, which has some room above and below what is shown."""
    heat = next((part for part in panel.parts if isinstance(part, Heat)), None)
    if heat is not None:
        return _labelled(heat.up, _MOST_ROWS * (2 + max(len(_text(label)) for label in heat.up)))
    values = np.concatenate([_heights(part) for part in panel.parts] or [np.zeros(0)])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    room = _ROOM * (high - low) or 0.5 * abs(high) or 0.5
    bars = any(isinstance(part, Bars) for part in panel.parts)  # they begin at 0, where nothing is below
    bottom = low if bars and low == 0.0 else low - room
    return Axis(bottom, high + room, number_ticks(bottom, high + room))


def _labelled(labels: tuple[Any, ...], most: int = _MOST_LETTERS) -> Axis:
    texts = [(float(i), _text(label)) for i, label in enumerate(labels)]
    every = -(-sum(len(text) + 2 for _, text in texts) // most) if texts else 1
    texts = texts[::every]
    return Axis(-0.5, max(len(labels), 1) - 0.5, texts)


def _labels(part: Bars | Heat) -> tuple[Any, ...]:
    return part.labels if isinstance(part, Bars) else part.across


def _heights(part: Part) -> NDArray[np.float64]:
    if isinstance(part, Band):
        return np.concatenate([part.low, part.high])
    if isinstance(part, Level):
        return np.array([part.value])
    if isinstance(part, Bars):
        errors = np.zeros_like(part.up) if part.errors is None else np.nan_to_num(part.errors)
        return np.concatenate([[0.0], part.up - errors, part.up + errors])
    return np.zeros(0) if isinstance(part, Heat) else part.up


def _text(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float | np.floating) else str(label)
