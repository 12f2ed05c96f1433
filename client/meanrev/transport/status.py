"""A failed gRPC call as one of our errors."""

from typing import Any

from meanrev.errors import MeanRevError, from_status

__all__ = ["error_of"]

_DETAILS_KEY = "meanrev-error"
_PUSHBACK_KEY = "grpc-retry-pushback-ms"


def error_of(error: Any, address: str) -> MeanRevError:
    """Return the error that a failed call stands for.

    Args:
        error: A grpc.RpcError of either channel.
        address: Who was called.
    """
    trailing = dict(error.trailing_metadata() or ())
    details, pushback = str(trailing.get(_DETAILS_KEY, "")), str(trailing.get(_PUSHBACK_KEY, ""))
    # A negative number says never, by gRPC's own rule for its retries, and so does one of more digits than a month has.
    retry_after_s = int(pushback) / 1000 if pushback.isdecimal() and len(pushback) < 10 else None
    return from_status(error.code().name, error.details() or "", details, address, retry_after_s)
