"""Forks: gRPC works in a child only if its parent had no call under way, and its asyncio half in none.

A fork also harms the parent if another thread enters or leaves gRPC meanwhile: gRPC's own handlers of forks then lose
events, and calls of the parent wait for ever. So a fork lets no call begin, and waits a moment for those under way.

The end of the interpreter is like a fork to a stream that is still open: gRPC's threads stop wherever they are, one of
them perhaps with the stream's lock. A thread that cancels or deallocates the stream then waits for that lock for ever.
"""

import atexit
import ctypes
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from meanrev.errors import MeanRevError

__all__ = ["Place", "is_ours", "refuse_asyncio", "refuse_calls", "track_channel", "under_way"]

_WAY_OUT = "start processes by spawn instead (multiprocessing.get_context('spawn'))"

_PATIENCE_S = 1.0
"""Longest wait of a fork for calls of other threads; the child has a record where some go on."""

_GLANCE_S = 0.001


class Place:
    """The place of a call among those under way.

    Attributes:
        call: gRPC's call object of a stream; None for a single reply, which a fork waits for.
        thread: Number of the thread that calls.
    """

    __slots__ = ("call", "thread")

    def __init__(self) -> None:
        self.call: object = None
        self.thread = threading.get_ident()


class _Calls:
    """The calls of this process, and those of its parent at the fork.

    Attributes:
        under_way: Those that have not ended.
        channels: Open channels of both kinds.
        asyncio_began: There was a channel of asyncio ever; a fork does not copy the thread that serves them all.
        cut_off: The parent had calls under way as it forked.
        without_asyncio: The parent had opened a channel of asyncio.
        ended: The interpreter ends.
    """

    def __init__(self) -> None:
        self.under_way: dict[int, Place] = {}
        self.channels: WeakSet[Any] = WeakSet()
        self.asyncio_began = False
        self.cut_off = False
        self.without_asyncio = False
        self.ended = False
        # The thread that forks holds it: a call that begins waits. A signal's handler may fork in a thread that has it.
        self._gate = threading.RLock()

    def begin(self) -> Place:
        """Count a call, unless this process forks at this moment: then wait for the end of that."""
        place = Place()
        with self._gate:
            self.under_way[id(place)] = place
        return place

    def end(self, place: Place) -> None:
        """Count a call no longer."""
        self.under_way.pop(id(place), None)

    def before_fork(self) -> None:
        """Let no call begin, and wait for those of other threads; a stream, or a call that takes longer, goes on."""
        self._gate.acquire()
        if not self.under_way:
            return
        here, late = threading.get_ident(), time.monotonic() + _PATIENCE_S
        while time.monotonic() < late and any(
            place.call is None and place.thread != here for place in tuple(self.under_way.values())
        ):
            time.sleep(_GLANCE_S)
        # A thread that waits for the interpreter's lock is for gRPC one that does not call. It goes on into gRPC here,
        # where gRPC sees it and leaves the parent as it is.
        time.sleep(_GLANCE_S)

    def after_fork_in_parent(self) -> None:
        """Let calls begin again."""
        self._gate.release()

    def after_fork_in_child(self) -> None:
        """Record in the child what its parent had under way."""
        self._gate = threading.RLock()
        self.cut_off |= bool(self.under_way)
        self.without_asyncio |= self.asyncio_began
        # Their deallocation would wait for a lock that a thread of the parent holds, or close the parent's connection.
        self._keep_for_ever()
        self.under_way.clear()

    def at_exit(self) -> None:
        """Leave open streams to the end of the process, which closes their connections."""
        self.ended = True
        self._keep_for_ever()

    def _keep_for_ever(self) -> None:
        """Keep open streams and channels from being deallocated."""
        calls = [place.call for place in tuple(self.under_way.values()) if place.call is not None]
        for kept in (*calls, *self.channels):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))


_CALLS = _Calls()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_CALLS.before_fork,
        after_in_parent=_CALLS.after_fork_in_parent,
        after_in_child=_CALLS.after_fork_in_child,
    )
atexit.register(_CALLS.at_exit)


@contextmanager
def under_way() -> Iterator[Place]:
    """Count a call while the context is open; its value takes gRPC's call object, where that is a stream.

    Raises:
        MeanRevError: as refuse_calls.
    """
    refuse_calls()
    place = _CALLS.begin()
    try:
        yield place
    finally:
        _CALLS.end(place)


def is_ours(process: int) -> bool:
    """Return whether a stream may be cancelled: it is no parent's, and the interpreter does not end.

    Args:
        process: Number of the process that opened it.
    """
    return process == os.getpid() and not _CALLS.ended


def refuse_calls() -> None:
    """Refuse to call where gRPC would crash or wait for ever.

    Raises:
        MeanRevError: this process was forked while its parent had a call under way.
    """
    if _CALLS.cut_off:
        reason = (
            "this process was forked while a call or a stream of its parent was under way, and gRPC cannot call in it"
        )
        raise MeanRevError(f"{reason}; fork before the calls or between them, or {_WAY_OUT}")


def refuse_asyncio() -> None:
    """Refuse to open a channel of asyncio as refuse_calls does, and where the parent had opened one.

    Raises:
        MeanRevError: this process was forked, and its parent had called through an AsyncClient.
    """
    refuse_calls()
    if _CALLS.without_asyncio:
        reason = (
            "this process was forked after its parent had called through an AsyncClient, which gRPC cannot carry over"
        )
        raise MeanRevError(f"{reason}; use a Client in it, or {_WAY_OUT}")


def track_channel(channel: object, *, of_asyncio: bool) -> None:
    """Count a channel as open.

    Args:
        channel: gRPC's channel.
        of_asyncio: It is one of asyncio.
    """
    _CALLS.asyncio_began |= of_asyncio
    _CALLS.channels.add(channel)
