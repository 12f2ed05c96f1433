"""How late the event loop is: a timer that should fire every tenth of a second, and how late it does."""

import asyncio

from meanrev_server.observation.tallies import LAG_BOUNDS, Histogram

__all__ = ["LoopLag"]

_EVERY_S = 0.1


class LoopLag:
    """Measures the event loop's lag from start to stop.

    Attributes:
        histogram: Seconds by which the timer was late.
        latest_s: The last of them.
    """

    def __init__(self) -> None:
        self.histogram = Histogram(LAG_BOUNDS)
        self.latest_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start on the running event loop."""
        self._set(asyncio.get_running_loop())

    def stop(self) -> None:
        """Stop."""
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + _EVERY_S
        self._timer = loop.call_at(due, self._fired, loop, due)

    def _fired(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self.latest_s = max(0.0, loop.time() - due)
        self.histogram.observe(self.latest_s)
        self._set(loop)
