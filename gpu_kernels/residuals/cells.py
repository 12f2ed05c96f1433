"""The structures and cells of a request, from lists of their parameters."""

import itertools
import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels.checks import Floats, all_finite, array, non_negative, positive
from gpu_kernels.errors import InvalidInput
from gpu_kernels.residuals.accounts import Levels
from gpu_kernels.residuals.books import MOST_CELLS, Cells
from gpu_kernels.residuals.model import Structure

__all__ = ["cells", "levels", "one_factor", "places", "structures"]

_MOST_FACTORS = 100
_WINDOWS, _REGRESSIONS = (20, 10_000), (20, 1_000)
_SHARE = re.compile(r"\s*(\d{1,3}(?:\.\d+)?)\s*%\s*")


def structures(
    factors: Sequence[int | str],
    window: Sequence[int],
    regression: Sequence[int],
    max_reversion: Sequence[float] | None,
    max_p: Sequence[float] | None,
) -> tuple[Structure, ...]:
    """Return all combinations, the factors outermost.

    Raises:
        InvalidInput: a list is empty or repeats itself, a value is out of its range, or a regression is longer than a
            window.
    """
    for name, values in (("factors", factors), ("window", window), ("regression", regression)):
        _several(name, values)
    for name, limits in (("max_reversion", max_reversion), ("max_p", max_p)):
        if limits is not None:
            _several(name, limits)
    shares = [_factors(each) for each in factors]
    spans = [_whole("window", each, *_WINDOWS) for each in window]
    rows = [_whole("regression", each, *_REGRESSIONS) for each in regression]
    if max(rows) > min(spans):
        raise InvalidInput("regression", f"must be at most the window, {min(spans)}", value=max(rows))
    slowest = [None] if max_reversion is None else [positive("max_reversion", each) for each in max_reversion]
    largest = [1.0] if max_p is None else [_share("max_p", each) for each in max_p]
    return tuple(
        Structure(count, share, m, length, length / 2.0 if speed is None else speed, limit)
        for (count, share), m, length, speed, limit in itertools.product(shares, spans, rows, slowest, largest)
    )


def levels(entry: ArrayLike, exit_long: ArrayLike, exit_short: ArrayLike) -> tuple[Levels, NDArray[np.bool_]]:
    """Return the thresholds of all combinations, entry outermost, and which are valid: exits in [-entry, entry).

    Raises:
        InvalidInput: a list is empty or repeats a value, one is NaN or infinite, or an entry is not above 0.
    """
    axes = [_axis(*each) for each in (("entry", entry), ("exit_long", exit_long), ("exit_short", exit_short))]
    positive("entry", float(axes[0].min()))
    found = Levels(*(each.ravel() for each in np.meshgrid(*axes, indexing="ij")))
    valid = np.ones(found.entry.size, dtype=np.bool_)
    for exits in found[1:]:
        valid &= (exits >= -found.entry) & (exits < found.entry)
    return found, valid


def cells(n_structures: int, thresholds: Levels, valid: NDArray[np.bool_], cost: ArrayLike) -> tuple[Cells, Floats]:
    """Return the cells of all structures, and their costs (C,).

    Raises:
        InvalidInput: a cost is negative, NaN or infinite or comes twice, or there are too many cells, or no valid one.
    """
    costs = _axis("cost", cost)
    non_negative("cost", float(costs.min()))
    n_thresholds = thresholds.entry.size
    n_cells = n_structures * n_thresholds * costs.size
    if n_cells > MOST_CELLS:
        raise InvalidInput("cells", f"must be at most {MOST_CELLS}", value=n_cells)
    if not valid.any():
        rule = "must have an exit_long and an exit_short in [-entry, entry): no cell is valid"
        raise InvalidInput("entry", rule, value=sorted(set(thresholds.entry.tolist())))
    each = Levels._make(np.tile(np.repeat(values, costs.size), n_structures) for values in thresholds)
    found = Cells(
        np.repeat(np.arange(n_structures), n_thresholds * costs.size),
        *each,
        np.tile(costs, n_structures * n_thresholds),
        np.tile(np.repeat(valid, costs.size), n_structures),
    )
    return found, costs


def places(cell: int, n_thresholds: int, n_costs: int) -> tuple[int, int, int]:
    """Return the structure, the thresholds and the cost of a cell, by their places."""
    rest, cost = divmod(cell, n_costs)
    structure, threshold = divmod(rest, n_thresholds)
    return structure, threshold, cost


def one_factor(structure: Structure) -> Structure:
    """Return the structure with the first factor alone, which controls the others."""
    return structure._replace(factors=1, share=0.0)


def _factors(given: int | str) -> tuple[int, float]:
    """Return (m, 0), or (0, share) of a text such as "55%"."""
    rule = f"must be a whole number from 1 to {_MOST_FACTORS}, or a share of the variance such as '55%'"
    if isinstance(given, str):
        matched = _SHARE.fullmatch(given)
        share = float(matched[1]) / 100.0 if matched else math.nan
        if not 0.0 < share < 1.0:
            raise InvalidInput("factors", rule, value=given)
        return 0, share
    if given != int(given) or not 1 <= given <= _MOST_FACTORS:
        raise InvalidInput("factors", rule, value=given)
    return int(given), 0.0


def _whole(field: str, value: float, least: int, most: int) -> int:
    if not (least <= value <= most) or value != int(value):
        raise InvalidInput(field, f"must be a whole number from {least} to {most}", value=value)
    return int(value)


def _share(field: str, value: float) -> float:
    if not 0.0 < value <= 1.0:
        raise InvalidInput(field, "must be above 0 and at most 1", value=value)
    return float(value)


def _several(field: str, values: Sequence[object]) -> None:
    if len(values) == 0:
        raise InvalidInput(field, "must not be empty")
    if len(set(values)) < len(values):
        raise InvalidInput(field, "must not repeat a value", value=list(values))


def _axis(field: str, values: ArrayLike) -> Floats:
    axis = array(field, np.atleast_1d(np.asarray(values)), ndim=1, shape="() or (K,)")
    if axis.size == 0:
        raise InvalidInput(field, "must not be empty")
    all_finite(field, axis)
    if np.unique(axis).size < axis.size:
        raise InvalidInput(field, "must not repeat a value", value=axis.tolist())
    return axis
