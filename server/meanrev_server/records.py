"""What the server keeps of each call, for its log, its metrics and its traces: who called what, and how it went.

A record contains no data of the caller: sizes and times, but no prices, names, options or tokens.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["NOBODY", "UNKNOWN", "CallObserver", "CallRecord", "Caller", "Calls", "ClientCertificate", "Phase"]

UNKNOWN = "unknown"
"""The method of every call of a path that the server does not have, because callers choose those."""

_MOST_PHASES = 256
"""Most phases that are kept of one call: a stream may have any number of computations."""


class ClientCertificate(NamedTuple):
    """What identifies the certificate of a client.

    Attributes:
        names: Its subject alternative names and its common name.
        fingerprint: SHA-256 digest of the certificate in DER.
    """

    names: frozenset[str]
    fingerprint: bytes


class Caller(NamedTuple):
    """Who makes a call.

    Attributes:
        identity: Name that the caller has shown; "" where the server asks nobody for one.
        peer: Address that the call comes from, as gRPC writes it; "" within the process.
        token: SHA-256 digest of the token that the caller has shown; b"" where the server asks for none.
        certificate: What the caller has shown, where the server can revoke certificates; None otherwise.
    """

    identity: str = ""
    peer: str = ""
    token: bytes = b""
    certificate: ClientCertificate | None = None


NOBODY = Caller()
"""The caller within the process."""


class Phase(NamedTuple):
    """A part of a call's time.

    Attributes:
        name: "decode", "queue", "compute" or "encode".
        began: time.monotonic() of its begin.
        ended: time.monotonic() of its end.
    """

    name: str
    began: float
    ended: float


@dataclass(slots=True, eq=False)
class CallRecord:
    """One call, from its arrival to its end; two are equal only where they are the same object.

    Attributes:
        method: Name of the method in our schema; "" within the process.
        caller: Who made it.
        began: time.monotonic() of its arrival.
        elapsed_s: Seconds from there to its end; 0 before.
        received_bytes: Bytes of the messages that came.
        sent_bytes: Bytes of the messages that were sent.
        queued_s: Seconds that its computations waited for a compute thread.
        computed_s: Seconds that they ran; those of a batch count for each of its calls.
        encoded_s: Seconds in which compute threads serialised its answers.
        code: Name of the gRPC status that it ended with. gRPC ends a stream of requests in the same way whether its
            caller has finished or left, so a stream that answers nothing more then has the code OK.
        reason: Why it ended so, in one word of a fixed set (rpc.status.REASONS); "" where the code is OK.
        request_id: What the caller, or else the server, names the call by.
        trace: The caller's traceparent and tracestate; empty where it sent none, or nobody traces.
        streaming: Whether either side sends a stream, whose length is its caller's choice.
        phases: Parts of its time; None where nobody traces.
    """

    method: str = ""
    caller: Caller = NOBODY
    began: float = 0.0
    elapsed_s: float = 0.0
    received_bytes: int = 0
    sent_bytes: int = 0
    queued_s: float = 0.0
    computed_s: float = 0.0
    encoded_s: float = 0.0
    code: str = "OK"
    reason: str = ""
    request_id: str = ""
    trace: tuple[tuple[str, str], ...] = ()
    streaming: bool = False
    phases: list[Phase] | None = None

    def note_computation(self, added: float, began: float, ended: float, encoded_s: float) -> None:
        """Add the times of one computation; a compute thread calls this when it has ended.

        Args:
            added: time.monotonic() from which on it waited.
            began: time.monotonic() of its begin.
            ended: time.monotonic() of its end.
            encoded_s: Seconds before its end in which answers were serialised.
        """
        self.queued_s += began - added
        self.computed_s += ended - began
        self.note_phase("queue", added, began)
        self.note_phase("compute", began, ended)
        if encoded_s:
            self.note_encoding(ended - encoded_s, ended)

    def note_encoding(self, began: float, ended: float) -> None:
        """Add the time in which an answer was serialised."""
        self.encoded_s += ended - began
        self.note_phase("encode", began, ended)

    def note_phase(self, name: str, began: float, ended: float) -> None:
        """Keep a part of its time, where somebody traces."""
        if self.phases is not None and len(self.phases) < _MOST_PHASES:
            self.phases.append(Phase(name, began, ended))


CallObserver = Callable[[CallRecord], None]
"""Called on the event loop's thread with the record of each call that has ended; it must neither block nor raise."""


class Calls:
    """The calls of a server: how many came, and which are in flight. Only the event loop's thread changes it.

    Attributes:
        opened: Calls whose method was looked up so far, by method. It exceeds received by those whose request is still
            on its way, and by those whose request never came: gRPC refused it as too large, or the caller left.
        received: Calls that began so far, by method.
        in_flight: Records of the calls that have not ended, the oldest first; a dict as an ordered set.
        observers: Called with the record of each call that has ended.
        traced: Whether records keep their phases.
    """

    def __init__(self) -> None:
        self.opened: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.in_flight: dict[CallRecord, None] = {}
        self.observers: list[CallObserver] = []
        self.traced = False

    def begin(self, record: CallRecord) -> None:
        """Record that a call began."""
        self.received[record.method] += 1
        self.in_flight[record] = None
        if self.traced:
            record.phases = []

    def end(self, record: CallRecord) -> None:
        """Record that a call ended, and pass its record to the observers."""
        record.elapsed_s = time.monotonic() - record.began
        del self.in_flight[record]
        for observe in self.observers:
            observe(record)
