"""The parent's side: a child process that computes, and a thread that replaces it when it ends."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Pipe
from threading import Event, Lock, Thread

from gpu_kernels.backend import Backend
from gpu_kernels.errors import KernelError
from meanrev_worker.channel import Channel
from meanrev_worker.messages import FAREWELL, HEARTBEAT, Hello, Orders
from meanrev_worker.pool import Pool
from meanrev_worker.supervisor import Restarts

__all__ = ["PATIENCE_S", "Seat", "Worker"]

PATIENCE_S = 10.0
"""Seconds after which a child that does not answer its heartbeat is replaced, unless the caller says otherwise."""

_BEAT_S = 1.0
"""Seconds between two heartbeats."""

_SLICE_S = 0.25
"""Seconds of a wait for an answer; the waits are counted, so that time in which this process stood still is not."""

_DEAF = 10
"""Times the patience, in which an interrupted computation must end before its child is replaced."""

_NEXT_S = 10.0
"""Seconds for which computations wait for the next child after one has ended: a GPU takes seconds to be ready."""

_START_S = 600.0
"""Seconds in which a child must be ready: it may have to compile every kernel."""

_FAREWELL_S = 5.0
"""Seconds in which a child must end by itself before it is killed."""

log = logging.getLogger(__name__)


class Worker:
    """Computes in a child process, which it replaces when the child ends.

    Attributes:
        backend: The backend that the child computes with.
        ready: Whether a child can compute now.
    """

    def __init__(self, orders: Orders, channels: int, changed: Callable[[], None], patience_s: float) -> None:
        """Start the first child, and wait until it is ready; it may have to compile kernels first.

        Args:
            orders: How the child computes.
            channels: Most computations at once.
            changed: Called when a child has ended and when the next one is ready, in a thread of its own.
            patience_s: Seconds after which a child that does not answer is replaced.

        Raises:
            KernelError: the backend cannot run here.
        """
        self._patience_s = patience_s
        self._seats: dict[Seat, int] = {}  # with the heartbeats since each was interrupted
        self._restarts, self._lock = Restarts(), Lock()
        self._pool: Pool[_Child] = Pool()
        self._changed = changed
        self._closing = Event()
        self._n_channels = channels
        first = _Child(orders, channels)
        self.backend = first.backend
        # The next child waits for a GPU that is gone: another backend would silently change the speed.
        self._orders = orders._replace(backend=first.backend.name)
        self._offer(first)
        Thread(target=self._watch, args=(first,), name="meanrev-worker", daemon=True).start()

    @property
    def restarts(self) -> int:
        """Children that ended or failed to start so far."""
        return self._restarts.count

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._child.process.pid

    @contextmanager
    def seat(self, *, alone: bool) -> Iterator["Seat"]:
        """Take one of the child's channels while the context is open.

        Args:
            alone: Let the child compute nothing else meanwhile.

        Raises:
            WorkerLost: no child is ready in time.
        """
        with self._pool.taken(_NEXT_S, alone=alone) as (child, channel):
            taken = Seat(child.process.pid, channel)
            with self._lock:
                self._seats[taken] = 0
            try:
                yield taken
            finally:
                with self._lock:
                    del self._seats[taken]
                if not channel.in_step:
                    # If the child still runs, its next answer on this channel would belong to an earlier call.
                    child.process.kill()
                    self._pool.empty(child)

    def served(self) -> None:
        """Record that a child computed something."""
        with self._lock:
            self._restarts.served()

    @property
    def is_closing(self) -> bool:
        """Whether close or part was called."""
        return self._closing.is_set()

    def part(self) -> None:
        """Ask the child to end, and let no caller wait for it; its computations are lost."""
        self._closing.set()
        self._pool.close()
        self._child.dismiss()

    def close(self) -> None:
        """End the child, and wait until it has ended."""
        self.part()
        self._child.leave()

    def _watch(self, child: "_Child") -> None:
        """Wait for the end of one child after another, and start the next."""
        while True:
            if not child.lives(self._patience_s, self._is_deaf):
                log.error("the compute worker does not answer and is killed", extra={"patience_s": self._patience_s})
                child.process.kill()
            child.process.wait()
            self.ready = False
            self._pool.empty(child)
            child.leave()
            child.close()
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

    def _is_deaf(self) -> bool:
        """Return whether a computation has not ended long after it was interrupted; called once a heartbeat."""
        with self._lock:
            for seat in self._seats:
                self._seats[seat] += bool(seat.channel.interrupted.value)
            return max(self._seats.values(), default=0) * _BEAT_S > _DEAF * self._patience_s

    def _next(self) -> "_Child | None":
        while True:
            with self._lock:
                delay = self._restarts.lost()
            if self._closing.wait(delay):
                return None
            try:
                return _Child(self._orders, self._n_channels)
            except Exception as error:  # noqa: BLE001 - the next attempt may succeed
                log.error("the compute worker does not start", extra={"reason": str(error)})

    def _offer(self, child: "_Child") -> None:
        self._child, self.ready = child, True
        self._pool.fill(child, child.channels)
        if self._closing.is_set():
            child.leave()


@dataclass(frozen=True, eq=False, slots=True)
class Seat:
    """One computation's share of a child.

    Attributes:
        pid: The child's process number.
        channel: Channel to one of its threads.
    """

    pid: int
    channel: Channel


class _Child:
    """One process, ready to compute.

    Attributes:
        process: The process.
        channels: Channels to its threads.
        backend: The backend that it computes with.
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

    def lives(self, patience_s: float, is_deaf: Callable[[], bool]) -> bool:
        """Ask it again and again whether it is alive, until it has ended or must be killed.

        Args:
            patience_s: Seconds in which it must answer.
            is_deaf: Asked at each answer; where true, the child must be killed although it answers.

        Returns:
            Whether it has ended by itself.
        """
        n_waits = max(1, round(patience_s / _SLICE_S))
        try:
            while True:
                self._control.send_bytes(HEARTBEAT)
                if not any(self._control.poll(_SLICE_S) for _ in range(n_waits)):
                    return False
                self._control.recv_bytes()
                if is_deaf():
                    return False
                if self._control.poll(_BEAT_S):
                    self._control.recv_bytes()  # it has sent something although no answer is due, or has ended
        except (EOFError, OSError):
            return True

    def dismiss(self) -> None:
        """Ask it to end, which it does at once; any thread may call this, more than once."""
        with self._leaving, suppress(OSError):
            self._control.send_bytes(FAREWELL)

    def close(self) -> None:
        """Close the connection to it, once it has ended."""
        with self._leaving:
            self._control.close()

    def leave(self) -> None:
        """Ask it to end, and kill it where it does not."""
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
    # In a process group of its own, so that a terminal's signals to the server's group do not reach it.
    return subprocess.Popen(  # noqa: S603 - the command is our own
        command, stdin=subprocess.DEVNULL, pass_fds=descriptors, env=environment, process_group=0
    )


def _ending(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    return f"killed by {signal.strsignal(-status) or f'signal {-status}'}"
