"""A line of the log for each call, at its end: who called what, how it ended, how long it took. It is the audit log.

A line contains sizes, times and names of our own, and nothing that a caller sent but the request id. The usual way of
a log line costs more than all else that the server does for a small call. So this module renders its lines itself, and
logs those of a tenth of a second as one record, whose message is the lines.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime

import msgspec

from meanrev_server.config import Settings
from meanrev_server.records import CallRecord

__all__ = ["CallLog", "Wanted", "wanted"]

log = logging.getLogger("meanrev_server.calls")

_EVERY_S = 0.1
_MOST_LINES = 256
"""Most lines of one record."""


class Wanted(msgspec.Struct, frozen=True):
    """Which calls get a line, and how it looks.

    Attributes:
        every: Whether every call gets one, or only the slow ones.
        slow_s: Seconds from which on a call is slow; infinite where none is.
        as_json: Whether lines are JSON, or text.
    """

    every: bool
    slow_s: float
    as_json: bool


class _Line(msgspec.Struct):
    """The fields of a line, in their order."""

    event: str
    request_id: str
    identity: str
    peer: str
    method: str
    code: str
    reason: str
    received_bytes: int
    sent_bytes: int
    ms: float
    queued_ms: float
    computed_ms: float
    level: str
    logger: str
    timestamp: datetime


def wanted(settings: Settings) -> Wanted | None:
    """Return which calls get a line; None where no call does.

    Args:
        settings: The server's.
    """
    choice = settings.call_log
    if choice == "auto":
        choice = "all" if settings.log == "json" else "slow"
    if choice == "off":
        return None
    slow_s = settings.slow_call_ms / 1000 if settings.slow_call_ms else float("inf")
    return Wanted(choice == "all", slow_s, settings.log == "json")


class CallLog:
    """Logs the calls of a server; an observer of calls."""

    def __init__(self, which: Wanted) -> None:
        """Start without a line.

        Args:
            which: Which calls get a line.
        """
        self._which = which
        self._lines: list[str] = []
        self._worst = logging.INFO
        self._timer: asyncio.TimerHandle | None = None
        self._encoder = msgspec.json.Encoder()

    def __call__(self, record: CallRecord) -> None:
        """Log a call that has ended, within a tenth of a second."""
        # The length of a stream is its caller's choice, but not how long its computations wait.
        slow = (record.queued_s if record.streaming else record.elapsed_s) >= self._which.slow_s
        level = logging.WARNING if slow else logging.INFO
        if not (slow or self._which.every) or not log.isEnabledFor(level):
            return
        self._lines.append(self._rendered(record, slow=slow))
        self._worst = max(self._worst, level)
        if len(self._lines) >= _MOST_LINES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_EVERY_S, self.flush)

    def flush(self) -> None:
        """Log what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lines:
            lines, level = "\n".join(self._lines), self._worst
            self._lines, self._worst = [], logging.INFO
            log.log(level, lines, extra={"rendered": True})

    def _rendered(self, record: CallRecord, *, slow: bool) -> str:
        line = _Line(
            "slow call" if slow else "call",
            record.request_id,
            record.caller.identity,
            record.caller.peer,
            record.method,
            record.code,
            record.reason,
            record.received_bytes,
            record.sent_bytes,
            round(1000 * record.elapsed_s, 3),
            round(1000 * record.queued_s, 3),
            round(1000 * record.computed_s, 3),
            "warning" if slow else "info",
            log.name,
            datetime.fromtimestamp(time.time(), UTC),
        )
        if self._which.as_json:
            return self._encoder.encode(line).decode()
        fields = msgspec.structs.asdict(line)
        head = f"{fields.pop('timestamp'):%Y-%m-%dT%H:%M:%S.%fZ} [{fields.pop('level'):<9}] {fields.pop('event'):<30}"
        return f"{head} {' '.join(f'{name}={_plain(value)}' for name, value in fields.items())}"


def _plain(value: object) -> str:
    """Return a value on one line, a text with blanks or control characters in quotes."""
    text = str(value)
    return text if text.isprintable() and " " not in text else ascii(text)
