"""When a worker that ended starts again, and which computations no worker gets any more.

A pure core: no clock, no process, no thread; process drives it.

A computation that was under way when a worker ended is suspect, and goes alone from then on: only so can a second end
be laid at its door. One that returns is cleared, so that a worker killed from outside convicts nobody in the long run.
"""

__all__ = ["Supervisor"]

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0
_ENDS = 2
"""Workers that a computation may end."""

_REMEMBERED = 1024
"""Suspects: callers choose what they send, so there is a limit."""


class Supervisor:
    """The judgement over one worker after another.

    Attributes:
        restarts: Workers that ended so far.
    """

    def __init__(self) -> None:
        self.restarts = 0
        self._in_vain = 0
        self._ends: dict[bytes, int] = {}  # the longest known first

    @property
    def suspects(self) -> bool:
        """Whether any computation is suspect."""
        return bool(self._ends)

    def lost(self) -> float:
        """Take note that the worker ended, or did not come up.

        Returns:
            Seconds until the next one shall start: none at first, then more and more while none computes anything.
        """
        self.restarts += 1
        self._in_vain += 1
        return 0.0 if self._in_vain == 1 else min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2.0 ** min(self._in_vain - 2, 10))

    def served(self) -> None:
        """Take note that a worker computed something."""
        self._in_vain = 0

    def accuse(self, task: bytes) -> None:
        """Take note that a computation was under way when its worker ended."""
        self._ends[task] = self._ends.pop(task, 0) + 1
        if len(self._ends) > _REMEMBERED:
            del self._ends[next(iter(self._ends))]

    def clear(self, task: bytes) -> None:
        """Take note that a computation returned."""
        self._ends.pop(task, None)

    def is_suspect(self, task: bytes) -> bool:
        """Tell whether a computation must go alone."""
        return task in self._ends

    def refuses(self, task: bytes) -> bool:
        """Tell whether a computation must not be tried any more."""
        return self._ends.get(task, 0) >= _ENDS
