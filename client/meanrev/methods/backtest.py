"""Backtest: trading the rolling z-score of one series or of many columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from meanrev.intake.containers import table
from meanrev.intake.kept import numbers_of
from meanrev.intake.table import Table
from meanrev.methods.accounts import BACKTEST, accounts_request
from meanrev.methods.chunks import sized
from meanrev.methods.single_backtest import of_one_series
from meanrev.methods.trading_rule import Rate, Score, trading_options
from meanrev.progress import Progress
from meanrev.question import Question
from meanrev.results import KeptMatrix

__all__ = ["backtest"]


@BACKTEST.declares
def backtest(
    prices: Any,
    thresholds: Mapping[str, Any] | None = None,
    *,
    cost_per_side: float | Any,
    entry_zscore: float | Any = None,
    exit_zscore: float | Any = None,
    trades: bool = True,
    path: bool = False,
    timestamps_ms: Any = None,
    asset_ids: Sequence[str] | None = None,
    lookback: int | None = None,
    execution_delay: int | None = None,
    mode: str | None = None,
    initial_capital: float | None = None,
    periods_per_year: float | None = None,
    stop: float | None = None,
    borrow: Rate = None,
    score: Score = None,
    forgetting: float | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float | None = None,
) -> Question[Any]:
    """Trade the rolling z-score of one series, or of each column of a matrix.

    Args:
        prices: (T,) or (T, N), oldest first; NaN is a bar without a price, and none outside the first and last price.
        thresholds: What thresholds or a sweep's best returned, or a mapping with entry_zscore and exit_zscore.
        cost_per_side: A fraction of traded notional; in mode "unit", units of the price. One, or one a column.
        entry_zscore: Instead of thresholds. One, or one a column.
        exit_zscore: Likewise; a position with side d exits when d z >= -exit_zscore.
        trades: List the round trips too, in the result's trades.
        path: Report every bar too, in the result's path.
        timestamps_ms: (T,) milliseconds since the epoch; a frame's time index where None.
        asset_ids: Names of the columns; the frame's own, else their numbers, where None.
        lookback: Bars of the rolling mean and standard deviation; 20 where None.
        execution_delay: Bars between a signal and its fill; 1 where None.
        mode: "compounding" (positive prices) or "unit" (spreads).
        initial_capital: Equity before the first bar; 1 where None.
        periods_per_year: For the annual figures; 252 where None.
        stop: A losing position with side d is closed where d z <= -stop, above entry_zscore; no stop where None.
        borrow: Rate a year on the notional of short positions, of one unit in mode "unit": 0.03, "3%" or "300bp".
        score: "rolling" (where None), "online", a fit, a mapping with mu and sigma_eq, or a number of rows to fit.
        forgetting: For "online": weight of a price relative to the next one; 1 where None.
        progress: True for a bar, or a function of (done, total, eta_s); for many columns.
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        BacktestResult for one series; Backtests for many, where a column that cannot be traded has NaN and a reason.

    Raises:
        MeanRevError: as every call.
    """
    rule = trading_options(execution_delay, mode, initial_capital, periods_per_year, stop, borrow, score, forgetting)
    given: dict[str, Any] = {"thresholds": thresholds, "entry_zscore": entry_zscore, "exit_zscore": exit_zscore}
    given |= {"cost_per_side": cost_per_side, "timestamps_ms": timestamps_ms, "asset_ids": asset_ids, "path": path}
    given |= {"lookback": lookback, "rule": rule, "trades": trades}
    return _asked(_read(prices), given, progress, timeout, dry_run=dry_run)


def _read(prices: Any) -> Table:
    return sized(prices) if isinstance(prices, KeptMatrix) else table("prices", prices)


def _asked(
    read: Table, given: dict[str, Any], progress: Progress, timeout: float | None, *, dry_run: bool
) -> Question[Any]:
    if dry_run or (read.values.ndim == 2 and read.values.shape[1] != 1):
        return accounts_request(read, **given).question(progress, timeout, dry_run=dry_run)
    return of_one_series(numbers_of("prices", read), given, timeout)
