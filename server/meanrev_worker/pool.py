"""Channels to one worker after another, for threads that take one for a computation."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Condition
from typing import Generic, TypeVar

from meanrev_worker.channel import Channel
from meanrev_worker.errors import WorkerLost

__all__ = ["Pool"]

W = TypeVar("W")


class Pool(Generic[W]):
    """The free channels of the worker of the day.

    A channel is one thread's at a time, and whoever has it closes it if its worker ended meanwhile.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._worker: W | None = None
        self._channels: frozenset[Channel] = frozenset()
        self._free: list[Channel] = []
        self._waiting_alone = 0

    def fill(self, worker: W, channels: Sequence[Channel]) -> None:
        """Offer the channels of a worker that is ready."""
        with self._changed:
            self._worker, self._channels, self._free = worker, frozenset(channels), list(channels)
            self._changed.notify_all()

    def empty(self, worker: W) -> None:
        """Take the channels of a worker back, because it ended; does nothing where they are another's by now."""
        with self._changed:
            if worker is not self._worker:
                return
            for channel in self._free:
                channel.close()
            self._worker, self._channels, self._free = None, frozenset(), []

    @contextmanager
    def taken(self, patience: float, *, alone: bool) -> Iterator[tuple[W, Channel]]:
        """Take a channel while the context is open; yields it with its worker.

        Args:
            patience: Seconds to wait for a worker.
            alone: Wait until nobody else has one, and let nobody else have one.

        Raises:
            WorkerLost: there is none in time.
        """
        worker, channels = self._take(patience, alone=alone)
        try:
            yield worker, channels[0]
        finally:
            self._give_back(channels)

    def _take(self, patience: float, *, alone: bool) -> tuple[W, list[Channel]]:
        until = time.monotonic() + patience
        with self._changed:
            self._waiting_alone += alone
            try:
                while not self._may_take(alone=alone):
                    # Whoever waits for others waits as long as they compute, and for a worker no longer than patience.
                    left = until - time.monotonic()
                    if self._worker is None and left <= 0:
                        raise WorkerLost("the compute worker is starting again; try again in a moment")
                    self._changed.wait(None if self._worker is not None else left)
            finally:
                self._waiting_alone -= alone
            assert self._worker is not None  # noqa: S101 - _may_take has seen it
            count = len(self._free) if alone else 1
            taken, self._free = self._free[:count], self._free[count:]
            return self._worker, taken

    def _may_take(self, *, alone: bool) -> bool:
        if alone:
            return self._worker is not None and len(self._free) == len(self._channels)
        return bool(self._free) and not self._waiting_alone

    def _give_back(self, channels: Sequence[Channel]) -> None:
        with self._changed:
            for channel in channels:
                if channel in self._channels:
                    self._free.append(channel)
                else:
                    channel.close()
            self._changed.notify_all()
