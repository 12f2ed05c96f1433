"""Launches of the sweep kernels on a GPU: prices go up once, scores stay there, rows come back once."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gpu_kernels import device, device_pipeline
from gpu_kernels.checks import Floats
from gpu_kernels.sweep import driver, long_series, zscore
from gpu_kernels.sweep.figures import ROWS, metrics
from gpu_kernels.sweep.groups import Group
from gpu_kernels.sweep.model import ReturnMoments, Rules, SweepMetrics, ThresholdPairs
from gpu_kernels.sweep.order import alike
from gpu_kernels.sweep.scores import WARMUP, process_of, score
from gpu_kernels.sweep.survey import Survey

__all__ = ["backtest", "chunks", "moments"]

_ROOM = 2**20  # work items times lookback: 256 MiB of working space for the scores
_BARS_A_CHUNK = 256
_MOST_CHUNKS = 4096


class _Sent(NamedTuple):
    """What goes up.

    Attributes:
        prices: (B, n), without missing bars.
        fills: (B, n), scores at the bars of their fills; None where they are made on the device.
        marks_short: (B, n), what a short position is marked at; the prices where the rules are plain.
        columns: On the device: entry levels, exit levels and costs.
        order: On the device: the pairs as lanes take them; None where each series has its own.
        rules: What all lanes share, and the series' own mean and deviation.
    """

    prices: Floats
    fills: Floats | None
    marks_short: Floats
    columns: list[Any]
    order: Any
    rules: Rules


class _Held(NamedTuple):
    """Series on the device: (b, n) arrays."""

    prices: Any
    fills: Any
    marks_short: Any


def chunks(n_bars: int) -> int:
    """Return the number of chunks of a long series, by its length alone, so that its batch changes no bit."""
    return max(1, min(n_bars // _BARS_A_CHUNK, _MOST_CHUNKS))


def backtest(prices: Floats, pairs: ThresholdPairs, rules: Rules, seen: Survey) -> SweepMetrics:
    """Run every series against every pair; see the contract. Every series can be traded, and seen is its survey.

    Raises:
        DeviceFault: the GPU is not there, does not answer, or has too little memory.
    """

    def kernel(group: Group) -> SweepMetrics:
        return _backtest(group, pairs, rules)

    return driver.backtests(prices, pairs, rules, seen, kernel)


def moments(prices: Floats, pairs: ThresholdPairs, rules: Rules, seen: Survey) -> ReturnMoments:
    """Run each series against its own pair; see the contract. Every series can be traded, and seen is its survey.

    Raises:
        DeviceFault: the GPU is not there, does not answer, or has too little memory.
    """

    def kernel(group: Group, own: ThresholdPairs) -> ReturnMoments:
        return _moments(group, own, rules)

    return driver.moments(prices, pairs, rules, seen, kernel)


def _backtest(group: Group, pairs: ThresholdPairs, rules: Rules) -> SweepMetrics:
    columns, own = [device.stage(column) for column in pairs], rules.of(group.series)
    sent = _Sent(*_packed(group, own), columns, device.stage(alike(pairs)), own)
    n_pairs = pairs.entry_z.size
    cut = rules.plain and long_series.gains(sent.prices.shape[1], n_pairs)
    rows = _in_parts(sent, _cut if cut else _dense, ROWS, n_pairs)
    redo = driver.redo(rows)
    series = np.flatnonzero(redo.any(axis=1))
    if series.size:
        fills = None if sent.fills is None else sent.fills[series]
        marks = sent.marks_short[series]
        some = sent._replace(prices=sent.prices[series], fills=fills, marks_short=marks, rules=own.of(series))
        again = _in_parts(some, _dense, ROWS, n_pairs)
        rows[:, series] = np.where(redo[series], again, rows[:, series])
    return metrics(rows, group.seen.n_bars, rules)


def _moments(group: Group, pairs: ThresholdPairs, rules: Rules) -> ReturnMoments:
    own = rules.of(group.series)
    sent = _Sent(*_packed(group, own), [], None, own)
    n_all, entry = group.seen.n_bars.astype(np.float64), driver.entry("moments", rules)

    def run(_: _Sent, held: _Held, part: slice) -> Any:
        n_series, n_bars = held.prices.shape
        counted, *columns = (device.stage(column[part]) for column in (n_all, *pairs))
        space = device.empty((n_series + driver.MOST_LANES - 1, n_bars))
        found = device.empty((2, n_series))
        arguments = (n_series, n_bars, counted, *held, *columns, rules.stop, rules.initial_capital, space, found)
        device.launch("sweep/moments", entry, n_series, arguments)
        return found

    return ReturnMoments(*_in_parts(sent, run, 2, 1))


def _packed(group: Group, rules: Rules) -> tuple[Floats, Floats | None, Floats]:
    """Return prices without missing bars, their scores where the device does not make them, and marks of shorts."""
    prices = group.prices
    if not group.seen.whole(prices.shape[1]):
        packed = driver.without_gaps(prices, rules, lambda held, own: score(held, own, zscore.rolling))
        return packed.prices, packed.fills, packed.marks_short
    marks = driver.marks_of(prices, rules)
    if (
        rules.score == "rolling" and rules.lookback > prices.shape[1]
    ):  # the device would need working space for a window that no series fills
        return prices, np.full(prices.shape, np.nan), marks
    return prices, None, marks


def _in_parts(sent: _Sent, launch: Callable[[_Sent, _Held, slice], Any], n_rows: int, n_pairs: int) -> Floats:
    """Run all series, in parts where they are many; the rows are (n_rows, B, G) or (n_rows, B)."""
    n_series, n_bars = sent.prices.shape
    n_read = 1 + (sent.fills is not None) + (sent.marks_short is not sent.prices)
    nbytes = 8 * n_series * (n_bars * n_read + n_rows * n_pairs)
    n_parts = device_pipeline.parts(n_series, nbytes, n_series * n_pairs)
    found = device_pipeline.in_parts(n_series, n_parts, lambda part: launch(sent, _hold(sent, part), part))
    return found[0] if len(found) == 1 else np.concatenate(found, axis=1)


def _hold(sent: _Sent, part: slice) -> _Held:
    prices = device.stage(sent.prices[part])
    marks = prices if sent.marks_short is sent.prices else device.stage(sent.marks_short[part])
    if sent.fills is not None:
        return _Held(prices, device.stage(sent.fills[part]), marks)
    return _Held(prices, _scored(prices, sent.rules.of(part)), marks)


def _scored(prices: Any, rules: Rules) -> Any:
    """Return the scores of prices without missing bars at the bars of their fills."""
    (n_series, n_bars), delay, fills = prices.shape, rules.execution_delay, device.empty(prices.shape)
    if rules.score == "fixed":
        process = [device.stage(column) for column in process_of(rules, n_series)]
        arguments: tuple[Any, ...] = (n_series, n_bars, delay, prices, *process, fills)
        device.launch("sweep/scores", "fixed_z", n_series * n_bars, arguments)
        return fills
    if rules.score == "online":
        arguments = (n_series, n_bars, delay, WARMUP, prices, rules.forgetting, fills)
        device.launch("sweep/scores", "online_z", n_series, arguments)
        return fills
    lookback = rules.lookback
    room = driver.score_space(n_series, n_bars, lookback, _ROOM // lookback)
    arguments = (n_series, n_bars, lookback, delay, room[0], prices, zscore.SMALLEST_SPREAD, device.empty(room), fills)
    device.launch("sweep/zscore", "rolling_z", room[0], arguments)
    return fills


def _dense(sent: _Sent, held: _Held, _: slice) -> Any:
    (n_series, n_bars), n_pairs, rules = held.prices.shape, sent.order.size, sent.rules
    rows = device.empty((ROWS, n_series, n_pairs))
    read = (*held, *sent.columns, sent.order)
    arguments = (n_series, n_bars, n_pairs, *read, rules.stop, rules.initial_capital, rows)
    device.launch("sweep", driver.entry("sweep", rules), n_series * n_pairs, arguments)
    return rows


def _cut(sent: _Sent, held: _Held, _: slice) -> Any:
    (n_series, n_bars), n_pairs, mode = held.prices.shape, sent.order.size, sent.rules.mode
    shape = (n_series, n_bars, chunks(n_bars), n_pairs)
    n_lanes = n_series * chunks(n_bars) * n_pairs
    ends, parts = device.empty((long_series.ENDS, n_lanes)), device.empty((long_series.PARTS, n_lanes))
    rows = device.empty((ROWS, n_series, n_pairs))
    levels = sent.columns[:2]
    device.launch("sweep/long_series", "long_series_ends", n_lanes, (*shape, held.fills, *levels, ends))
    arguments: tuple[Any, ...] = (*shape, held.prices, held.fills, *sent.columns, ends, parts)
    device.launch("sweep/long_series", f"long_series_{mode}", n_lanes, arguments)
    arguments = (*shape, sent.rules.initial_capital, parts, rows)
    device.launch("sweep/long_series", f"long_series_join_{mode}", n_series * n_pairs, arguments)
    return rows
