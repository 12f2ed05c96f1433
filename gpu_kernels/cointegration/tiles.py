"""All pairs between two blocks of series: what the twins compute of them, and single pairs that lost digits."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import driver
from gpu_kernels.cointegration.blocks import Block
from gpu_kernels.cointegration.model import FITTED, LagRule, PairFigures

__all__ = ["NAMES", "Listed", "TestedBlocks", "covers", "entry", "settled", "steps"]

NAMES = ("hedge_ratio", "intercept", "adf_statistic", "p_value", "turned", "lossy")
"""The rows of what a twin computes of every pair."""

Listed = Callable[[Floats, int, int, Floats, NDArray[np.int64], NDArray[np.int64], LagRule], PairFigures]
"""Computes listed pairs; its arguments are those of residual.listed."""


class TestedBlocks(NamedTuple):
    """All pairs between two blocks, each in its better direction; every array is (R, C).

    Of a block with itself, only what is above the diagonal means anything.

    Attributes:
        hedge_ratio: As in model.PairFigures, here and below.
        intercept: a.
        adf_statistic: The lower of both directions, or the one that there is; NaN where there is none.
        p_value: MacKinnon's of it.
        turned: Whether the series of the second block is regressed on that of the first.
        status: model.FITTED or model.COLLINEAR, integers.
    """

    hedge_ratio: Floats
    intercept: Floats
    adf_statistic: Floats
    p_value: Floats
    turned: NDArray[np.bool_]
    status: NDArray[np.int8]


def entry(rule: LagRule) -> str:
    """Return the kernel's entry for a rule, "" where none holds its lags."""
    return "" if rule.by_aic else driver.entry(rule).replace("pairs", "tile")


def covers(_rows: Block, _columns: Block | None, rule: LagRule) -> bool:
    """Return whether the kernel has an entry for a rule."""
    return entry(rule) != ""


def steps(rows: Block, columns: Block | None, _: LagRule) -> int:
    """Count bar-steps."""
    other = rows if columns is None else columns
    return rows.values.size * other.reach.size


def settled(rows: Block, columns: Block | None, rule: LagRule, found: Floats, listed: Listed) -> TestedBlocks:
    """Name what a twin computed, and compute from their residuals the pairs that lost digits.

    Args:
        rows: The first block.
        columns: The second one; None for the first with itself.
        rule: Lags.
        found: (6, R, C), which is written to.
        listed: Computes listed pairs.
    """
    status = np.full(found[0].shape, FITTED, dtype=np.int8)
    lossy = found[5] != 0
    if columns is None:
        lossy = np.triu(lossy, 1)
    figures = TestedBlocks(found[0], found[1], found[2], found[3], found[4] != 0, status)
    if not lossy.any():
        return figures
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
    for matrix, own, other in zip(figures[:4], there[:4], back[:4], strict=True):
        matrix[first, second] = np.where(turned, other, own)
    figures.turned[first, second], status[first, second] = turned, np.where(turned, back.status, there.status)
    return figures
