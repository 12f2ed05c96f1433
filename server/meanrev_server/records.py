"""What the server keeps of each call, for its log and its counters: who called what, and how it went.

A record holds no data of the caller: sizes and times, but no prices, names, options or tokens.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["NOBODY", "CallObserver", "CallRecord", "Caller"]


class Caller(NamedTuple):
    """Who makes a call.

    Attributes:
        identity: Name that the server knows the caller by; "" where it asks nobody for one.
        peer: Address that the call comes from, as gRPC writes it; "" within the process.
    """

    identity: str = ""
    peer: str = ""


NOBODY = Caller()
"""The caller within the process."""


@dataclass(slots=True)
class CallRecord:
    """One call, from its arrival to its end.

    Attributes:
        method: Name of the method in our schema; "" within the process.
        caller: Who made it.
        began: time.monotonic() of its arrival.
        elapsed_s: Seconds from there to its end; 0 before.
        received_bytes: Bytes of the messages that came.
        sent_bytes: Bytes of the messages that were sent.
        queued_s: Seconds that its computations waited for a compute thread.
        computed_s: Seconds that they ran.
        code: Name of the gRPC status that it ended with. gRPC ends a stream of requests in the same way whether its
            caller has finished or left, so a stream that answers nothing more then has the code OK.
        reason: Why it was refused, in one word that a counter can use as a label; "" where it was not.
    """

    method: str = ""
    caller: Caller = NOBODY
    began: float = 0.0
    elapsed_s: float = 0.0
    received_bytes: int = 0
    sent_bytes: int = 0
    queued_s: float = 0.0
    computed_s: float = 0.0
    code: str = "OK"
    reason: str = ""


CallObserver = Callable[[CallRecord], None]
"""Called on the event loop's thread with the record of each call that has ended; it must neither block nor raise."""
