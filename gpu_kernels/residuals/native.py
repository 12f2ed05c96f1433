"""The native twin: the rows, and the groups of cells, are divided among threads; sums use the kernel of ou."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.dispatch import in_parts
from gpu_kernels.ou import native as ou_native
from gpu_kernels.ou.sums import Sums, of_rows
from gpu_kernels.residuals import accounts, host
from gpu_kernels.residuals.accounts import AT_ONCE, Held, Levels, Records, Signals
from gpu_kernels.residuals.model import Days, Filters, Structure

__all__ = ["days", "run"]


def days(
    returns: Floats,
    eligible: NDArray[np.bool_],
    first: int,
    before: int,
    structures: tuple[Structure, ...],
    filters: Filters,
    with_windows: bool,
) -> tuple[Days, ...]:
    """Compute the scores of the last rows of a block, by every structure; see host.days."""
    if len(returns) == first:
        return host.days(returns, eligible, first, before, structures, filters, with_windows)

    def part(start: int, stop: int) -> tuple[Days, ...]:
        return host.days_by(_sums, returns[:stop], eligible[:, :stop], start, before, structures, filters, with_windows)

    parts = in_parts(first, len(returns), part)
    if len(parts) == 1:
        return parts[0]
    return tuple(Days._make(map(np.concatenate, zip(*each, strict=True))) for each in zip(*parts, strict=True))


def run(
    held: Held,
    levels: Levels,
    signals: Signals,
    returns: Floats,
    unpriced: NDArray[np.bool_],
    size: float,
    n_waiting: int,
) -> tuple[Held, Records]:
    """Carry accounts through D rows, group after group of the cells; see accounts.run."""
    n_groups = -(-levels.entry.size // AT_ONCE)

    def part(start: int, stop: int) -> tuple[Held, Records]:
        some = slice(start * AT_ONCE, stop * AT_ONCE)
        own, mine = Held._make(each[some] for each in held), Levels._make(each[some] for each in levels)
        return accounts.run(own, mine, signals, returns, unpriced, size, n_waiting)

    return accounts.joined(in_parts(0, n_groups, part))


def _sums(paths: Floats) -> Sums:
    return of_rows(ou_native.sums(np.ascontiguousarray(paths)))
