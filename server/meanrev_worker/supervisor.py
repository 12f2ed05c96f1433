"""When a child that ended is replaced, and which computations no child gets any more.

These are pure cores without a clock, a process or a thread. fleet and process drive them, and pass the time.
"""

from typing import NamedTuple

__all__ = ["Fingerprint", "Restarts", "Suspects"]

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0

_SUSPECT_S = 120.0
"""How long a computation is remembered at which a child ended: callers repeat it soon, or not at all."""

_REFUSED_S = 3600.0
"""How long a computation is refused at which two children ended: two children an hour may end at it."""

_REMEMBERED = 1024
"""Most computations that are remembered: callers choose what they send, so there must be a limit."""


class Restarts:
    """The ends of one worker's children, which follow each other.

    Attributes:
        count: Children that ended or failed to start so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self._idle = 0

    def lost(self) -> float:
        """Record that the child ended, or failed to start.

        Returns:
            Seconds until the next child shall start: 0 at first, then more each time while no child computes anything.
        """
        self.count += 1
        self._idle += 1
        return 0.0 if self._idle == 1 else min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2.0 ** min(self._idle - 2, 10))

    def served(self) -> None:
        """Record that the child computed something."""
        self._idle = 0


class Fingerprint(NamedTuple):
    """What distinguishes a computation from all others.

    Attributes:
        rough: A hash that is cheap to compute; two computations with different rough hashes are different.
        digest: A hash of everything.
    """

    rough: int
    digest: bytes


class _Record(NamedTuple):
    """What is known of a computation.

    Attributes:
        rough: Its rough hash.
        child: The child that ended first.
        refused: Whether another child has ended at it, while that child computed nothing else.
        until: Time at which the record is forgotten.
    """

    rough: int
    child: int
    refused: bool
    until: float


class Suspects:
    """Computations that were under way when a child ended, of all workers together.

    A suspect computation runs alone from then on, because only then does the next end of a child prove that this
    computation caused it. A computation that returns is suspect no longer, so that children which somebody kills from
    outside get no computation refused in the long run.
    """

    def __init__(self) -> None:
        self._records: dict[bytes, _Record] = {}  # by digest, the oldest first

    @property
    def is_empty(self) -> bool:
        """Whether nothing is suspect or refused."""
        return not self._records

    def may_know(self, rough: int, now: float) -> bool:
        """Return whether a computation with this rough hash is suspect or refused; any other needs no digest."""
        self._records = {name: record for name, record in self._records.items() if now < record.until}
        return any(record.rough == rough for record in self._records.values())

    def note_crash(self, computation: Fingerprint, child: int, now: float, *, alone: bool) -> None:
        """Record that a computation was under way when a child ended.

        Args:
            computation: The computation.
            child: Process number of the child.
            now: The time.
            alone: Whether the child computed nothing else.
        """
        known = self._records.pop(computation.digest, None)
        if known is None:
            known = _Record(computation.rough, child, refused=False, until=now + _SUSPECT_S)
        elif known.child != child and alone:
            known = known._replace(refused=True, until=now + _REFUSED_S)
        self._records[computation.digest] = known
        if len(self._records) > _REMEMBERED:
            del self._records[next(iter(self._records))]

    def clear(self, computation: Fingerprint) -> None:
        """Record that a computation returned."""
        self._records.pop(computation.digest, None)

    def is_suspect(self, computation: Fingerprint) -> bool:
        """Return whether a computation must run alone."""
        return computation.digest in self._records

    def is_refused(self, computation: Fingerprint) -> bool:
        """Return whether a computation must not be tried again."""
        return computation.digest in self._records and self._records[computation.digest].refused
