"""What the kernels' rows say of each lane, as figures; and the figures of series that cannot be traded."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.sweep.model import ERROR, FLAT, IN_TRADE, Rules, SweepMetrics

__all__ = ["REDO", "ROWS", "RUINED", "metrics", "nothing", "sharpe_ratios", "with_untradable", "without_overflow"]

ROWS = 11
"""Rows of the kernels' output."""

RUINED, REDO = 10, 2.0
"""The row that says how a lane ended, and what it says of one that the dense kernel must run again."""

_ROUNDING = 1e-15  # of a compounding return, where an entry without a cost gains nothing


@np.errstate(over="ignore", invalid="ignore")  # sums beyond the doubles end as figures that are infinite or NaN
def metrics(rows: Floats, spans: NDArray[np.int64], rules: Rules) -> SweepMetrics:
    """Turn the kernels' rows, (11, B, G), into figures.

    Args:
        rows: As the kernels' enum orders them; the first is overwritten in mode "unit".
        spans: (B,) bars that count of each series; those without a price add returns of 0.
        rules: What all lanes share.
    """
    equity, realized, unrealized, fees, drawdown, total, squares, trades, wins, position, ruined = rows
    n_bars, compounding = spans[:, None].astype(np.float64), rules.mode == "compounding"
    scale = 1.0 if compounding else rules.initial_capital
    mean = total / (n_bars * scale)
    spread = np.maximum(0.0, squares / scale**2 - n_bars * mean * mean)
    if compounding:
        spread[squares < n_bars * _ROUNDING**2] = 0.0
    deviation = np.sqrt(spread / np.maximum(1.0, n_bars - 1.0))
    sharpe = sharpe_ratios(mean * np.sqrt(rules.periods_per_year), deviation)
    win_rate, average = np.zeros_like(mean), np.zeros_like(mean)
    np.divide(wins, trades, out=win_rate, where=trades > 0)
    np.divide(realized, trades * rules.initial_capital, out=average, where=trades > 0)
    if compounding:
        gained = equity / rules.initial_capital - 1.0
    else:  # an equity would cost small gains their digits
        np.add(realized, unrealized, out=equity)
        gained = equity / rules.initial_capital
        equity += rules.initial_capital
    return SweepMetrics(
        cumulative_return=gained,
        sharpe_ratio=sharpe,
        max_drawdown=drawdown,
        num_trades=trades.astype(np.int64),
        win_rate=win_rate,
        avg_profit_per_trade=average,
        total_costs=fees,
        realized_pnl=realized,
        unrealized_pnl=unrealized,
        equity=equity,
        position=position.astype(np.int8),
        status=np.where(ruined > 0, ERROR, np.where(position != 0, IN_TRADE, FLAT)).astype(np.int8),
    )


def sharpe_ratios(mean: Floats, deviation: Floats) -> Floats:
    """Divide annualised means by deviations: 0 where returns do not vary, NaN where their squares left the doubles."""
    ratios = np.where(np.isfinite(deviation), 0.0, np.nan)
    np.divide(mean, deviation, out=ratios, where=(deviation > 0) & np.isfinite(deviation))
    return ratios


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
    shape = (n_series, n_pairs)
    floats = {name: np.full(shape, np.nan) for name in SweepMetrics._fields}
    counts = {"num_trades": np.zeros(shape, dtype=np.int64), "position": np.zeros(shape, dtype=np.int8)}
    return SweepMetrics(**floats)._replace(**counts, status=np.full(shape, ERROR, dtype=np.int8))  # type: ignore[arg-type]


def with_untradable(metrics: SweepMetrics, tradable: NDArray[np.bool_]) -> SweepMetrics:
    """Put the figures of nothing where a series cannot be traded; metrics has a row for each that can."""
    found = nothing(tradable.size, metrics.equity.shape[1])
    for name, values in metrics._asdict().items():
        getattr(found, name)[tradable] = values
    return found
