"""The parent's side: a child that computes, and a thread that starts the next one when it ends."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Pipe
from threading import Event, Lock, Thread
from typing import Any

from gpu_kernels.backend import Backend
from gpu_kernels.errors import KernelError
from meanrev_worker.channel import Channel
from meanrev_worker.errors import Poisonous, WorkerLost
from meanrev_worker.pool import Pool
from meanrev_worker.supervisor import Supervisor
from meanrev_worker.tasks import Hello, Orders, Outcome, Task, digest

__all__ = ["Worker"]

_PATIENCE_S = 10.0
"""How long a computation waits for a worker that is starting: a GPU takes seconds to be ready."""

_FAREWELL_S = 5.0
"""How long a child is given to end by itself."""

log = logging.getLogger(__name__)


class Worker:
    """Computes in a child process, and in another one when that ends.

    Attributes:
        backend: What it computes with.
        ready: Whether a child is there.
    """

    def __init__(self, orders: Orders, channels: int, changed: Callable[[bool], None] = lambda _: None) -> None:
        """Start the first child, and wait until it is ready: kernels that this machine never compiled are compiled now.

        Args:
            orders: How it computes.
            channels: Most computations at once.
            changed: Called with ready when a child has ended and when the next one is there, in a thread of its own.

        Raises:
            KernelError: the backend cannot run here.
        """
        self._supervisor, self._lock = Supervisor(), Lock()
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
        """Children that ended so far."""
        return self._supervisor.restarts

    @property
    def number(self) -> int:
        """The child's process number."""
        return self._child.process.pid

    def carry(self, twin: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Call a function of a module in the child; what it returns or raises there is returned or raised here.

        Raises:
            WorkerLost: the child ended meanwhile, or none is ready in time.
            Poisonous: children ended at this very computation before.
            Exception: whatever the function raises.
        """
        task = Task(twin, arguments)
        suspect = self._suspect(task)
        outcome = None
        while outcome is None:
            with self._pool.taken(_PATIENCE_S, alone=suspect is not None) as (child, channel):
                if self._sent(task, child, channel):
                    outcome = self._answer(task, child, channel)
        with self._lock:
            self._supervisor.served()
            if suspect is not None:
                self._supervisor.clear(suspect)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def close(self) -> None:
        """End the child; what it computes is lost."""
        self._closing.set()
        self._child.leave()

    def _suspect(self, task: Task) -> bytes | None:
        """Return the digest of a computation at which a child ended before, None for any other."""
        with self._lock:
            if not self._supervisor.suspects:
                return None
        found = digest(task)
        with self._lock:
            if self._supervisor.refuses(found):
                raise Poisonous("the compute worker ended twice at this computation, which is not tried again")
            return found if self._supervisor.is_suspect(found) else None

    def _sent(self, task: Task, child: "_Child", channel: Channel) -> bool:
        """Send a task; False where the child had ended before, unnoticed, and the next one may have it."""
        try:
            channel.send(task)
        except OSError:
            self._give_up(child)
            return False
        return True

    def _answer(self, task: Task, child: "_Child", channel: Channel) -> Outcome:
        try:
            outcome: Outcome = channel.receive(keep=True)
            channel.trim()
        except (EOFError, OSError):
            self._give_up(child)
            if not self._closing.is_set():
                found = digest(task)
                with self._lock:
                    self._supervisor.accuse(found)
            raise WorkerLost("the compute worker ended; it is starting again, and the call may be repeated") from None
        return outcome

    def _give_up(self, child: "_Child") -> None:
        """End a child that does not answer: where it lives, nobody can tell any more what it does on its channels."""
        child.process.kill()
        self._pool.empty(child)

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
            self._changed(False)
            following = self._next()
            if following is None:
                return
            child = following
            self._offer(child)
            log.info("the compute worker is there again", extra={"restarts": self.restarts})
            self._changed(True)

    def _next(self) -> "_Child | None":
        while True:
            with self._lock:
                delay = self._supervisor.lost()
            if self._closing.wait(delay):
                return None
            try:
                return _Child(self._orders, self._n_channels)
            except (KernelError, OSError) as error:
                log.error("the compute worker does not start", extra={"reason": str(error)})

    def _offer(self, child: "_Child") -> None:
        self._child, self.ready = child, True
        self._pool.fill(child, child.channels)
        if self._closing.is_set():
            child.leave()


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
        self._control, theirs = Pipe()
        lines = [Channel.opened() for _ in range(n_channels)]
        self.channels = tuple(channel for channel, _ in lines)
        numbers = [theirs.fileno(), *(number for _, far in lines for number in far.numbers)]
        command = [sys.executable, "-P", "-m", "meanrev_worker", *map(str, numbers)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=numbers, env=environment)  # noqa: S603 - our own
        for end in (theirs, *(far.line for _, far in lines)):
            end.close()
        try:
            self.backend = self._greeted(orders)
        except BaseException:
            self.leave()
            for channel in self.channels:
                channel.close()
            raise

    def leave(self) -> None:
        """Let it end, which it does at once, and make sure of it; any thread may say so, and again."""
        with self._leaving:
            self._control.close()
        try:
            self.process.wait(_FAREWELL_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _greeted(self, orders: Orders) -> Backend:
        try:
            self._control.send(orders)
            hello: Hello = self._control.recv()
        except (EOFError, OSError):
            raise KernelError(f"the compute worker ended at its start: {_ending(self.process.wait())}") from None
        if hello.backend is None:
            raise hello.error or KernelError("the compute worker cannot compute")
        return hello.backend


def _ending(status: int) -> str:
    return f"exit status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
