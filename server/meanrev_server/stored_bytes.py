"""The bytes that callers' portfolios, prices and jobs' inputs take of the server, in all and by caller.

This is a pure core. Everything runs on the event loop's thread, so nothing is locked.
"""

from collections import Counter

from meanrev_server.errors import LimitReached, setting_named

__all__ = ["StoredBytes"]


class StoredBytes:
    """Counts what is stored, and refuses what would exceed the limits.

    Attributes:
        total: Bytes that are stored in all.
    """

    def __init__(self, most: int, share: float) -> None:
        """Start with nothing stored.

        Args:
            most: Most bytes in all.
            share: Fraction of them that one caller may take. A caller without an identity may take all: it is the only
                one.
        """
        self._most = most
        self._most_each = int(share * most)
        self._held: Counter[str] = Counter()
        self.total = 0

    def of(self, identity: str) -> int:
        """Return the bytes that are stored for a caller."""
        return self._held[identity]

    def hold(self, identity: str, nbytes: int, *, passing: bool = False) -> None:
        """Count more bytes.

        Args:
            identity: Whose they are.
            nbytes: How many more; 0 or less is never refused.
            passing: Whether others leave by themselves, as inputs of jobs do.

        Raises:
            LimitReached: they would exceed a limit; the message names the setting.
        """
        mine, everyone = self._held[identity] + nbytes, self.total + nbytes
        what = "bytes of stored portfolios, prices and inputs of jobs"
        if identity and nbytes > 0 and mine > self._most_each:
            share = setting_named("state_share")
            rule = f"of {self._most_each} that one caller may store; {share} raises it"
            raise LimitReached(f"with this there would be {mine} {what}, {rule}", passing=passing)
        if nbytes > 0 and everyone > self._most:
            rule = f"of {self._most}; {setting_named('max_state_bytes')} raises it"
            raise LimitReached(f"with this the server would have {everyone} {what}, {rule}", passing=passing)
        self.adopt(identity, nbytes)

    def adopt(self, identity: str, nbytes: int) -> None:
        """Count bytes that are stored already; fewer where nbytes is negative."""
        self.total += nbytes
        self._held[identity] += nbytes
        if not self._held[identity]:
            del self._held[identity]
