"""Launches of the sweep kernel on a GPU: prices go up once, scores stay there, rows come back once."""

import numpy as np

from gpu_kernels import device
from gpu_kernels.checks import Floats
from gpu_kernels.sweep import host, native
from gpu_kernels.sweep.bars import Bars, can_trade, gather, with_untradable
from gpu_kernels.sweep.model import Pairs, Rules, SweepMetrics
from gpu_kernels.sweep.zscore import SMALLEST_SPREAD

__all__ = ["backtest"]

_ROOM = 2**20  # work items times lookback: 256 MiB of working space for the scores


def backtest(prices: Floats, pairs: Pairs, rules: Rules) -> SweepMetrics:
    """Run every series against every pair; see the contract.

    Raises:
        DeviceFault: the GPU is not there, does not answer, or has too little memory.
    """
    tradable = can_trade(prices, rules.mode)
    bars = gather(prices[tradable], rules.execution_delay)
    if native.crowded(bars):
        return host.backtest(prices, pairs, rules)
    return with_untradable(native.metrics(_in_parts(bars, pairs, rules), prices.shape[1], rules), tradable)


def _in_parts(bars: Bars, pairs: Pairs, rules: Rules) -> Floats:
    """Run all series at once, or in halves where the device's memory does not hold them."""
    n_series = bars.prices.shape[0]
    try:
        return _launch(bars, pairs, rules)
    except device.OutOfMemory:
        if n_series == 1:
            raise
    device.release()
    half = n_series // 2
    parts = [_some(bars, slice(0, half)), _some(bars, slice(half, n_series))]
    return np.concatenate([_in_parts(part, pairs, rules) for part in parts], axis=1)


def _some(bars: Bars, which: slice) -> Bars:
    return Bars(bars.prices[which], bars.counts[which], bars.fill_at[which], bars.places[which])


def _launch(bars: Bars, pairs: Pairs, rules: Rules) -> Floats:
    n_series, n_bars = bars.prices.shape
    n_pairs = pairs.entry_z.size
    prices = device.stage(bars.prices)
    if native.complete(bars):
        fills = device.empty((n_series, n_bars))
        room = native.score_space(n_series, n_bars, rules.lookback, _ROOM // rules.lookback)
        shape = (n_series, n_bars, rules.lookback, rules.execution_delay, room[0])
        arguments = (*shape, prices, SMALLEST_SPREAD, device.empty(room), fills)
        device.launch("sweep/zscore", "rolling_z", room[0], arguments)
    else:
        fills = device.stage(native.fill_scores(bars, rules))
    columns = [device.stage(column) for column in pairs]
    rows = device.empty((native.ROWS, n_series, n_pairs))
    entry = "sweep_compounding" if rules.mode == "compounding" else "sweep_unit"
    arguments = (n_series, n_bars, n_pairs, prices, fills, *columns, rules.initial_capital, rows)
    device.launch("sweep", entry, n_series * n_pairs, arguments)
    return np.asarray(device.fetch(rows))
