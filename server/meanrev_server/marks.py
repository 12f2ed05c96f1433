"""Marks: the last price of each asset, and the streams that wait for the next one.

Marks are ordered by their arrival. Clocks differ and are set back, so a mark whose timestamp is before that of the one
that arrived before it counts at the time of that one. This is a pure core without a clock or an await. Everything runs
on the event loop's thread, so nothing is locked.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from msgspec import Struct

from meanrev_server.errors import LimitReached
from meanrev_server.stored_bytes import StoredBytes

__all__ = ["MAX_ASSETS", "AllMarks", "Arrived", "Mark", "Marks"]

MAX_ASSETS = 100_000
"""Most assets that may be marked for a caller."""

_BYTES = 512
"""Bytes of memory of a mark, beside the text of the asset id."""


class Mark(Struct, frozen=True, gc=False):
    """A price at which an asset is valued; there may be very many, which the garbage collector passes over.

    Attributes:
        asset_id: The asset.
        price: In its own currency.
        timestamp_ms: Milliseconds since the epoch.
    """

    asset_id: str
    price: float
    timestamp_ms: int


class Arrived(Struct, frozen=True, gc=False):
    """A mark, and when it arrived.

    Attributes:
        mark: The mark.
        at_s: time.monotonic() of its arrival; a change of the clock does not age it.
    """

    mark: Mark
    at_s: float


Listener = Callable[[Mark], None]
Changes = dict[str, dict[str, Arrived]]
"""Marks by caller and asset."""


class AllMarks:
    """The last marks of all callers, and those who listen."""

    def __init__(self, stored: StoredBytes, ttl_s: float) -> None:
        """Start without a mark.

        Args:
            stored: Counts their bytes.
            ttl_s: Seconds after its arrival at which a mark expires.
        """
        self._bytes, self._ttl_s = stored, ttl_s
        self._last: Changes = {}
        self._changed: Changes = {}
        self._coming: Counter[str] = Counter()
        self._listeners: dict[tuple[str, str], list[Listener]] = {}

    def of(self, identity: str) -> "Marks":
        """Return the marks of a caller."""
        return Marks(self, identity)

    @property
    def identities(self) -> tuple[str, ...]:
        """The callers that have marks."""
        return tuple(self._last)

    @contextmanager
    def room(self, identity: str) -> Iterator[Callable[[Iterable[str]], None]]:
        """As Marks.room, for a caller."""
        held = n_held = 0

        def reserve(asset_ids: Iterable[str]) -> None:
            nonlocal held, n_held
            mine = self._last.get(identity, {})
            new = [name for name in asset_ids if name not in mine]
            if new and len(mine) + self._coming[identity] + len(new) > MAX_ASSETS:
                raise LimitReached(f"at most {MAX_ASSETS} assets can be marked; publish fewer asset ids")
            nbytes = sum(map(_size, new))
            self._bytes.hold(identity, nbytes)
            self._coming[identity] += len(new)
            held, n_held = held + nbytes, n_held + len(new)

        try:
            yield reserve
        finally:
            self._bytes.adopt(identity, -held)
            self._coming[identity] -= n_held
            if not self._coming[identity]:
                del self._coming[identity]

    def publish(self, identity: str, mark: Mark, now_s: float) -> None:
        """As Marks.publish, for a caller."""
        mine = self._last.setdefault(identity, {})
        last = mine.get(mark.asset_id)
        if last is None:
            self._bytes.adopt(identity, _size(mark.asset_id))
        elif mark.timestamp_ms < last.mark.timestamp_ms:
            mark = Mark(mark.asset_id, mark.price, last.mark.timestamp_ms)
        arrived = mine[mark.asset_id] = Arrived(mark, now_s)
        self._changed.setdefault(identity, {})[mark.asset_id] = arrived
        for listener in tuple(self._listeners.get((identity, mark.asset_id), ())):
            listener(mark)

    def restore(self, identity: str, arrived: Arrived) -> None:
        """Record a mark that arrived before the server started; no limit refuses it."""
        mine = self._last.setdefault(identity, {})
        if arrived.mark.asset_id not in mine:
            self._bytes.adopt(identity, _size(arrived.mark.asset_id))
        mine[arrived.mark.asset_id] = arrived

    def expire(self, identity: str, now_s: float) -> None:
        """Drop the marks of a caller that have expired."""
        mine = self._last.get(identity, {})
        for asset_id in [asset_id for asset_id, arrived in mine.items() if self._is_old(arrived, now_s)]:
            del mine[asset_id]
            self._bytes.adopt(identity, -_size(asset_id))
        if not mine:
            self._last.pop(identity, None)

    def take_changed(self) -> Changes:
        """Return the marks that have arrived since the last call, only the newest of each asset."""
        changed, self._changed = self._changed, {}
        return changed

    def put_back(self, changed: Mapping[str, Mapping[str, Arrived]]) -> None:
        """Count marks as changed again, unless newer ones have arrived."""
        for identity, arrived in changed.items():
            self._changed[identity] = {**arrived, **self._changed.get(identity, {})}

    @contextmanager
    def listening(self, identity: str, asset_ids: Iterable[str], listener: Listener, now_s: float) -> Iterator[None]:
        """As Marks.listening, for a caller."""
        names = tuple(dict.fromkeys(asset_ids))
        mine = self._last.get(identity, {})
        for name in names:
            self._listeners.setdefault((identity, name), []).append(listener)
            if name in mine and not self._is_old(mine[name], now_s):
                listener(mine[name].mark)
        try:
            yield
        finally:
            for name in names:
                listeners = self._listeners[identity, name]
                listeners.remove(listener)
                if not listeners:
                    del self._listeners[identity, name]

    def _is_old(self, arrived: Arrived, now_s: float) -> bool:
        return now_s - arrived.at_s > self._ttl_s


class Marks:
    """The last mark of each asset of one caller, and its listeners."""

    def __init__(self, everyone: AllMarks, identity: str = "") -> None:
        """AllMarks.of makes them."""
        self._everyone, self._identity = everyone, identity

    def room(self) -> AbstractContextManager[Callable[[Iterable[str]], None]]:
        """Have room for marks while the context is open; its value reserves it, for assets that it was not given yet.

        Reserving raises LimitReached where there would be more than MAX_ASSETS assets, or too many bytes.
        """
        return self._everyone.room(self._identity)

    def publish(self, mark: Mark, now_s: float) -> None:
        """Record a mark in place of the one before, and call the listeners of its asset.

        Args:
            mark: The mark; room was reserved for it. It counts at the time of the mark before where its own
                timestamp is earlier.
            now_s: time.monotonic() of its arrival.
        """
        self._everyone.publish(self._identity, mark, now_s)

    def listening(self, asset_ids: Iterable[str], listener: Listener, now_s: float) -> AbstractContextManager[None]:
        """Call a listener with the last mark of each asset that has not expired, and then with every new one.

        Args:
            asset_ids: Assets that it listens to.
            listener: Called on the event loop's thread, while the context is open.
            now_s: time.monotonic(), by which marks expire.
        """
        return self._everyone.listening(self._identity, asset_ids, listener, now_s)


def _size(asset_id: str) -> int:
    return _BYTES + len(asset_id)
