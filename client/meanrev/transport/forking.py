"""Forks: gRPC works in a child only if its parent had no call under way, and its asyncio half in none."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from meanrev.errors import MeanRevError

__all__ = ["refuse_asyncio", "refuse_calls", "track_channel", "under_way"]

_WAY_OUT = "start processes by spawn instead (multiprocessing.get_context('spawn'))"


class _Calls:
    """The calls of this process, and those of its parent at the fork.

    Attributes:
        under_way: Those that have not ended, with gRPC's call objects.
        of_asyncio: Open channels of asyncio.
        asyncio_began: There was one ever; a fork does not copy the thread that serves them all.
        cut_off: The parent had calls under way as it forked.
        without_asyncio: The parent had opened such a channel.
    """

    def __init__(self) -> None:
        self.under_way: dict[int, object] = {}
        self.of_asyncio: WeakSet[Any] = WeakSet()
        self.asyncio_began = False
        self.cut_off = False
        self.without_asyncio = False

    def forked(self) -> None:
        """Record in the child what its parent had under way."""
        self.cut_off |= bool(self.under_way)
        self.without_asyncio |= self.asyncio_began
        for inherited in (*self.under_way.values(), *self.of_asyncio):
            # Its deallocation would wait for a lock that a thread of the parent holds, so it is never deallocated here.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))
        self.under_way.clear()


_CALLS = _Calls()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_CALLS.forked)


@contextmanager
def under_way(call: object = None) -> Iterator[None]:
    """Count a call while the context is open.

    Args:
        call: gRPC's call object.
    """
    place = object()
    _CALLS.under_way[id(place)] = call
    try:
        yield
    finally:
        _CALLS.under_way.pop(id(place), None)


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


def track_channel(channel: object) -> None:
    """Count a channel of asyncio as open."""
    _CALLS.asyncio_began = True
    _CALLS.of_asyncio.add(channel)
