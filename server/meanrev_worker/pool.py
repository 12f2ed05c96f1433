"""The channels of the current child; a thread takes one for each computation."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Condition
from typing import Generic, TypeVar

from gpu_kernels import interruption
from meanrev_worker.channel import Channel
from meanrev_worker.errors import WorkerLost

__all__ = ["Pool"]

C = TypeVar("C")

_GLANCE_S = 0.1
"""Longest time between two looks at whether the computation that waits is interrupted."""


class Pool(Generic[C]):
    """The free channels of the current child.

    One thread at a time has a channel, and closes it if its child has ended meanwhile.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._child: C | None = None
        self._channels: frozenset[Channel] = frozenset()
        self._free: list[Channel] = []
        self._waiting_alone = 0
        self._since = time.monotonic()
        self._closed = False

    def fill(self, child: C, channels: Sequence[Channel]) -> None:
        """Add the channels of a child that is ready."""
        with self._changed:
            self._child, self._channels, self._free = child, frozenset(channels), list(channels)
            self._changed.notify_all()

    def empty(self, child: C) -> None:
        """Remove the channels of a child that has ended; does nothing where another child is the current one."""
        with self._changed:
            if child is not self._child:
                return
            for channel in self._free:
                channel.close()
            self._child, self._channels, self._free = None, frozenset(), []
            self._since = time.monotonic()
            self._changed.notify_all()

    def close(self) -> None:
        """Make every waiting thread, and every later one, raise WorkerLost where no child is ready."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @contextmanager
    def taken(self, patience: float, *, alone: bool) -> Iterator[tuple[C, Channel]]:
        """Take a channel while the context is open; yields its child and the channel.

        Args:
            patience: Seconds to wait for the next child after one has ended.
            alone: Take all channels, once no other thread has one.

        Raises:
            Interrupted: the computation was interrupted.
            WorkerLost: no child is ready in time.
        """
        child, channels = self._take(patience, alone=alone)
        try:
            yield child, channels[0]
        finally:
            self._give_back(channels)

    def _take(self, patience: float, *, alone: bool) -> tuple[C, list[Channel]]:
        with self._changed:
            self._waiting_alone += alone
            try:
                while not self._may_take(alone=alone):
                    interruption.check()
                    self._changed.wait(self._left(patience))
            finally:
                self._waiting_alone -= alone
            assert self._child is not None  # noqa: S101 - _may_take has checked it
            count = len(self._free) if alone else 1
            taken, self._free = self._free[:count], self._free[count:]
            return self._child, taken

    def _left(self, patience: float) -> float:
        """Return how long to wait until the next look; for a channel there is no last look, for a child there is."""
        left = None if self._child is not None else self._since + patience - time.monotonic()
        if self._closed or (left is not None and left <= 0):
            raise WorkerLost("no compute worker is there; it is starting again, or the server stops")
        return _GLANCE_S if left is None else min(left, _GLANCE_S)

    def _may_take(self, *, alone: bool) -> bool:
        if alone:
            return self._child is not None and len(self._free) == len(self._channels)
        return bool(self._free) and not self._waiting_alone

    def _give_back(self, channels: Sequence[Channel]) -> None:
        with self._changed:
            for channel in channels:
                if channel in self._channels:
                    self._free.append(channel)
                else:
                    channel.close()
            self._changed.notify_all()
