"""Walk-forward: cells chosen on train bars, and judged on test bars that the choice has not seen.

A test is a backtest of its own on the test bars, preceded by just as many earlier bars as hold lookback - 1 prices. The
first score is then that of the first test price: no decision, and so no trade, is made before the test part begins,
the position starts flat, and the equity at the initial capital. Purged and train bars thus fill the window of the
first test scores, as they would for a trader, but nothing is earned on them.
"""

import math
from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import sweep
from gpu_kernels.checks import Floats
from gpu_kernels.grids import blocks, host
from gpu_kernels.grids.model import Cells, Progress, Spans, Terms, WalkStep

__all__ = ["forward", "over_last_bars", "starts"]


class _Test(NamedTuple):
    sharpe: float
    gained: float
    trades: int
    drawdown: float


_NO_TEST = _Test(math.nan, math.nan, 0, math.nan)


def starts(n_bars: int, spans: Spans) -> range:
    """Return the first train bars of the steps that fit into n_bars."""
    return range(0, n_bars - sum(spans) + 1, spans.test)


def forward(prices: Floats, cells: Cells, spans: Spans, terms: Terms, progress: Progress | None) -> list[WalkStep]:
    """Walk every series forward; see the contract."""
    n_series, n_bars = prices.shape
    first_bars = starts(n_bars, spans)
    n_valid = int(np.count_nonzero(cells.valid))
    total, done = len(first_bars) * n_series * n_valid, 0
    found: list[WalkStep] = []
    for rows in blocks.rows_of(n_series, cells.valid.size):
        for start in first_bars:

            def report(swept: int, _: int, before: int = done) -> None:
                if progress is not None:
                    progress(before + swept, total)

            train = prices[rows, start : start + spans.train]
            sharpe_ratio = blocks.run(train, cells, terms, report).sharpe_ratio
            done += train.shape[0] * n_valid
            chosen = host.best(sharpe_ratio)
            test_start = start + spans.train + spans.purge
            known = prices[rows, : test_start + spans.test]
            tests = _tests(known, test_start, chosen, cells, terms)
            ratios = host.taken(sharpe_ratio, chosen).tolist()
            bars = (start, start + spans.train, test_start, test_start + spans.test)
            for place, cell in enumerate(chosen.tolist()):
                found.append(WalkStep(rows.start + place, *bars, cell, ratios[place], *tests[place]))
    return sorted(found, key=lambda step: step[:2])


def _tests(prices: Floats, test_start: int, chosen: NDArray[np.int64], cells: Cells, terms: Terms) -> list[_Test]:
    """Trade each series' cell on the bars from test_start on; series with the same cell run together."""
    alike: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for series, cell in enumerate(chosen.tolist()):
        if cell >= 0:
            warm_start = _warm_start(prices[series, :test_start], int(cells.lookback[cell]))
            alike[cell, warm_start].append(series)
    found = [_NO_TEST] * chosen.size
    year = math.sqrt(terms.periods_per_year)
    n_test = prices.shape[1] - test_start
    for (cell, warm_start), members in alike.items():
        thresholds = (cells.entry_z[[cell]], cells.exit_z[[cell]], cells.cost[[cell]])
        lookback = int(cells.lookback[cell])
        figures = sweep.backtest(prices[members, warm_start:], *thresholds, lookback=lookback, **terms._asdict())
        gained, drawdown = figures.cumulative_return[:, 0].tolist(), figures.max_drawdown[:, 0].tolist()
        trades = figures.num_trades[:, 0].tolist()
        for place, series in enumerate(members):
            per_bar = float(figures.sharpe_ratio[place, 0]) / year
            sharpe = year * over_last_bars(per_bar, prices.shape[1] - warm_start, n_test)
            found[series] = _Test(sharpe, gained[place], trades[place], drawdown[place])
    return found


def _warm_start(earlier: Floats, lookback: int) -> int:
    """Return the bar from which lookback - 1 prices are there, 0 where there are fewer."""
    present = np.flatnonzero(~np.isnan(earlier))
    return int(present[1 - lookback]) if present.size >= lookback - 1 else 0


def over_last_bars(sharpe: float, n_bars: int, n_last: int) -> float:
    """Return the Sharpe ratio of the last bars of a series whose earlier returns are all 0.

    A ratio over n bars fixes u = (sum r)^2 / sum r^2 = S^2 n^2 / (n - 1 + S^2 n), which zeros do not change; over k
    bars it is then sqrt(u (k - 1) / (k (k - u))), with the sign of S.

    Args:
        sharpe: S, per bar, with ddof 1; NaN stays NaN.
        n_bars: n.
        n_last: k.

    Returns:
        The ratio per bar; 0 where the last returns do not vary.
    """
    if n_last == n_bars or not sharpe:
        return sharpe
    squared = sharpe * sharpe
    whole = n_last * (n_bars - 1)
    apart = whole - squared * n_bars * (n_bars - n_last)
    if apart <= 1e-12 * whole or n_last == 1:  # nothing but rounding
        return 0.0
    return sharpe * n_bars * math.sqrt((n_last - 1) / (n_last * apart))
