"""Series that one launch takes together, chosen so that no series' bits depend on the others of its batch."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.sweep import long_series
from gpu_kernels.sweep.bars import collisions
from gpu_kernels.sweep.survey import Survey

__all__ = ["Group", "in_groups"]

R = TypeVar("R", bound=tuple[Any, ...])


class Group(NamedTuple):
    """Series that go together.

    Attributes:
        series: Their numbers.
        prices: (b, T), or their span alone.
        seen: The survey of these prices.
    """

    series: NDArray[np.intp]
    prices: Floats
    seen: Survey


def in_groups(
    prices: Floats,
    seen: Survey,
    execution_delay: int,
    n_pairs: int | None,
    kernel: Callable[[Group], R],
    twin: Callable[[Group], R],
) -> R:
    """Run a kernel on the series that it can do, and the NumPy twin on the others.

    The twin takes the series of which two decisions fill at one bar. Series that may be cut in time go by their spans,
    because the chunks depend on the length: a series with missing ends then has the bits of its span alone.

    Args:
        prices: (B, T), of series that can all be traded; B and T at least 1.
        seen: Their survey.
        execution_delay: As in the rules.
        n_pairs: Pairs of thresholds, where long series are cut in time; None where they are not.
        kernel: Runs a group; its answer is a named tuple of arrays, series along their first axis.
        twin: Does the same.
    """
    series = np.arange(len(prices))
    if seen.whole(prices.shape[1]):
        return kernel(Group(series, prices, seen))
    apart = collisions(prices, execution_delay)
    cut = n_pairs is not None and long_series.gains(prices.shape[1], n_pairs)
    found = [(group, kernel(group)) for group in _groups(prices, seen, series[~apart], cut=cut)]
    if apart.any():
        group = Group(series[apart], prices[apart], seen.of(apart))
        found.append((group, twin(group)))
    return found[0][1] if len(found) == 1 else _joined(found, len(prices))


def _groups(prices: Floats, seen: Survey, series: NDArray[np.intp], *, cut: bool) -> list[Group]:
    if not series.size:
        return []
    if not cut:
        every = series.size == len(prices)
        return [Group(series, prices if every else prices[series], seen.of(series))]
    spans = np.stack([seen.first[series], seen.n_bars[series]], axis=1)
    groups = []
    for first, n_bars in np.unique(spans, axis=0).tolist():
        members = series[(spans == (first, n_bars)).all(axis=1)]
        held = prices[members, first : first + n_bars]
        groups.append(Group(members, held, seen.of(members)._replace(first=np.zeros(members.size, dtype=np.int64))))
    return groups


def _joined(found: list[tuple[Group, R]], n_series: int) -> R:
    kind = type(found[0][1])
    columns = []
    for parts in zip(*(answer for _, answer in found), strict=True):
        column = np.empty((n_series, *parts[0].shape[1:]), dtype=parts[0].dtype)
        for (group, _), part in zip(found, parts, strict=True):
            column[group.series] = part
        columns.append(column)
    return kind(*columns)
