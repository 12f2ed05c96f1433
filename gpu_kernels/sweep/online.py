"""A backtest that runs while prices arrive: O(1) time a bar, and memory that does not grow."""

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats, at_least, non_negative, one_of, positive
from gpu_kernels.dispatch import on_lanes, run
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep import whole
from gpu_kernels.sweep.ledger import Ledger
from gpu_kernels.sweep.model import ERROR, FLAT, IN_TRADE, MODES, STATUSES, BarMetric, Rules
from gpu_kernels.sweep.trades import Levels
from gpu_kernels.sweep.zscore import RollingScore

__all__ = ["OnlineBacktest"]

_DAY_MS = 86_400_000


class OnlineBacktest:
    """The state of one running backtest; after the same bars it equals paths().

    Args:
        lookback: Prices in the window of the score, at least 2.
        execution_delay: Bars from a decision to its fill, at least 0.
        mode: "compounding" invests the whole equity, for positive prices; "unit" trades one unit, for spreads.
        initial_capital: Equity before the first bar, above 0.
        periods_per_year: Bars in a year, for the Sharpe ratio.

    Raises:
        InvalidInput: an option is out of its range.
    """

    def __init__(
        self,
        *,
        lookback: int = 20,
        execution_delay: int = 1,
        mode: str = "compounding",
        initial_capital: float = 1.0,
        periods_per_year: float = 252.0,
    ) -> None:
        self._compounding = one_of("mode", mode, MODES) == "compounding"
        delay = at_least("execution_delay", execution_delay, 0)
        capital = positive("initial_capital", initial_capital)
        rules = Rules(
            at_least("lookback", lookback, 2), delay, mode, capital, positive("periods_per_year", periods_per_year)
        )
        self._rules = rules
        self._initial = capital
        self._ledger = Ledger(rules)
        self._score = RollingScore(lookback)
        self._decided = 0
        # What was decided on each of the last execution_delay bars; the oldest falls due next.
        self._waiting = deque([0] * delay)
        self._zscore = math.nan
        self._timestamp_ms = 0
        self._day: int | None = None
        self._mark_before_day = self._ledger.mark

    def update(self, price: float, entry_z: float, exit_z: float, cost: float, timestamp_ms: int = 0) -> None:
        """Take one bar; thresholds and cost may differ from bar to bar.

        Args:
            price: Close of the bar, finite; above 0 in mode "compounding".
            entry_z: Score at which a trade opens, above 0.
            exit_z: A trade of side d closes when d z >= -exit_z; -entry_z <= exit_z < entry_z.
            cost: Cost per side of what fills at this bar: a fraction, or units of the price in mode "unit".
            timestamp_ms: Time of the bar since 1970 in UTC; 0 where it is not known.

        Raises:
            InvalidInput: a value is NaN, infinite or out of its range; the state is then as before.
        """
        # NumPy scalars would make every later step slower.
        price, entry_z, exit_z, cost = float(price), float(entry_z), float(exit_z), float(cost)
        self._check(price, entry_z, exit_z, cost)
        self._turn_day(timestamp_ms)
        self._zscore = self._score.update(price)
        self._decided = _decide(self._decided, self._zscore, entry_z, exit_z)
        self._waiting.append(self._decided)
        due = self._waiting.popleft()
        if due != self._side():
            self._ledger.fill(due, price, cost)
        self._ledger.end_bar(price, cost)

    def metric(self) -> BarMetric:
        """Return the figures after the latest bar; zeros before the first."""
        book = self._ledger
        side = self._side()
        status = ERROR if book.ruined else IN_TRADE if side else FLAT
        return BarMetric(
            bar_number=book.bars,
            cumulative_return=book.cumulative_return,
            daily_return=self._daily_return(),
            open_positions=abs(side),
            unrealized_pnl=book.unrealized + 0.0,  # no minus zero
            realized_pnl=book.realized,
            max_drawdown=book.max_drawdown,
            sharpe_ratio=book.sharpe_ratio(),
            num_trades=book.trades,
            win_rate=book.wins / book.trades if book.trades else 0.0,
            avg_profit_per_trade=book.realized / (book.trades * self._initial) if book.trades else 0.0,
            status=STATUSES[status],
            timestamp_ms=self._timestamp_ms,
            equity=book.equity,
            total_costs=book.fees,
            position=side,
            zscore=self._zscore,
        )

    def whole(
        self, prices: Floats, entry_z: float, exit_z: float, cost: float, timestamps_ms: NDArray[np.int64]
    ) -> whole.BarMetrics:
        """Return what metric tells after each bar of a run that has yet to begin; nothing is taken here.

        Args:
            prices: (T,), from the first price to the last; NaN where a bar is missing, else as in update.
            entry_z: As in update, like the next two; they hold for all bars.
            exit_z: As in update.
            cost: As in update.
            timestamps_ms: (T,); 0 where a time is not known.

        Raises:
            InvalidInput: as update.
        """
        self._check(float(prices[0]), entry_z, exit_z, cost)
        levels = Levels(float(entry_z), float(exit_z), float(cost))
        return run(whole.compute, prices, levels, self._rules, timestamps_ms, on_lanes())

    def _check(self, price: float, entry_z: float, exit_z: float, cost: float) -> None:
        if not math.isfinite(price):
            raise InvalidInput("price", "must be finite", value=price)
        if self._compounding and price <= 0:
            raise InvalidInput("price", "must be > 0 in mode 'compounding' (mode 'unit' trades spreads)", value=price)
        positive("entry_z", entry_z)
        if not -entry_z <= exit_z < entry_z:
            raise InvalidInput("exit_z", "must be at least -entry_z and below entry_z", value=exit_z)
        non_negative("cost", cost)

    def _side(self) -> int:
        quantity = self._ledger.quantity
        return (quantity > 0) - (quantity < 0)

    def _turn_day(self, timestamp_ms: int) -> None:
        self._timestamp_ms = timestamp_ms
        if timestamp_ms == 0:
            return
        day = timestamp_ms // _DAY_MS
        if self._day is not None and day != self._day:
            self._mark_before_day = self._ledger.mark
        self._day = day

    def _daily_return(self) -> float:
        if self._timestamp_ms == 0:
            return self._ledger.last_return
        return self._ledger.return_since(self._mark_before_day)


def _decide(side: int, score: float, entry_z: float, exit_z: float) -> int:
    """Apply the exit, then, if flat, the entry; a missing score compares false everywhere and keeps the side."""
    if (side > 0 and score >= -exit_z) or (side < 0 and score <= exit_z):
        side = 0
    if side == 0:
        side = 1 if score <= -entry_z else -1 if score >= entry_z else 0
    return side
