"""When a worker that ended starts again, and which computations no worker gets any more.

Pure cores: no clock, no process, no thread; fleet and process drive them, and hand in the time.
"""

from typing import NamedTuple

__all__ = ["Docket", "Fingerprint", "Restarts"]

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0

_SUSPECT_S = 120.0
"""How long a computation is remembered at which a worker ended: callers repeat it soon, or not at all."""

_CONVICT_S = 3600.0
"""How long one is refused: two workers an hour are a price that can be paid."""

_REMEMBERED = 1024
"""Of both: callers choose what they send, so there is a limit."""


class Restarts:
    """The children of one worker, one after another.

    Attributes:
        count: Those that ended so far, or did not come up.
    """

    def __init__(self) -> None:
        self.count = 0
        self._idle = 0

    def lost(self) -> float:
        """Take note that the child ended, or did not come up.

        Returns:
            Seconds until the next one shall start: none at first, then more and more while none computes anything.
        """
        self.count += 1
        self._idle += 1
        return 0.0 if self._idle == 1 else min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2.0 ** min(self._idle - 2, 10))

    def served(self) -> None:
        """Take note that the child computed something."""
        self._idle = 0


class Fingerprint(NamedTuple):
    """What tells a computation from others.

    Attributes:
        outline: A hash of what is cheap to look at: two that differ in it differ.
        digest: A hash of everything.
    """

    outline: int
    digest: bytes


class _Record(NamedTuple):
    """What is known of a computation.

    Attributes:
        outline: Its outline.
        child: The child that ended first.
        convicted: Another one ended at it, while it computed nothing else.
        until: When this is forgotten.
    """

    outline: int
    child: int
    convicted: bool
    until: float


class Docket:
    """Computations that were under way when a worker ended; one docket for all workers.

    Such a computation is suspect, and goes alone from then on: only so can a second end be laid at its door. One that
    returns is cleared, so that workers killed from outside convict nobody in the long run.
    """

    def __init__(self) -> None:
        self._records: dict[bytes, _Record] = {}  # the longest known first

    @property
    def is_empty(self) -> bool:
        """Whether nothing is suspect or refused."""
        return not self._records

    def knows(self, outline: int, now: float) -> bool:
        """Tell whether anything with this outline is suspect or refused; everything else needs no digest."""
        self._records = {name: record for name, record in self._records.items() if now < record.until}
        return any(record.outline == outline for record in self._records.values())

    def accuse(self, task: Fingerprint, child: int, now: float, *, alone: bool) -> None:
        """Take note that a computation was under way when a child ended.

        Args:
            task: The computation.
            child: Which child, by a number of its own.
            now: The time.
            alone: The child computed nothing else.
        """
        known = self._records.pop(task.digest, None)
        if known is None:
            known = _Record(task.outline, child, convicted=False, until=now + _SUSPECT_S)
        elif known.child != child and alone:
            known = known._replace(convicted=True, until=now + _CONVICT_S)
        self._records[task.digest] = known
        if len(self._records) > _REMEMBERED:
            del self._records[next(iter(self._records))]

    def clear(self, task: Fingerprint) -> None:
        """Take note that a computation returned."""
        self._records.pop(task.digest, None)

    def is_suspect(self, task: Fingerprint) -> bool:
        """Tell whether a computation must go alone."""
        return task.digest in self._records

    def refuses(self, task: Fingerprint) -> bool:
        """Tell whether a computation must not be tried."""
        return task.digest in self._records and self._records[task.digest].convicted
