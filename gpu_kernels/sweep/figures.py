"""The final figures of backtests: one definition for what kernels, lanes and a running account have added up."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.constants import integer
from gpu_kernels.sweep.model import ERROR, FLAT, IN_TRADE, Rules, SweepMetrics
from gpu_kernels.sweep.settle import N

__all__ = [
    "REDO",
    "ROUNDING",
    "ROWS",
    "RUINED",
    "Totals",
    "final",
    "gained",
    "metrics",
    "nothing",
    "per_trade",
    "sharpe_ratio",
    "sharpe_ratios",
    "with_untradable",
    "without_overflow",
]

ROWS, RUINED = integer("ROWS", "sweep/rows.h"), integer("RUINED", "sweep/rows.h")
"""Rows of the kernels' output, and the number of the row with how a lane ended."""

_SUM, _SQUARES = integer("SUM", "sweep/rows.h"), integer("SQUARES", "sweep/rows.h")
"""The rows of the sums of the returns and of their squares, which are neighbours."""

REDO = 2.0
"""The value in the row RUINED of a lane that the dense kernel must run again."""

ROUNDING = 1e-15
"""A compounding return up to which it is rounding: an entry without a cost gains nothing."""

_ROW_OF = {
    figure: integer(row, "sweep/rows.h")
    for figure, row in (("realized_pnl", "REALIZED"), ("total_costs", "FEES"), ("max_drawdown", "DRAWDOWN"))
}
"""Figures that are rows as they are."""

_BLOCK = 12_288
"""Lanes whose figures are made together: their temporary arrays stay in the cache, and are not mapped anew."""


class Totals(NamedTuple):
    """What backtests have added up: arrays of one shape, in the order of the kernels' rows but for the returns."""

    equity: Floats
    realized: Floats
    unrealized: Floats
    fees: Floats
    drawdown: Floats
    trades: Floats | NDArray[np.int64]
    wins: Floats | NDArray[np.int64]
    position: Floats | NDArray[np.int8]
    ruined: Floats | NDArray[np.bool_]


def gained(value: N, initial: float, *, compounding: bool) -> N:
    """Return the return since the beginning.

    Args:
        value: The equity; in mode "unit" without the initial capital, which would cost small gains their digits.
        initial: The initial capital.
        compounding: The mode.
    """
    return value / initial - 1.0 if compounding else value / initial


def per_trade(wins: Any, realized: Any, trades: Any, initial: float) -> tuple[Any, Any]:
    """Return the win rate and the average profit of closed trades, numbers or arrays; both are 0 without a trade.

    Args:
        wins: Closed trades that gained.
        realized: Sum of the closed trades' pnl.
        trades: Closed trades.
        initial: The initial capital, of which the average profit is a share.
    """
    some = trades + (trades == 0)
    return wins / some, realized / (some * initial)


def final(totals: Totals, mean: Floats, deviation: Floats, rules: Rules) -> SweepMetrics:
    """Return the final figures.

    Args:
        totals: What was added up.
        mean: Of the returns, a bar.
        deviation: Of the returns, a bar, with ddof 1.
        rules: What all backtests share.
    """
    trades, initial = totals.trades, rules.initial_capital
    win_rate, average = per_trade(totals.wins, totals.realized, trades, initial)
    value = totals.equity if rules.compounding else totals.realized + totals.unrealized
    held = totals.position != 0
    return SweepMetrics(
        cumulative_return=gained(value, initial, compounding=rules.compounding),
        sharpe_ratio=sharpe_ratios(mean * np.sqrt(rules.periods_per_year), deviation),
        max_drawdown=totals.drawdown,
        num_trades=trades.astype(np.int64),
        win_rate=win_rate,
        avg_profit_per_trade=average,
        total_costs=totals.fees,
        realized_pnl=totals.realized,
        unrealized_pnl=totals.unrealized + 0.0,  # no minus zero
        equity=value if rules.compounding else initial + value,
        position=totals.position.astype(np.int8),
        status=np.where(totals.ruined > 0, ERROR, np.where(held, IN_TRADE, FLAT)).astype(np.int8),
    )


