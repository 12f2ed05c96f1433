"""The time after which a refused call may be made again, in trailing metadata that gRPC's own retries obey."""

__all__ = ["PUSHBACK_KEY", "Pushback"]

PUSHBACK_KEY = "grpc-retry-pushback-ms"
"""Milliseconds as decimal digits; a client whose retry policy covers the status waits exactly as long."""

_GOLDEN = 0.618033988749895


class Pushback:
    """Spreads calls that were refused together, which would all come back together otherwise."""

    NEVER = "-1"
    """Value that makes a client not try again, because the same call can never be admitted."""

    def __init__(self, mean_ms: int) -> None:
        """Start the sequence.

        Args:
            mean_ms: Mean of the values in milliseconds; each lies between half and one and a half of it.
        """
        self._mean_ms = mean_ms
        self._place = 0.0

    def next(self) -> str:
        """Return the next value; multiples of the golden ratio cover the range evenly, however many there are."""
        self._place = (self._place + _GOLDEN) % 1.0
        return str(round(self._mean_ms * (0.5 + self._place)))
