"""What a server can hold, what it holds, and what one request asks of it.

A method derives what a request asks for from its shapes and options, with plain arithmetic, so that a request that asks
for too much is refused before anything is computed.
"""

from dataclasses import dataclass
from typing import NamedTuple

from meanrev_server.errors import LimitReached, setting_named

__all__ = ["BRIEF", "LIMITS", "Capacity", "Demand", "Load", "check_demand"]


class Capacity(NamedTuple):
    """The limits, named as the settings are. All but the last two are of a sum over all calls in flight.

    Attributes:
        max_calls_in_flight: Most calls, open streams included.
        max_bytes_in_flight: Most bytes of their requests, of the matrices that arrive in chunks, and of the memory that
            their computations have announced.
        max_work_in_flight: Most work that they have announced, in elementary steps.
        max_reply_bytes_in_flight: Most bytes of replies that have not been sent.
        max_message_bytes: Most bytes of one reply.
        identity_share: Part of each limit that callers of one identity may hold together; those without an identity
            may hold all of it.
    """

    max_calls_in_flight: int = 4096
    max_bytes_in_flight: int = 4 * 1024**3
    max_work_in_flight: int = 10**13
    max_reply_bytes_in_flight: int = 512 * 1024**2
    max_message_bytes: int = 64 * 1024**2
    identity_share: float = 0.5


@dataclass(slots=True, weakref_slot=True)
class Load:
    """What all calls in flight hold, or those of one identity, or one of them.

    Attributes:
        calls: Calls.
        nbytes: Bytes of their requests, matrices and computations.
        work: Elementary steps.
        reply_bytes: Bytes of replies that have not been sent.
    """

    calls: int = 0
    nbytes: int = 0
    work: int = 0
    reply_bytes: int = 0


LIMITS = (
    ("calls", "max_calls_in_flight", "calls"),
    ("nbytes", "max_bytes_in_flight", "bytes"),
    ("work", "max_work_in_flight", "steps of work"),
    ("reply_bytes", "max_reply_bytes_in_flight", "bytes of replies"),
)
"""Each part of a load, with the setting that limits it and its unit."""


class Demand(NamedTuple):
    """What one request asks for.

    Attributes:
        work: Elementary steps, of which one core does about 1e9 a second.
        peak_bytes: Most bytes of memory at a time while it is computed, the request's own included.
        reply_bytes: Bytes of the reply, or of the largest one of a stream; 0 where it is always small.
        field: The part of the request that it follows from.
        remedy: What makes it smaller, as a phrase that follows a semicolon.
    """

    work: int
    peak_bytes: int
    reply_bytes: int = 0
    field: str = ""
    remedy: str = ""


BRIEF = Demand(100_000, 64 * 1024)
"""What a request asks for whose work and reply are small whatever it says."""


def check_demand(demand: Demand, capacity: Capacity, share: float = 1.0) -> None:
    """Refuse what the server can never give, with the part of the request that asks for it.

    Args:
        demand: What a request asks for.
        capacity: The limits.
        share: Part of the limits of memory and work that its caller may hold.

    Raises:
        LimitReached: the memory, the work or the reply is above its limit; not passing.
    """
    for asked, setting, part, what in (
        (demand.reply_bytes, "max_message_bytes", 1.0, "a reply of at most {} bytes"),
        (demand.peak_bytes, "max_bytes_in_flight", share, "at most {} bytes of memory"),
        (demand.work, "max_work_in_flight", share, "at most {} steps of work"),
    ):
        most = int(getattr(capacity, setting) * part)
        if asked > most:
            remedy = f"; {demand.remedy}" if demand.remedy else ""
            rule = f"must ask for {what.format(most)}, which {setting_named(setting)} raises{remedy}"
            raise LimitReached.of(demand.field or "the request", rule, asked)
