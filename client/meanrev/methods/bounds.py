"""Bounds of weights, in the forms that other optimisers take them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from meanrev.errors import InvalidInput
from meanrev.methods import fields

__all__ = ["Bounds", "on_the_wire"]

Bounds = tuple[float | None, float | None] | Sequence[tuple[float | None, float | None]] | None
"""One pair (lowest, highest), or a pair for each asset; None where a side, or all, is open."""

_RULE = "must be one pair (lowest, highest), or such a pair for each asset; None leaves a side open"


def on_the_wire(bounds: Any, field: str = "bounds") -> list[Any] | None:
    """Return the lowest and the highest weights: each a number, a list with one for each asset, or None for none.

    Args:
        bounds: A pair, or a pair for each asset, of numbers; None and infinities leave a side open. None is no bounds.
        field: Their name, for messages.

    Raises:
        InvalidInput: they are something else.
    """
    if bounds is None:
        return None
    items = _items(field, bounds)
    if len(items) == 2 and not any(_is_sequence(item) for item in items):
        low, high = items
        return [_side(field, low, -math.inf), _side(field, high, math.inf)]
    pairs = [_items(field, item) if _is_sequence(item) else [] for item in items]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise InvalidInput(field, _RULE, value=fields.shown(bounds))
    lows = [_side(f"{field}[{place}]", low, -math.inf) for place, (low, _) in enumerate(pairs)]
    highs = [_side(f"{field}[{place}]", high, math.inf) for place, (_, high) in enumerate(pairs)]
    return [lows, highs]


def _items(field: str, given: Any) -> list[Any]:
    if not _is_sequence(given):
        raise InvalidInput(field, _RULE, value=fields.shown(given))
    return list(given)


def _is_sequence(given: Any) -> bool:
    """Tell whether it is a row of items: neither a text, nor a mapping, whose order says nothing, nor a number."""
    return (
        isinstance(given, Iterable)
        and not isinstance(given, str | bytes | Mapping)
        and not hasattr(given, "columns")
        and getattr(given, "ndim", 1) > 0
    )


def _side(field: str, value: Any, absent: float) -> float | None:
    if value is None:
        return None
    number = fields.number(field, value)
    if math.isnan(number) or number == -absent:
        raise InvalidInput(field, "must be numbers, or None for an open side", value=number)
    return None if number == absent else number
