"""Which columns of a frame are prices: the others are left out and reported, or refused with the way out."""

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.intake.report import LeftOut
from meanrev.intake.roles import LEAST_TIME, means_time, numeric_time, role
from meanrev.intake.table import Floats

__all__ = ["Prices", "no_times", "prices_among"]


class Prices(NamedTuple):
    """The columns of prices among those of a frame.

    Attributes:
        values: (T, N).
        places: (N,) their places among all columns.
        labels: (N,) their labels.
        left_out: The others.
    """

    values: Floats
    places: list[int]
    labels: tuple[Hashable, ...]
    left_out: tuple[LeftOut, ...]


def prices_among(
    field: str,
    labels: Sequence[Hashable],
    values: Floats,
    whole: Sequence[bool],
    way: Callable[[Hashable, str], str],
    *,
    alone: bool = False,
) -> Prices:
    """Return the columns of prices; one that counts the rows is left out.

    Args:
        field: The argument's name, for messages.
        labels: Of the columns.
        values: (T, N) of all of them.
        whole: Which have a type of whole numbers.
        way: From a column's label and what it looks like to the way out.
        alone: No column beside these is left, so that a single one must be prices.

    Raises:
        InvalidInput: a column looks like times, or like an index.
    """
    single = alone or len(labels) == 1
    kept: list[int] = []
    counters: list[int] = []
    suspects = set(np.flatnonzero(_suspects(values)).tolist())
    for place, label in enumerate(labels):
        if place not in suspects and not means_time(label):
            kept.append(place)
            continue
        found = role(label, values[:, place], whole=whole[place], alone=single)
        if found.kind in {"time", "unclear"}:
            rule = f"must hold prices, and looks like {found.said}; {way(label, found.said)}"
            raise InvalidInput(f"{field}[{label!r}]", rule)
        (counters if found.kind == "index" else kept).append(place)
    if not counters:
        return Prices(values, kept, tuple(labels), ())
    gone = LeftOut("column", tuple(labels[place] for place in counters), "it counts the rows, and is no series")
    return Prices(values[:, kept], kept, tuple(labels[place] for place in kept), (gone,))


def no_times(field: str, values: Floats) -> None:
    """Check that an array without labels holds no column of times as numbers.

    Args:
        field: The argument's name, for messages.
        values: (T,) or (T, N).

    Raises:
        InvalidInput: a column looks like times.
    """
    columns = values.reshape(len(values), -1) if values.size else np.empty((0, 0))
    for place in np.flatnonzero(_suspects(columns)).tolist():
        said = numeric_time(columns[:, place])
        if said:
            name = field if values.ndim == 1 else f"{field}[:, {place}]"
            rule = f"must hold prices, and looks like {said}; leave it out (timestamps_ms takes times in milliseconds)"
            raise InvalidInput(name, rule)


def _suspects(values: Floats) -> NDArray[np.bool_]:
    """Return which columns may be times or counters by their first and last numbers, to look closely at few of many."""
    if not values.size:
        return np.zeros(values.shape[1:], dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        found: NDArray[np.bool_] = (np.abs(values[0]) >= LEAST_TIME) | (values[-1] - values[0] == len(values) - 1)
    return found
