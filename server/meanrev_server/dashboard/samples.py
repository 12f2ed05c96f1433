"""What the overview shows: one sample of the server a second, and the last calls that failed.

Samples contain sizes, times, names of methods and statuses, and nothing of any caller.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import psutil  # type: ignore[import-untyped] # it ships no types

from meanrev_server.observation.gpus import Gpu
from meanrev_server.observation.parts import Parts
from meanrev_server.records import CallRecord

__all__ = ["HISTORY", "Sampler", "quantile"]

HISTORY = 300
"""Samples that are kept, of one second each."""

_WINDOW_S = 10.0
"""Seconds whose calls the quantiles of times are of."""

_MOST_TIMES = 20_000
_MOST_ERRORS = 50
_EXPECTED = frozenset({"left", "stopping"})
"""Reasons for the end of a call that are no failure."""


class Sampler:
    """Takes samples; an observer of calls.

    Attributes:
        history: The last samples, oldest first.
        errors: The last calls that failed, oldest first.
    """

    def __init__(self, parts: Parts, gpus: Callable[[], list[Gpu]], *, period_s: float = 1.0) -> None:
        """Take no sample yet.

        Args:
            parts: The server.
            gpus: Reads the GPUs that it uses.
            period_s: Seconds between two samples.
        """
        self.history: deque[dict[str, Any]] = deque(maxlen=HISTORY)
        self.errors: deque[dict[str, Any]] = deque(maxlen=_MOST_ERRORS)
        self._parts, self._gpus, self._period_s = parts, gpus, period_s
        self._times: deque[tuple[float, float]] = deque(maxlen=_MOST_TIMES)
        self._ended = 0
        self._last = time.monotonic()
        self._batches: Counter[int] = Counter()
        self._next: asyncio.Future[None] | None = None
        self._process = psutil.Process()

    def __call__(self, record: CallRecord) -> None:
        """Take note of a call that has ended."""
        self._ended += 1
        if not record.streaming:
            self._times.append((record.began + record.elapsed_s, record.elapsed_s))
        if record.code != "OK" and record.reason not in _EXPECTED:
            error = {"method": record.method, "code": record.code, "reason": record.reason}
            self.errors.append({"t": round(time.time(), 3), **error, "ms": _ms(record.elapsed_s)})

    async def run(self) -> None:
        """Take samples until cancelled."""
        while True:
            await asyncio.sleep(self._period_s)
            gpus = await asyncio.to_thread(self._gpus)  # the driver may be slow
            self.history.append(self.sample(gpus))
            if self._next is not None and not self._next.done():
                self._next.set_result(None)
            self._next = None

    async def following(self) -> dict[str, Any]:
        """Return the next sample, once it is taken."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._next)  # others wait for it too
        return self.history[-1]

    def sample(self, gpus: list[Gpu]) -> dict[str, Any]:
        """Return what the server is doing now.

        Args:
            gpus: Its GPUs.
        """
        now, parts = time.monotonic(), self._parts
        elapsed, self._last = max(now - self._last, 1e-3), now
        ended, self._ended = self._ended, 0
        load, held = parts.launcher.load, parts.admission.load
        return {
            "t": round(time.time(), 3),
            "calls_per_s": round(ended / elapsed, 2),
            **self._latency(now),
            "in_flight": len(parts.calls.in_flight),
            "queue": load.waiting,
            "busy": load.busy,
            "threads": parts.settings.compute_threads,
            "batches": self._new_batches(),
            "held_bytes": held.nbytes,
            "memory_bytes": self._memory(),
            "matrices_bytes": parts.state.matrices.matrices.memory.total,
            "jobs": dict(Counter(job.status for job in parts.state.jobs)),
            "gpus": [gpu._asdict() for gpu in gpus],
        }

    def _latency(self, now: float) -> dict[str, float | None]:
        while self._times and self._times[0][0] < now - _WINDOW_S:
            self._times.popleft()
        ordered = sorted(elapsed for _, elapsed in self._times)
        return {name: _ms(quantile(ordered, share)) for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99))}

    def _new_batches(self) -> dict[str, int]:
        """Return the batches since the last sample, by their size."""
        sizes = Counter(dict(self._parts.launcher.counts.sizes))
        new, self._batches = sizes - self._batches, sizes
        return {str(size): count for size, count in sorted(new.items())}

    def _memory(self) -> int:
        """Return the memory of the server and its child processes."""
        total = int(self._process.memory_info().rss)
        for worker in self._parts.fleet.workers if self._parts.fleet else ():
            try:
                total += int(psutil.Process(worker.pid).memory_info().rss)
            except psutil.Error:  # it has ended
                continue
        return total


def quantile(ordered: list[float], share: float) -> float | None:
    """Return the smallest value that at least this share of the values does not exceed; None where there are none.

    Args:
        ordered: The values, smallest first.
        share: From 0 to 1, 0 excluded.
    """
    if not ordered:
        return None
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 3)
