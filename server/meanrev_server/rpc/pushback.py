"""When a refused call may come again, in the trailing metadata that gRPC's own retries obey."""

__all__ = ["PUSHBACK_KEY", "Pushback"]

PUSHBACK_KEY = "grpc-retry-pushback-ms"
"""Milliseconds as decimal digits; a client whose retry policy covers the status waits exactly as long."""

_GOLDEN = 0.618033988749895


class Pushback:
    """Spreads the calls that are refused together, or they would all come back together."""

    NEVER = "-1"
    """Tells a client not to try again: the same call will not fit then either."""

    def __init__(self, mean_ms: int) -> None:
        """Start anywhere.

        Args:
            mean_ms: Milliseconds, on average; each lies between half and one and a half of it.
        """
        self._mean_ms = mean_ms
        self._place = 0.0

    def next(self) -> str:
        """Return the next value; multiples of the golden ratio fill the range evenly, however many there are."""
        self._place = (self._place + _GOLDEN) % 1.0
        return str(round(self._mean_ms * (0.5 + self._place)))
