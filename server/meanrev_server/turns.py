"""Turns of the callers whose computations wait: the one whose last turn is the longest ago is next.

This is a pure core without a clock, a thread or an await.
"""

__all__ = ["Turns"]

_REMEMBERED = 10_000
"""Callers whose last turn is remembered, at least; those that wait for nothing are forgotten above it."""


class Turns:
    """Who waits, and when each had its last turn."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._waiting: dict[str, int] = {}
        # The number of each identity's last turn.
        self._last: dict[str, int] = {}
        self._turn = 0

    @property
    def shared(self) -> bool:
        """Whether several identities wait."""
        return len(self._waiting) > 1

    def wait(self, identity: str) -> None:
        """Note that one more computation of an identity waits."""
        self._waiting[identity] = self._waiting.get(identity, 0) + 1

    def leave(self, identity: str) -> None:
        """Note that one computation of an identity waits no more."""
        self._waiting[identity] -= 1
        if not self._waiting[identity]:
            del self._waiting[identity]

    def last(self, identity: str) -> int:
        """Return the number of an identity's last turn; 0 where it had none."""
        return self._last.get(identity, 0)

    def take(self, identity: str) -> None:
        """Put an identity behind the others."""
        self._turn += 1
        self._last[identity] = self._turn
        if len(self._last) > _REMEMBERED:
            self._last = {name: turn for name, turn in self._last.items() if name in self._waiting}
