"""Marks: the last price of each asset, and who listens for the next. A caller's marks are its own.

A pure core: no clock, no await. Everything runs on the event loop's thread, so nothing is locked.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from meanrev_server.errors import LimitReached

__all__ = ["MAX_ASSETS", "Hub", "Mark"]

MAX_ASSETS = 100_000
"""Assets one identity may mark."""


class Mark(NamedTuple):
    """A price at which an asset is valued.

    Attributes:
        asset_id: The asset.
        price: In its own currency.
        timestamp_ms: Milliseconds since the epoch.
    """

    asset_id: str
    price: float
    timestamp_ms: int


Listener = Callable[[Mark], None]


class Hub:
    """The marks of all callers."""

    def __init__(self) -> None:
        """Start without a mark."""
        self._marks: dict[str, dict[str, Mark]] = defaultdict(dict)
        self._listeners: dict[tuple[str, str], list[Listener]] = {}

    def publish(self, identity: str, mark: Mark) -> None:
        """Record a mark and tell those who listen; a mark older than the last one is ignored.

        Args:
            identity: Whose mark it is.
            mark: The price.

        Raises:
            LimitReached: the identity marks more than MAX_ASSETS assets.
        """
        marks = self._marks[identity]
        last = marks.get(mark.asset_id)
        if last is None and len(marks) >= MAX_ASSETS:
            raise LimitReached(f"at most {MAX_ASSETS} assets can be marked; publish fewer asset ids")
        if last is not None and mark.timestamp_ms < last.timestamp_ms:
            return
        marks[mark.asset_id] = mark
        for listener in tuple(self._listeners.get((identity, mark.asset_id), ())):
            listener(mark)

    def last(self, identity: str, asset_id: str) -> Mark | None:
        """Return an asset's last mark, or None before the first."""
        return self._marks[identity].get(asset_id) if identity in self._marks else None

    @contextmanager
    def listening(self, identity: str, asset_ids: Iterable[str], listener: Listener) -> Iterator[None]:
        """Call a listener with the last mark of each asset, and then with every new one.

        Args:
            identity: Whose marks.
            asset_ids: Which assets.
            listener: Called on the event loop's thread, while the context is open.
        """
        keys = [(identity, asset_id) for asset_id in dict.fromkeys(asset_ids)]
        for key in keys:
            self._listeners.setdefault(key, []).append(listener)
            last = self.last(*key)
            if last is not None:
                listener(last)
        try:
            yield
        finally:
            for key in keys:
                self._listeners[key].remove(listener)
                if not self._listeners[key]:
                    del self._listeners[key]