@np.errstate(over="ignore", invalid="ignore")  # sums beyond the doubles end as figures that are infinite or NaN
def metrics(rows: Floats, spans: NDArray[np.int64], rules: Rules) -> SweepMetrics:
    """Turn the kernels' rows, (ROWS, B, G), into figures, a block of lanes at a time.

    Args:
        rows: As the kernels' enum orders them.
        spans: (B,) bars that count of each series; those without a price add returns of 0.
        rules: What all lanes share.
    """
    _, n_series, n_pairs = rows.shape
    found = _empty(n_series, n_pairs)._replace(**{name: rows[place] for name, place in _ROW_OF.items()})
    made = [name for name in SweepMetrics._fields if name not in _ROW_OF]
    deep, wide = max(1, _BLOCK // max(1, n_pairs)), min(max(1, n_pairs), _BLOCK)
    for series in (slice(begin, begin + deep) for begin in range(0, n_series, deep)):
        for pairs in (slice(begin, begin + wide) for begin in range(0, n_pairs, wide)):
            block = _block(rows[:, series, pairs], spans[series], rules)
            for name in made:
                getattr(found, name)[series, pairs] = getattr(block, name)
    return found


def _block(rows: Floats, spans: NDArray[np.int64], rules: Rules) -> SweepMetrics:
    total, squares = rows[_SUM], rows[_SQUARES]
    n_bars = spans[:, None].astype(np.float64)
    scale = 1.0 if rules.compounding else rules.initial_capital
    mean = total / (n_bars * scale)
    spread = np.maximum(0.0, squares / scale**2 - n_bars * mean * mean)
    if rules.compounding:
        spread[squares < n_bars * ROUNDING**2] = 0.0
    deviation = np.sqrt(spread / np.maximum(1.0, n_bars - 1.0))
    return final(Totals(*rows[:_SUM], *rows[_SQUARES + 1 :]), mean, deviation, rules)


def sharpe_ratios(mean: Floats, deviation: Floats) -> Floats:
    """Divide annualised means by deviations: 0 where returns do not vary, NaN where their squares left the doubles."""
    known = np.isfinite(deviation)
    ratios = np.where(known, 0.0, np.nan)
    np.divide(mean, deviation, out=ratios, where=known & (deviation > 0))
    return ratios


def sharpe_ratio(mean: float, deviation: float) -> float:
    """Do the same for one running account, without the time that arrays take."""
    if math.isinf(deviation):  # the squares are beyond float64, not the ratio 0
        return math.nan
    return mean / deviation if deviation != 0 else 0.0


def without_overflow(metrics: SweepMetrics) -> SweepMetrics:
    """Put the figures of nothing where one is not finite: the others of that backtest would look right and be wrong.

    A price near the largest or the smallest double takes returns, or their squares, out of the doubles.
    """
    known = np.isfinite(metrics.equity)
    for name in ("cumulative_return", "sharpe_ratio", "max_drawdown", "realized_pnl", "unrealized_pnl", "total_costs"):
        known &= np.isfinite(getattr(metrics, name))
    if known.all():
        return metrics
    found = nothing(*known.shape)
    for name, values in metrics._asdict().items():
        getattr(found, name)[known] = values[known]
    return found


def nothing(n_series: int, n_pairs: int) -> SweepMetrics:
    """Return the figures of series that cannot be traded: NaN, counts 0 and status ERROR."""
    found = _empty(n_series, n_pairs)
    for values in found:
        values[:] = np.nan if values.dtype.kind == "f" else 0
    found.status[:] = ERROR
    return found


def _empty(n_series: int, n_pairs: int) -> SweepMetrics:
    kinds = {"num_trades": np.int64, "position": np.int8, "status": np.int8}
    shape = (n_series, n_pairs)
    return SweepMetrics(**{name: np.empty(shape, kinds.get(name, np.float64)) for name in SweepMetrics._fields})


def with_untradable(metrics: SweepMetrics, tradable: NDArray[np.bool_]) -> SweepMetrics:
    """Put the figures of nothing where a series cannot be traded; metrics has a row for each that can."""
    found = nothing(tradable.size, metrics.equity.shape[1])
    for name, values in metrics._asdict().items():
        getattr(found, name)[tradable] = values
    return found
