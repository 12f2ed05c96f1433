"""What a server writes to its log when it gets SIGUSR1: its threads, calls, queue, load and memory.

A thread of its own writes it, so that it comes also while the event loop is stuck in code. It contains places in the
code, sizes, times and names of our own; no variables, and nothing that a caller sent but request ids.
"""

import logging
import signal
import sys
import threading
import time
import traceback
from dataclasses import asdict
from queue import SimpleQueue
from types import FrameType
from typing import Any

import psutil  # type: ignore[import-untyped] # it ships no types

from meanrev_server.capacity import LIMITS
from meanrev_server.observation.loop_lag import LoopLag
from meanrev_server.observation.parts import Parts

__all__ = ["Dumper", "state_of"]

log = logging.getLogger(__name__)

_MOST_CALLS = 1000
"""Most calls that are listed, the oldest."""


def state_of(parts: Parts, lag: LoopLag) -> dict[str, Any]:
    """Return a server's state, for a line of the log.

    Args:
        parts: The server.
        lag: The lag of its event loop.
    """
    now = time.monotonic()
    calls = list(parts.calls.in_flight)
    return {
        "threads": _threads(),
        "calls_in_flight": len(calls),
        "oldest_calls": [
            {
                "method": record.method,
                "age_s": round(now - record.began, 3),
                "identity": record.caller.identity,
                "peer": record.caller.peer,
                "request_id": record.request_id,
                "received_bytes": record.received_bytes,
                "sent_bytes": record.sent_bytes,
            }
            for record in calls[:_MOST_CALLS]
        ],
        "queue": parts.launcher.load._asdict(),
        "computations": asdict(parts.launcher.counts),
        "held": {name: getattr(parts.admission.load, name) for name, *_ in LIMITS},
        "loop_lag_s": round(lag.latest_s, 6),
        "resident_bytes": psutil.Process().memory_info().rss,
        "worker_pids": [worker.pid for worker in parts.fleet.workers] if parts.fleet else [],
    }


class Dumper:
    """Logs the state on SIGUSR1, from start to stop."""

    def __init__(self, parts: Parts, lag: LoopLag) -> None:
        """Do nothing yet.

        Args:
            parts: The server.
            lag: The lag of its event loop.
        """
        self._parts, self._lag = parts, lag
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._before: Any = None
        self._thread = threading.Thread(target=self._work, name="meanrev-dump", daemon=True)

    def start(self) -> None:
        """Take the signal; only the main thread may."""
        self._thread.start()
        # Not the event loop's handler, which a stuck loop does not call. A handler may run between any two steps of
        # the main thread, so it takes no lock; SimpleQueue promises that.
        self._before = signal.signal(signal.SIGUSR1, self._ask)

    def stop(self) -> None:
        """Take the signal no more."""
        signal.signal(signal.SIGUSR1, self._before)
        self._asked.put(False)
        self._thread.join()

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked.put(True)

    def _work(self) -> None:
        while self._asked.get():
            log.warning("state on SIGUSR1", extra=state_of(self._parts, self._lag))


def _threads() -> dict[str, list[str]]:
    """Return where each thread is, by its name: the places in the code, without any variable."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    found = {}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - it has no other name
        places = traceback.StackSummary.extract(traceback.walk_stack(frame), lookup_lines=False)
        found[f"{names.get(ident, 'thread')} ({ident})"] = [
            f"{place.filename}:{place.lineno} in {place.name}" for place in reversed(places)
        ]
    return found
