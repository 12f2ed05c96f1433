"""Bounds of weights: one pair for all assets, or a pair an asset."""

import math
import sys
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.labels import aligned
from meanrev.methods import fields

__all__ = ["Bounds", "sides"]

Bounds = Sequence[Any] | Mapping[Any, Any] | None
"""(lowest, highest) of every asset, a list of such pairs with one an asset, or a mapping from labels to pairs.

None and infinities mean that there is no bound on that side.
"""

_RULE = (
    "must be a pair (lowest, highest), a list of pairs with one an asset, or a mapping from labels to pairs; "
    "None or an infinity for no bound"
)

Side = float | None | list[float | None]


def sides(bounds: Any, names: Sequence[Hashable], n_assets: int | None) -> list[Side] | None:
    """Return the lowest and the highest weights as the server takes them, or None where nothing is bounded.

    Args:
        bounds: As Bounds, or a pandas frame with two columns and a row an asset.
        names: Labels of the assets, or none.
        n_assets: How many there are, or None where that is not known.

    Raises:
        InvalidInput: they are no such pairs, there are more or fewer than assets, or their labels are not the assets'.
    """
    if bounds is None:
        return None
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(bounds, pandas.DataFrame):
        counted = isinstance(bounds.index, pandas.RangeIndex)
        rows = bounds.to_numpy(dtype=object, na_value=None).tolist()
        bounds = rows if counted else dict(zip(bounds.index, rows, strict=True))
    if isinstance(bounds, Mapping):
        labels = tuple(bounds)
        places = aligned("bounds", labels, names)
        order = range(len(labels)) if places is None else places
        pairs = [_pair(f"bounds[{labels[place]!r}]", bounds[labels[place]]) for place in order]
        return _split(pairs, n_assets)
    given = _listed(bounds)
    if len(given) == 2 and not any(_is_pair(side) for side in given):
        low, high = _pair("bounds", given)
        return None if low is None and high is None else [low, high]
    return _split([_pair(f"bounds[{row}]", pair) for row, pair in enumerate(given)], n_assets)


def _split(pairs: list[tuple[float | None, float | None]], n_assets: int | None) -> list[Side] | None:
    if not pairs or (n_assets is not None and len(pairs) != n_assets):
        raise InvalidInput("bounds", f"must hold one pair for each of the {n_assets} assets", value=len(pairs))
    lows, highs = [low for low, _ in pairs], [high for _, high in pairs]
    open_low, open_high = (all(side is None for side in values) for values in (lows, highs))
    return None if open_low and open_high else [None if open_low else lows, None if open_high else highs]


def _pair(field: str, given: Any) -> tuple[float | None, float | None]:
    pair = _listed(given, field)
    if len(pair) != 2:
        raise InvalidInput(field, _RULE, value=fields.shown(given) if np.ndim(given) == 0 else tuple(pair))
    low, high = (_bound(field, side, sign) for side, sign in zip(pair, (-1, 1), strict=True))
    if low is not None and high is not None and low > high:
        raise InvalidInput(field, "must have a lowest weight that is not above the highest", value=(low, high))
    return low, high


def _bound(field: str, given: Any, sign: int) -> float | None:
    if given is None:
        return None
    if isinstance(given, str | bytes) or np.ndim(given):
        raise InvalidInput(field, _RULE, value=fields.shown(given))
    value = fields.number(field, given)
    if math.isnan(value) or value == -sign * math.inf:
        raise InvalidInput(field, _RULE, value=value)
    return None if math.isinf(value) else value


def _listed(given: Any, field: str = "bounds") -> list[Any]:
    """Return a sequence as a list."""
    if isinstance(given, np.ndarray) and given.ndim:
        return list(given)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(given, pandas.Series):
        return list(given)
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        raise InvalidInput(field, _RULE, value=fields.shown(given))
    return list(given)


def _is_pair(given: object) -> bool:
    return isinstance(given, Sequence | np.ndarray) and not isinstance(given, str | bytes)
