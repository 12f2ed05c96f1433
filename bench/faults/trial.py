"""A server under attack: its memory, its event loop, and what an honest caller meets meanwhile."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self

import psutil

from bench.faults.rows import MIB, Figure
from tests.faults.attacks import peak_of, reset_peak
from tests.faults.watched_server import Server

__all__ = ["BUDGETS", "Honest", "Memory", "Trial", "seconds_until"]

BUDGETS = {
    "max_bytes_in_flight": 512 * MIB,
    "max_matrix_bytes": 512 * MIB,
    "max_queue_bytes": 128 * MIB,
    "max_reply_bytes_in_flight": 128 * MIB,
    "max_result_bytes": 128 * MIB,
    "max_state_bytes": 128 * MIB,
}
"""Settings of the servers of the table: with these the budgets are 1 GiB in all."""

_COUNTED = tuple(name for name in BUDGETS if name != "max_matrix_bytes")  # a matrix counts in max_bytes_in_flight
_DEFAULTS = dict(zip(_COUNTED, (4096 * MIB, 512 * MIB, 512 * MIB, 1024 * MIB, 4096 * MIB), strict=True))
_SAMPLE_S = 0.02
_PATIENCE_S = 60

PEAKS: list[tuple[float, float]] = []
"""Peak and allowed resident bytes of each server since the list was emptied."""


def seconds_until(condition: Callable[[], object], patience_s: float = _PATIENCE_S) -> float:
    """Wait until a condition holds; returns the seconds that took, and infinity where it never did."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience_s:
            return float("inf")
        time.sleep(0.005)
    return time.monotonic() - began


class Memory:
    """Samples the resident bytes of a process and of its children while the context is open.

    Attributes:
        before: Bytes at the start.
        peak: The most bytes since.
    """

    def __init__(self, pid: int, settings: dict[str, Any]) -> None:
        """Watch a process.

        Args:
            pid: Its number.
            settings: Of the server, for what it may take.
        """
        self._root = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._allowed = 1e9 + sum(settings.get(name, _DEFAULTS[name]) for name in _COUNTED)
        self.before = self.peak = 0

    def __enter__(self) -> Self:
        self.before = self.peak = self._now(self._tree())
        with contextlib.suppress(OSError):
            reset_peak(self._root.pid)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the measurement; a second time it does nothing."""
        if self._over.is_set():
            return
        self._over.set()
        self._thread.join()
        with contextlib.suppress(OSError, TypeError):  # it has ended, or has no peak any more
            self.peak = max(self.peak, peak_of(self._root.pid))
        PEAKS.append((self.peak, self._allowed))

    def restart(self) -> int:
        """Measure from now on, after a preparation; returns the resident bytes."""
        with contextlib.suppress(OSError):
            reset_peak(self._root.pid)
        self.before = self.peak = self._now(self._tree())
        return self.before

    def kept(self) -> int:
        """Return how many bytes more are resident now than at the start."""
        return self._now(self._tree()) - self.before

    def growth(self, most_mb: float | None = None, what: str = "growth of memory") -> Figure:
        """Return by how much the memory grew at most."""
        return Figure(what, (self.peak - self.before) / 1e6, "MB", most_mb)

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    @staticmethod
    def _now(tree: list[psutil.Process]) -> int:
        total = 0
        for process in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
        return total

    def _sample(self) -> None:
        tree, looked = self._tree(), time.monotonic()
        while not self._over.wait(_SAMPLE_S):
            if time.monotonic() - looked > 0.5:
                tree, looked = self._tree(), time.monotonic()
            self.peak = max(self.peak, self._now(tree))


class Seen(NamedTuple):
    """What an honest caller met: the fields are those that bench.faults.honest prints."""

    answered: int
    failed: dict[str, int]
    median_s: float
    slowest_s: float
    own_lag_s: float


class Honest:
    """An honest caller beside an attack."""

    def __init__(self, address: str) -> None:
        """Start it, and wait for its first answers."""
        command = [sys.executable, "-m", "bench.faults.honest", address]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the honest caller was not served"

    def stop(self) -> Seen:
        """Let it finish, and return what it met."""
        said, _ = self._process.communicate(timeout=_PATIENCE_S)
        return Seen(**json.loads(said))


class Trial:
    """A server with the budgets of the table, an honest caller, and the measurements of both.

    Attributes:
        server: The server.
        memory: Its memory.
    """

    memory: Memory
    _honest: Honest
    _lag_s: float

    def __init__(self, **settings: Any) -> None:
        """Keep the settings; "before" is Python that the server runs first."""
        before = settings.pop("before", "")
        self._settings = {**BUDGETS, **settings}
        self.server = Server(before=before, **self._settings)
        self._seen: Seen | None = None

    def __enter__(self) -> Self:
        self.server.__enter__()
        try:
            self._honest = Honest(self.server.address)
            self.memory = Memory(self.server.pid, self._settings).__enter__()
            self.server.ask("lag")
        except BaseException:
            self.server.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self.finish()
        finally:
            self.server.__exit__()

    @property
    def address(self) -> str:
        """Where the server listens."""
        return str(self.server.address)

    def finish(self) -> Seen:
        """End the measurement, and return what the honest caller met; the server goes on."""
        if self._seen is None:
            time.sleep(0.1)
            self._lag_s = self.server.ask("lag")
            self._seen = self._honest.stop()
            self.memory.stop()
        return self._seen

    def figures(self, *, growth_mb: float | None = None, lag_ms: float | None = None) -> Iterator[Figure]:
        """Yield what every trial measures.

        Args:
            growth_mb: Most growth of memory; None where the budgets are the only bound.
            lag_ms: Most lag of the event loop; None where the row requires none.
        """
        seen = self.finish()
        yield self.memory.growth(growth_mb)
        yield Figure("lag of the event loop", 1e3 * self._lag_s, "ms", lag_ms)
        yield Figure("lag of an idle loop beside it", 1e3 * seen.own_lag_s, "ms")
        yield Figure("honest calls answered", seen.answered, least=1)
        yield Figure("honest calls failed", sum(seen.failed.values()), most=0)
        yield Figure("slowest honest call", 1e3 * seen.slowest_s, "ms")
