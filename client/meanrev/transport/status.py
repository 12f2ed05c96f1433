"""A failed gRPC call as one of our errors."""

from typing import Any

from meanrev.errors import MeanRevError, from_status

__all__ = ["error_of"]

_DETAILS_KEY = "meanrev-error"


def error_of(error: Any, address: str) -> MeanRevError:
    """Return the error that a failed call stands for.

    Args:
        error: A grpc.RpcError of either channel.
        address: Who was called.
    """
    trailing = error.trailing_metadata() or ()
    details = next((value for key, value in trailing if key == _DETAILS_KEY), "")
    return from_status(error.code().name, error.details() or "", str(details), address)
