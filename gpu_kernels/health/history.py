"""The past of one account's value in constant memory: peak, day's start, and 24 h of squared changes."""

import math
from collections import deque

from gpu_kernels.time_units import DAY_MS

__all__ = ["History"]

_MINUTE_MS = 60_000
_BUCKETS = DAY_MS // _MINUTE_MS


class History:
    """Values in order of time, reduced to what the figures need.

    Squared log changes are merged into one-minute buckets, at most 1,440 of them. They are added up again when a bucket
    is opened or dropped, at most twice a minute: a running sum would keep the rounding of every move that left.
    """

    def __init__(self) -> None:
        """Start without a value."""
        self._last: float | None = None
        self._peak = 0.0
        self._drawdown = 0.0
        self._base = 0.0
        self._day = 0
        self._minutes: deque[tuple[int, float]] = deque()
        self._closed: float | None = 0.0

    def record(self, value: float, timestamp_ms: int) -> None:
        """Append a value; timestamps do not decrease.

        Args:
            value: Finite.
            timestamp_ms: Milliseconds since the epoch.
        """
        self._base, self._day = self._start_of_day(value, timestamp_ms), timestamp_ms // DAY_MS
        change = self._squared_change(value)
        minute = timestamp_ms // _MINUTE_MS
        if self._minutes and self._minutes[-1][0] == minute:
            self._minutes[-1] = minute, self._minutes[-1][1] + change
        else:
            self._minutes.append((minute, change))
            self._closed = None
        self._forget(timestamp_ms)
        self._last, self._peak = value, max(self._peak, value)
        self._drawdown = max(self._drawdown, self.drawdown(value))

    def daily_return(self, value: float, at_ms: int, now_ms: int) -> float:
        """Return the return since the day's start.

        Args:
            value: The last value, not recorded yet.
            at_ms: Its time.
            now_ms: Whose day counts, not before at_ms.

        Returns:
            0 where the day has no mark yet or its start was not positive.
        """
        base = self._start_of_day(value, at_ms)
        return value / base - 1.0 if base > 0 and now_ms // DAY_MS == at_ms // DAY_MS else 0.0

    def volatility(self, value: float, at_ms: int, now_ms: int) -> float:
        """Return the realised volatility of the 24 h before now_ms; arguments as for daily_return."""
        self._forget(now_ms)
        if self._closed is None:
            newest = len(self._minutes) - 1
            self._closed = math.fsum(square for i, (_, square) in enumerate(self._minutes) if i < newest)
        opened = self._minutes[-1][1] if self._minutes else 0.0
        recent = at_ms // _MINUTE_MS > now_ms // _MINUTE_MS - _BUCKETS
        return math.sqrt(self._closed + opened + (self._squared_change(value) if recent else 0.0))

    def drawdown(self, value: float) -> float:
        """Return the fall from the peak to value, a fraction; 0 before a positive peak."""
        peak = max(self._peak, value)
        return 1.0 - value / peak if peak > 0 else 0.0

    def max_drawdown(self, value: float) -> float:
        """Return the largest fall so far, with that to value."""
        return max(self._drawdown, self.drawdown(value))

    def _start_of_day(self, value: float, now_ms: int) -> float:
        if self._last is None:
            return value
        return self._last if now_ms // DAY_MS > self._day else self._base

    def _squared_change(self, value: float) -> float:
        if self._last is None or self._last <= 0 or value <= 0:
            return 0.0
        return (math.log(value) - math.log(self._last)) ** 2

    def _forget(self, now_ms: int) -> None:
        oldest = now_ms // _MINUTE_MS - _BUCKETS
        while self._minutes and self._minutes[0][0] <= oldest:
            self._minutes.popleft()
            self._closed = None
