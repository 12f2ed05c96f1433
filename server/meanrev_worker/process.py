"""The parent's side: a child that computes, and a thread that starts the next one when it ends."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from multiprocessing.connection import Pipe
from threading import Event, Lock, Thread
from typing import NamedTuple

from gpu_kernels.backend import Backend
from gpu_kernels.errors import KernelError
from meanrev_worker.channel import Channel
from meanrev_worker.messages import Hello, Orders
from meanrev_worker.pool import Pool
from meanrev_worker.supervisor import Restarts

__all__ = ["Seat", "Worker"]

_PATIENCE_S = 10.0
"""For how long after a child's end computations wait for the next one: a GPU takes seconds to be ready."""

_START_S = 600.0
"""How long a child is given to be ready: it may have to compile every kernel."""

_FAREWELL_S = 5.0
"""How long a child is given to end by itself."""

log = logging.getLogger(__name__)


class Worker:
    """Computes in a child process, and in another one when that ends.

    Attributes:
        backend: What it computes with.
        ready: Whether a child is there.
    """

    def __init__(self, orders: Orders, channels: int, changed: Callable[[], None]) -> None:
        """Start the first child, and wait until it is ready: kernels that this machine never compiled are compiled now.

        Args:
            orders: How it computes.
            channels: Most computations at once.
            changed: Called when a child has ended and when the next one is there, in a thread of its own.

        Raises:
            KernelError: the backend cannot run here.
        """
        self._restarts, self._lock = Restarts(), Lock()
        self._pool: Pool[_Child] = Pool()
        self._changed = changed
        self._closing = Event()
        self._n_channels = channels
        first = _Child(orders, channels)
        self.backend = first.backend
        # A GPU that went away is waited for: another backend would be a silent change of speed.
        self._orders = orders._replace(backend=first.backend.name)
        self._offer(first)
        Thread(target=self._watch, args=(first,), name="meanrev-worker", daemon=True).start()

    @property
    def restarts(self) -> int:
        """Children that ended so far, or did not come up."""
        return self._restarts.count

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._child.process.pid

    @contextmanager
    def seat(self, *, alone: bool) -> Iterator["Seat"]:
        """Take a place at the child while the context is open.

        Args:
            alone: While it computes nothing else.

        Raises:
            WorkerLost: no child is there in time.
        """
        with self._pool.taken(_PATIENCE_S, alone=alone) as (child, channel):
            try:
                yield Seat(child.process.pid, channel)
            finally:
                if not channel.in_step:
                    # Where the child lives, nobody knows any more what it says on this channel.
                    child.process.kill()
                    self._pool.empty(child)

    def served(self) -> None:
        """Take note that a child computed something."""
        with self._lock:
            self._restarts.served()

    @property
    def is_closing(self) -> bool:
        """Whether its end is intended."""
        return self._closing.is_set()

    def part(self) -> None:
        """Tell the child to end, and let nobody wait for it; what it computes is lost."""
        self._closing.set()
        self._pool.close()
        self._child.dismiss()

    def close(self) -> None:
        """End the child, and see it end."""
        self.part()
        self._child.leave()

    def _watch(self, child: "_Child") -> None:
        """Follow one child after another."""
        while True:
            child.process.wait()
            self.ready = False
            self._pool.empty(child)
            child.leave()
            if self._closing.is_set():
                return
            log.error("the compute worker ended", extra={"ending": _ending(child.process.returncode)})
            self._changed()
            following = self._next()
            if following is None:
                return
            child = following
            self._offer(child)
            log.info("the compute worker is there again", extra={"restarts": self.restarts})
            self._changed()

    def _next(self) -> "_Child | None":
        while True:
            with self._lock:
                delay = self._restarts.lost()
            if self._closing.wait(delay):
                return None
            try:
                return _Child(self._orders, self._n_channels)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next attempt may succeed
                log.error("the compute worker does not start", extra={"reason": str(error)})

    def _offer(self, child: "_Child") -> None:
        self._child, self.ready = child, True
        self._pool.fill(child, child.channels)
        if self._closing.is_set():
            child.leave()


class Seat(NamedTuple):
    """A place at a child.

    Attributes:
        pid: The child's process number.
        channel: To one of its threads.
    """

    pid: int
    channel: Channel


class _Child:
    """One process, ready to compute.

    Attributes:
        process: As the system knows it.
        channels: To its threads.
        backend: What it computes with.
    """

    def __init__(self, orders: Orders, n_channels: int) -> None:
        """Start it, and wait until it is ready.

        Raises:
            KernelError: it cannot compute here.
            OSError: no process can be started.
        """
        self._leaving = Lock()
        with ExitStack() as undo:
            self._control, theirs = Pipe()
            undo.callback(self._control.close)
            with closing(theirs), ExitStack() as theirs_too:
                lines = []
                for _ in range(n_channels):
                    channel, far = Channel.opened()
                    theirs_too.enter_context(closing(far.line))
                    undo.enter_context(closing(channel))
                    lines.append((channel, far))
                self.channels = tuple(channel for channel, _ in lines)
                descriptors = [theirs.fileno(), *(number for _, far in lines for number in far.descriptors)]
                self.process = _started(descriptors)
            undo.callback(self.leave)
            self.backend = self._greeted(orders)
            undo.pop_all()

    def dismiss(self) -> None:
        """Let it end, which it does at once; any thread may say so, and again."""
        with self._leaving:
            self._control.close()

    def leave(self) -> None:
        """Let it end, and make sure that it does."""
        self.dismiss()
        try:
            self.process.wait(_FAREWELL_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _greeted(self, orders: Orders) -> Backend:
        try:
            self._control.send(orders)
            if not self._control.poll(_START_S):
                raise KernelError(f"the compute worker was not ready after {_START_S:.0f} s")
            hello: Hello = self._control.recv()
        except (EOFError, OSError):
            raise KernelError(f"the compute worker ended at its start: {_ending(self.process.wait())}") from None
        if hello.backend is None:
            raise hello.error or KernelError("the compute worker cannot compute")
        return hello.backend


def _started(descriptors: Sequence[int]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", "meanrev_worker", *map(str, descriptors)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    # In a group of its own: what a terminal tells the server's group is not for the child.
    return subprocess.Popen(  # noqa: S603 - our own
        command, stdin=subprocess.DEVNULL, pass_fds=descriptors, env=environment, process_group=0
    )


def _ending(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    return f"killed by {signal.strsignal(-status) or f'signal {-status}'}"
