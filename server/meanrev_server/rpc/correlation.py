"""What relates a call to lines and spans elsewhere: its request id, and the trace that it belongs to."""

import re
import secrets
from collections.abc import Iterable
from itertools import count

from meanrev_server.records import CallRecord

__all__ = ["REQUEST_ID_KEY", "Correlation"]

REQUEST_ID_KEY = "x-request-id"
"""Metadata of a call, and trailing metadata of its answer."""

_TRACE_KEYS = frozenset({"traceparent", "tracestate"})
"""Metadata of W3C Trace Context."""

_REQUEST_ID = re.compile(r"[!-~]{1,64}")
"""Short and printable, so that it is safe in a log line and in metadata."""

_LONGEST_TRACE = 512


class Correlation:
    """Gives each call a request id: the caller's where it sent one that is short printable ASCII, else a new one."""

    def __init__(self) -> None:
        """Start a sequence of ids that no other server has."""
        self._prefix = secrets.token_hex(6)
        self._numbers = count(1)

    def enter(self, record: CallRecord, metadata: Iterable[tuple[str, str | bytes]]) -> None:
        """Write the request id into a record, and the trace that the caller belongs to where somebody traces.

        Args:
            record: The call's record.
            metadata: What the caller sent.
        """
        traced = record.phases is not None
        for key, value in metadata:
            if key == REQUEST_ID_KEY:
                if _REQUEST_ID.fullmatch(str(value)):
                    record.request_id = str(value)
            elif traced and key in _TRACE_KEYS and len(value) <= _LONGEST_TRACE:
                record.trace += ((key, str(value)),)
        if not record.request_id:
            record.request_id = f"{self._prefix}-{next(self._numbers)}"
