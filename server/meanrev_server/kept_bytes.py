"""The bytes that kept matrices take of memory or of a disk, in all and by caller.

This is a pure core. Everything runs on the event loop's thread, so nothing is locked.
"""

from collections import Counter

from meanrev_server.errors import LimitReached, setting_named

__all__ = ["KeptBytes"]


class KeptBytes:
    """Counts the bytes of kept matrices in one place, in all and by caller.

    Attributes:
        setting: Name of the setting that limits them.
        most: Most bytes in all.
        total: Bytes that are taken in all.
    """

    def __init__(self, setting: str, most: int, share: float) -> None:
        """Start with nothing.

        Args:
            setting: Name of the setting that limits them.
            most: Most bytes in all.
            share: Fraction of them that one caller with an identity may take.
        """
        self.setting, self.most, self.total = setting, most, 0
        self._share = share
        self._of: Counter[str] = Counter()

    def of(self, identity: str) -> int:
        """Return the bytes that are taken for a caller."""
        return self._of[identity]

    def most_of(self, identity: str) -> int:
        """Return the most bytes of a caller."""
        return int(self._share * self.most) if identity else self.most

    def count(self, identity: str, nbytes: int) -> None:
        """Count bytes that are taken; fewer where nbytes is negative."""
        self.total += nbytes
        self._of[identity] += nbytes
        if not self._of[identity]:
            del self._of[identity]

    def check(self, identity: str, nbytes: int) -> None:
        """Refuse a matrix that can never be kept.

        Raises:
            LimitReached: it is larger than all matrices of the caller together may be; not passing.
        """
        most = self.most_of(identity)
        if nbytes > most:
            raised = setting_named(self.setting)
            if identity and nbytes <= self.most:
                raised += f" or {setting_named('state_share')}"
            rule = f"must take at most {most} bytes to be kept; {raised} of the server raises it"
            raise LimitReached.of("block", rule, nbytes)
