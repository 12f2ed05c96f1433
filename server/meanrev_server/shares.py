"""How short and long computations share the compute threads, so that no short one waits behind research.

This is a pure core without a clock or a thread; the launcher drives it. Long computations get all threads but one. If
there is one thread only, or if computations that were announced as short turn out to be long, all threads may be taken
by long ones; then a spare thread computes short ones beside them, one at a time, and the operating system divides the
CPUs.
"""

__all__ = ["LONG_STEPS", "OVERDUE_S", "Shares", "most_threads"]

LONG_STEPS = 2 * 10**7
"""Announced steps above which a computation is long: some 50 ms on the CPU's lanes."""

OVERDUE_S = 0.25
"""Seconds after which a computation that was announced as short counts as a long one."""


def most_threads(threads: int) -> int:
    """Return how many computations run at once at most, the one in the spare thread included.

    Args:
        threads: The setting compute_threads.
    """
    return threads + 1


class Shares:
    """The computations that run now."""

    def __init__(self, threads: int) -> None:
        """Start with none.

        Args:
            threads: The setting compute_threads.
        """
        self._threads = threads
        self._most_long = max(1, threads - 1)
        self._short = self._long = 0

    def may_start(self, *, long: bool) -> bool:
        """Return whether a computation may start now."""
        total = self._short + self._long
        if long:
            return total < self._threads and self._long < self._most_long
        return total < self._threads or (not self._short and total < most_threads(self._threads))

    def start(self, *, long: bool) -> None:
        """Record that one has started."""
        self._long += long
        self._short += not long

    def overdue(self) -> None:
        """Record that a short one takes longer than OVERDUE_S: from now on it is a long one."""
        self._short -= 1
        self._long += 1

    def end(self, *, long: bool) -> None:
        """Record that one has ended.

        Args:
            long: Whether it was long in the end.
        """
        self._long -= long
        self._short -= not long
