"""Launches of the kernel of the returns of one series' backtests, on the CPU's lanes."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.launch import Count, Number, launch, pointer
from gpu_kernels.sweep import bar_returns, driver
from gpu_kernels.sweep.bars import collisions
from gpu_kernels.sweep.groups import Group
from gpu_kernels.sweep.model import Rules, ThresholdPairs
from gpu_kernels.sweep.native import pack
from gpu_kernels.sweep.order import alike
from gpu_kernels.sweep.survey import survey

__all__ = ["compute"]


def compute(prices: Floats, pairs: ThresholdPairs, rules: Rules) -> Floats:
    """Return the returns of one series that can be traded; as bar_returns.compute."""
    if collisions(prices[None], rules.execution_delay).any():
        return bar_returns.compute(prices, pairs, rules)
    ready = pack(Group(np.zeros(1, dtype=np.intp), prices[None], survey(prices[None], rules.mode)), rules)
    n_bars, pairs = int(ready.counts[0]), ThresholdPairs(*map(np.ascontiguousarray, pairs))
    found = np.zeros((pairs.entry_z.size, n_bars))
    launch(
        library("sweep/returns")[driver.entry("returns", rules)],
        *map(Count, (n_bars, pairs.entry_z.size)),
        *map(pointer, (*ready[:3], *pairs, alike(pairs))),
        *map(Number, (rules.stop, rules.initial_capital)),
        pointer(found),
    )
    return found if n_bars == prices.size else _spread(found, prices)


def _spread(found: Floats, prices: Floats) -> Floats:
    """Put the returns of the bars that have a price at their places; a missing one between them has a return of 0."""
    times = np.flatnonzero(~np.isnan(prices))
    whole = np.full((len(found), prices.size), np.nan)
    whole[:, times[0] : times[-1] + 1] = 0.0
    whole[:, times] = found
    return whole
