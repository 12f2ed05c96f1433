"""A backtest that runs while prices arrive: O(1) time a bar, and memory that does not grow."""

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats, non_negative, positive
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep import accounts_native, bar_metrics, settle
from gpu_kernels.sweep.arguments import checked_rules, scored_rules, stops_above
from gpu_kernels.sweep.figures import per_trade
from gpu_kernels.sweep.ledger import Ledger
from gpu_kernels.sweep.model import ERROR, FLAT, IN_TRADE, STATUSES, BarMetric, Rules
from gpu_kernels.sweep.scores import running
from gpu_kernels.sweep.trades import ThresholdPair
from gpu_kernels.time_units import DAY_MS

__all__ = ["OnlineBacktest"]

_DEFAULT = Rules()
WHOLE_TWINS = Twins(host=bar_metrics.compute, native=accounts_native.bars_of)


class OnlineBacktest:
    """The state of one running backtest; after the same bars it equals accounts.

    Args:
        rules: As in sweep.backtest.

    Raises:
        InvalidInput: a rule is out of its range.
    """

    def __init__(self, rules: Rules = _DEFAULT) -> None:
        self._rules = rules = scored_rules(checked_rules(rules), 1)
        self._compounding, self._initial = rules.compounding, rules.initial_capital
        self._ledger = Ledger(rules)
        self._score = running(rules)
        self._decided, self._halted = 0, False
        self._entry_z = self._exit_z = self._low = self._high = 0.0
        # What was decided on each of the last execution_delay bars; the oldest falls due next.
        self._waiting = deque([0] * rules.execution_delay)
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
        if not self._low < self._zscore < self._high or self._entry_z != entry_z or self._exit_z != exit_z:
            self._decide(entry_z, exit_z)
        self._waiting.append(self._decided)
        due = self._waiting.popleft()
        self._ledger.begin_bar(price)
        if due != self._side():
            self._ledger.fill(due, cost)
        self._ledger.end_bar(cost)

    def metric(self) -> BarMetric:
        """Return the figures after the latest bar; zeros before the first."""
        book = self._ledger
        side = self._side()
        win_rate, average = per_trade(book.wins, book.realized, book.trades, self._initial)
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
            sharpe_std_error=book.sharpe_std_error(),
            num_trades=book.trades,
            win_rate=win_rate,
            avg_profit_per_trade=average,
            status=STATUSES[status],
            timestamp_ms=self._timestamp_ms,
            equity=book.equity,
            total_costs=book.fees,
            position=side,
            zscore=self._zscore,
        )

    def whole(
        self, prices: Floats, entry_z: float, exit_z: float, cost: float, timestamps_ms: NDArray[np.int64]
    ) -> bar_metrics.BarMetrics:
        """Return what `metric` would return after each bar of a run that has not begun, and leave the run as it is.

        Args:
            prices: (T,), from the first price to the last; NaN where a bar is missing, else as in update.
            entry_z: As in update, like the next two; they hold for all bars.
            exit_z: As in update.
            cost: As in update.
            timestamps_ms: (T,); 0 where a time is not known.

        Returns:
            BarMetrics of (T,) arrays.

        Raises:
            InvalidInput: as update.
        """
        self._check(float(prices[0]), entry_z, exit_z, cost)
        levels = ThresholdPair(float(entry_z), float(exit_z), float(cost))
        return WHOLE_TWINS.run(prices, levels, self._rules, timestamps_ms)

    def _check(self, price: float, entry_z: float, exit_z: float, cost: float) -> None:
        if not math.isfinite(price):
            raise InvalidInput("price", "must be finite", value=price)
        if self._compounding and price <= 0:
            raise InvalidInput("price", "must be > 0 in mode 'compounding' (mode 'unit' trades spreads)", value=price)
        positive("entry_z", entry_z)
        if not -entry_z <= exit_z < entry_z:
            raise InvalidInput("exit_z", "must be at least -entry_z and below entry_z", value=exit_z)
        non_negative("cost", cost)
        if not self._rules.stop > entry_z:
            stops_above(entry_z, self._rules)

    def _decide(self, entry_z: float, exit_z: float) -> None:
        """Decide, and keep the band of scores in which there will be nothing to decide."""
        stop, self._entry_z, self._exit_z = self._rules.stop, entry_z, exit_z
        decided = settle.decide(self._decided, self._halted, self._zscore, entry_z, exit_z, stop)
        self._decided, self._halted = side, halted = decided
        if side:
            self._low, self._high = (-stop, -exit_z) if side > 0 else (exit_z, stop)
        else:
            self._low, self._high = (-entry_z, entry_z) if not halted else (math.inf, math.inf)

    def _side(self) -> int:
        quantity = self._ledger.quantity
        return (quantity > 0) - (quantity < 0)

    def _turn_day(self, timestamp_ms: int) -> None:
        self._timestamp_ms = timestamp_ms
        if timestamp_ms == 0:
            return
        day = timestamp_ms // DAY_MS
        if self._day is not None and day != self._day:
            self._mark_before_day = self._ledger.mark
        self._day = day

    def _daily_return(self) -> float:
        if self._timestamp_ms == 0:
            return self._ledger.last_return
        return self._ledger.return_since(self._mark_before_day)
