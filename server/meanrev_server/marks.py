"""Marks: the last price of each asset, and the streams that wait for the next one.

This is a pure core without a clock or an await. Everything runs on the event loop's thread, so nothing is locked.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from meanrev_server.errors import LimitReached

__all__ = ["MAX_ASSETS", "Mark", "Marks"]

MAX_ASSETS = 100_000
"""Most assets that may be marked."""


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


class Marks:
    """The last mark of each asset, and the listeners of each."""

    def __init__(self) -> None:
        """Start without a mark."""
        self._last: dict[str, Mark] = {}
        self._listeners: dict[str, list[Listener]] = {}

    def publish(self, mark: Mark) -> None:
        """Record a mark and call its listeners; a mark that is older than the last one of its asset is ignored.

        Raises:
            LimitReached: MAX_ASSETS other assets are marked.
        """
        last = self._last.get(mark.asset_id)
        if last is None and len(self._last) >= MAX_ASSETS:
            raise LimitReached(f"at most {MAX_ASSETS} assets can be marked; publish fewer asset ids")
        if last is not None and mark.timestamp_ms < last.timestamp_ms:
            return
        self._last[mark.asset_id] = mark
        for listener in tuple(self._listeners.get(mark.asset_id, ())):
            listener(mark)

    @contextmanager
    def listening(self, asset_ids: Iterable[str], listener: Listener) -> Iterator[None]:
        """Call a listener with the last mark of each asset, and then with every new one.

        Args:
            asset_ids: Assets that it listens to.
            listener: Called on the event loop's thread, while the context is open.
        """
        names = tuple(dict.fromkeys(asset_ids))
        for name in names:
            self._listeners.setdefault(name, []).append(listener)
            if name in self._last:
                listener(self._last[name])
        try:
            yield
        finally:
            for name in names:
                self._listeners[name].remove(listener)
                if not self._listeners[name]:
                    del self._listeners[name]
