"""The queue between the threads that log and the one that writes: a stderr that nobody reads stops none of them.

A pipe takes 64 KiB. A thread that writes to a full one waits until somebody reads, so only one thread writes here.
Lines that find the queue full are counted instead of kept.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import QueueHandler, QueueListener

__all__ = ["MOST_LINES", "QueuedHandler"]

MOST_LINES = 1000
"""Most lines that wait for the thread that writes."""

_FAREWELL_S = 1.0
"""Longest wait for it when the process ends."""

_GLANCE_S = 0.005


class QueuedHandler(QueueHandler):
    """Puts records into a bounded queue, from which a thread takes and writes them."""

    queue: "queue.Queue[logging.LogRecord]"

    def __init__(self, write: Callable[[logging.LogRecord], object]) -> None:
        """Start the thread.

        Args:
            write: Writes a record, and may take any time for it. It is no handler, because logging would wait for the
                lock of one, and flush it, when the process ends.
        """
        super().__init__(queue.Queue(MOST_LINES))
        self._counting = threading.Lock()
        self._dropped = 0
        _Writer(self, write).start()

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Put a record's message together, because its arguments may change until it is written."""
        record.msg, record.args = record.getMessage(), None
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Keep a record, or count it where there is no room."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            with self._counting:
                self._dropped += 1

    def taken_dropped(self) -> int:
        """Return how many records were dropped since the last call."""
        with self._counting:
            dropped, self._dropped = self._dropped, 0
        return dropped

    def flush(self) -> None:
        """Wait until everything is written, but not for long."""
        late = time.monotonic() + _FAREWELL_S
        while self.queue.unfinished_tasks and time.monotonic() < late:
            time.sleep(_GLANCE_S)


class _Writer(QueueListener):
    """The thread that writes."""

    def __init__(self, source: QueuedHandler, write: Callable[[logging.LogRecord], object]) -> None:
        super().__init__(source.queue)
        self._source = source
        self._write = write

    def handle(self, record: logging.LogRecord) -> None:
        """Write a record, and how many others found no room meanwhile."""
        with suppress(Exception):  # a line that cannot be shown, or a stderr that was closed, ends no thread
            self._write(record)
            if dropped := self._source.taken_dropped():
                said = logging.LogRecord(__name__, logging.WARNING, __file__, 0, "log lines were dropped", None, None)
                said.lines = dropped
                self._write(said)
