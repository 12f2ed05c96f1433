"""Sums over calls, for the metrics: how many ended how, how long they took, and what they carried.

Only the event loop's thread adds to them. Another thread may read them at any time, and may then miss the last call.
They are our own, because a call touches about ten of them, and the library's cost several times as much.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

from meanrev_server.records import CallRecord

__all__ = ["LAG_BOUNDS", "SECONDS_BOUNDS", "CallTallies", "Histogram", "MethodTally", "cumulated"]

SECONDS_BOUNDS = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
)
"""Upper bounds of the buckets for the times of calls."""

LAG_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
"""Upper bounds of the buckets for the lag of the event loop."""


class Histogram:
    """Counts of values in buckets, and their sum.

    Attributes:
        total: Sum of the values.
    """

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Start empty.

        Args:
            bounds: Upper bounds of the buckets, increasing; a further bucket takes all that is larger.
        """
        self.total = 0.0
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """Return (upper bound, values up to it) of each bucket, the last bound "+Inf"."""
        return cumulated(zip(self._bounds, list(self._counts), strict=False), sum(self._counts))


def cumulated(counts: Iterable[tuple[float, int]], everything: int) -> list[tuple[str, float]]:
    """Return the buckets of a histogram as Prometheus has them.

    Args:
        counts: (upper bound, values in the bucket), by increasing bound.
        everything: Number of all values.
    """
    found, below = [], 0
    for bound, count in counts:
        below += count
        found.append((str(float(bound)), float(below)))
    return [*found, ("+Inf", float(everything))]


class MethodTally:
    """Sums over the calls of one method that have ended.

    Attributes:
        ended: Calls by (code, reason).
        seconds: Times from arrival to end.
        queue: Times that the computations of a call waited; of calls that had any.
        compute: Times that they ran; of the same calls.
        encode: Times in which compute threads serialised answers; of calls where they did.
        received_bytes: Bytes of the messages that came.
        sent_bytes: Bytes of the messages that were sent.
    """

    __slots__ = ("compute", "encode", "ended", "queue", "received_bytes", "seconds", "sent_bytes")

    def __init__(self) -> None:
        self.ended: Counter[tuple[str, str]] = Counter()
        self.seconds = Histogram(SECONDS_BOUNDS)
        self.queue = Histogram(SECONDS_BOUNDS)
        self.compute = Histogram(SECONDS_BOUNDS)
        self.encode = Histogram(SECONDS_BOUNDS)
        self.received_bytes = 0
        self.sent_bytes = 0

    def add(self, record: CallRecord) -> None:
        """Count a call that has ended."""
        self.ended[record.code, record.reason] += 1
        self.seconds.observe(record.elapsed_s)
        if record.queued_s or record.computed_s:
            self.queue.observe(record.queued_s)
            self.compute.observe(record.computed_s)
        if record.encoded_s:
            self.encode.observe(record.encoded_s)
        self.received_bytes += record.received_bytes
        self.sent_bytes += record.sent_bytes


class CallTallies:
    """Sums over all calls that have ended, by method; an observer of calls.

    Attributes:
        unary: Tallies of methods that take and give one message.
        streams: Those of the others, whose length is their caller's choice.
    """

    def __init__(self) -> None:
        self.unary: dict[str, MethodTally] = {}
        self.streams: dict[str, MethodTally] = {}

    def __call__(self, record: CallRecord) -> None:
        """Count a call that has ended."""
        kind = self.streams if record.streaming else self.unary
        tally = kind.get(record.method)
        if tally is None:
            tally = kind[record.method] = MethodTally()
        tally.add(record)

    def methods(self) -> list[tuple[str, MethodTally]]:
        """Return every method that was called, with its tally."""
        return [*list(self.unary.items()), *list(self.streams.items())]
