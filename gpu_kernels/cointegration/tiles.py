"""All pairs between two blocks of series: what the twins compute of them, and single pairs that lost digits."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import driver
from gpu_kernels.cointegration.blocks import Block
from gpu_kernels.cointegration.model import FITTED, LagRule, PairFigures

__all__ = [
    "NAMES",
    "Listed",
    "SignificantPairs",
    "Tests",
    "covers",
    "entry",
    "passing",
    "settled",
    "steps",
    "tests_of",
]

NAMES = ("hedge_ratio", "intercept", "adf_statistic", "p_value", "turned", "lossy")
"""The rows of what a twin computes of every pair."""

Listed = Callable[[Floats, int, int, Floats, NDArray[np.int64], NDArray[np.int64], LagRule], PairFigures]
"""Computes listed pairs; its arguments are those of residual.listed."""


class Tests(NamedTuple):
    """What a twin finds of all pairs between two blocks, each in its better direction, and of the P pairs that pass.

    Attributes:
        adf_statistic: (R, C) the lower of both directions, or the one that there is; NaN where the pair lost digits or
            has none, and, of a block with itself, on the diagonal and below it.
        p_value: (R, C) likewise.
        lossy: (R, C) whether either direction of a wanted pair lost its digits.
        places: (2, P) row and column of the pairs that pass, row after row.
        hedge_ratio: (P,).
        intercept: (P,).
        turned: (P,) whether the series of the second block is regressed on that of the first.
    """

    adf_statistic: Floats
    p_value: Floats
    lossy: NDArray[np.bool_]
    places: NDArray[np.int64]
    hedge_ratio: Floats
    intercept: Floats
    turned: NDArray[np.bool_]


class SignificantPairs(NamedTuple):
    """The test of all pairs between two blocks, and the figures of those that pass it.

    Attributes:
        p_value: (R, C) MacKinnon's, of each pair in its better direction; NaN where it has no statistic and, of a block
            with itself, on the diagonal and below it.
        status: (R, C) model.FITTED or model.COLLINEAR.
        places: (2, P) row and column of the pairs that pass, in no certain order.
        hedge_ratio: (P,) as in model.PairFigures, like the next two.
        intercept: (P,).
        adf_statistic: (P,).
        turned: (P,) whether the series of the second block is regressed on that of the first.
    """

    p_value: Floats
    status: NDArray[np.int8]
    places: NDArray[np.int64]
    hedge_ratio: Floats
    intercept: Floats
    adf_statistic: Floats
    turned: NDArray[np.bool_]


def entry(rule: LagRule) -> str:
    """Return the kernel's entry for a rule, "" where none holds its lags."""
    return "" if rule.by_aic else driver.entry(rule).replace("pairs", "tile")


def covers(_rows: Block, _columns: Block | None, rule: LagRule, _alpha: float) -> bool:
    """Return whether the kernel has an entry for a rule."""
    return entry(rule) != ""


def steps(rows: Block, columns: Block | None, _rule: LagRule, _alpha: float) -> int:
    """Count bar-steps."""
    other = rows if columns is None else columns
    return rows.values.size * other.reach.size


def passing(p_value: Floats, alpha: float) -> NDArray[np.int64]:
    """Return (2, P) places of the pairs that have p < alpha, and of all that have a statistic where alpha is 1.

    Args:
        p_value: (R, C), NaN where a pair has none.
        alpha: Above 0 and at most 1.
    """
    with np.errstate(invalid="ignore"):
        chosen = p_value < alpha if alpha < 1.0 else ~np.isnan(p_value)
    return np.stack(np.nonzero(chosen)).astype(np.int64)


def tests_of(found: Floats, alpha: float, *, triangle: bool) -> Tests:
    """Return what a twin that computes everything of every pair has found.

    Args:
        found: (6, R, C), which is written to.
        alpha: As for passing.
        triangle: Whether it is of a block with itself.
    """
    lossy = found[5] != 0
    unwanted = lossy.copy()
    if triangle:
        below = np.tri(*lossy.shape, dtype=np.bool_)
        lossy &= ~below
        unwanted |= below
    found[2:4, unwanted] = np.nan
    places = passing(found[3], alpha)
    slope, intercept, turned = (found[row][tuple(places)] for row in (0, 1, 4))
    return Tests(found[2], found[3], lossy, places, slope, intercept, turned != 0)


def settled(
    rows: Block, columns: Block | None, rule: LagRule, alpha: float, found: Tests, listed: Listed
) -> SignificantPairs:
    """Compute from their residuals the pairs that lost digits, and list those of them that pass too.

    Args:
        rows: The first block.
        columns: The second one; None for the first with itself.
        rule: Lags.
        alpha: As for passing.
        found: What a twin found; its p_value is written to.
        listed: Computes listed pairs.
    """
    status = np.full(found.p_value.shape, FITTED, dtype=np.int8)
    statistic = found.adf_statistic[tuple(found.places)]
    passed = SignificantPairs(found.p_value, status, found.places, found.hedge_ratio, found.intercept, statistic,
                              found.turned)  # fmt: skip
    if not found.lossy.any():
        return passed
    again = _again(rows, columns, rule, found.lossy, listed)
    slope, intercept, statistic, p_value = again.figures
    found.p_value[again.places], status[again.places] = p_value, again.status
    more = passing(p_value[None], alpha)[1]
    figures = slope, intercept, statistic, again.turned
    joined = [np.concatenate([old, new[more]]) for old, new in zip(passed[3:], figures, strict=True)]
    places = np.concatenate([found.places, np.stack(again.places)[:, more]], axis=1)
    return SignificantPairs(found.p_value, status, places, *joined)


class _Again(NamedTuple):
    """Pairs that lost digits, from their residuals, each in its better direction.

    Attributes:
        places: Their rows and columns.
        figures: Hedge ratio, intercept, statistic and p-value, (L,) each.
        turned: (L,).
        status: (L,).
    """

    places: tuple[NDArray[np.intp], NDArray[np.intp]]
    figures: list[Floats]
    turned: NDArray[np.bool_]
    status: NDArray[np.int8]


def _again(rows: Block, columns: Block | None, rule: LagRule, lossy: NDArray[np.bool_], listed: Listed) -> _Again:
    first, second = np.nonzero(lossy)
    blocks = (rows,) if columns is None else (rows, columns)
    series = np.ascontiguousarray(np.concatenate([block.values for block in blocks], axis=1).T)
    reach = np.concatenate([block.reach for block in blocks])
    numbers = np.concatenate([block.numbers for block in blocks])
    behind = second if columns is None else second + len(rows.reach)
    there, back = (listed(series, 0, series.shape[1], reach, *way, rule) for way in ((first, behind), (behind, first)))
    better = back.adf_statistic < there.adf_statistic
    tied = (back.adf_statistic == there.adf_statistic) & (numbers[behind] < numbers[first])
    turned = better | tied | (np.isnan(there.adf_statistic) & ~np.isnan(back.adf_statistic))
    figures = [np.where(turned, other, own) for own, other in zip(there[:4], back[:4], strict=True)]
    return _Again((first, second), figures, turned, np.where(turned, back.status, there.status))
