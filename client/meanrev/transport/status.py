"""A failed gRPC call as one of our errors."""

import os
from typing import Any

from meanrev.errors import ConnectionFailed, MeanRevError, from_status
from meanrev.transport.address import proxy_variable, separate

__all__ = ["error_of"]

_DETAILS_KEY = "meanrev-error"
_PUSHBACK_KEY = "grpc-retry-pushback-ms"
_ABOUT_SIZES = (
    " (gRPC itself refused a message: max_message_bytes of the server bounds requests and answers, and "
    "MEANREV_MAX_MESSAGE_BYTES sets it there. Ask for less at once; the methods that show progress, such as fit_ou and "
    "stats, send a matrix in parts)"
)
"""What to say where the server's own code did not answer: it sends details beside every refusal, if only empty ones."""


_BROKEN_OFF = "Internal error from Core"
"""What gRPC's asyncio code itself says where a connection is lost at the moment at which a message is sent."""


def error_of(error: Any, address: str, *, closed: bool = False) -> MeanRevError:
    """Return the error that a failed call stands for.

    Args:
        error: A grpc.RpcError of either channel.
        address: Who was called.
        closed: The channel was closed meanwhile, which ended the call.
    """
    trailing = dict(error.trailing_metadata() or ())
    details, pushback = str(trailing.get(_DETAILS_KEY, "")), str(trailing.get(_PUSHBACK_KEY, ""))
    # A negative number says never, by gRPC's own rule for its retries, and so does one of more digits than a month has.
    retry_after_s = int(pushback) / 1000 if pushback.isdecimal() and len(pushback) < 10 else None
    code, message = error.code().name, error.details() or ""
    if code == "UNAVAILABLE":
        message += _about_a_proxy(address)
    elif code == "CANCELLED" and _DETAILS_KEY not in trailing and not closed:
        # A server that stops ends so the calls that it has not begun, and those that outlast its grace period.
        return ConnectionFailed(f"the server at {address} ended the call before it had answered: it is stopping")
    elif code == "INTERNAL" and message == _BROKEN_OFF:
        return ConnectionFailed(f"the connection to {address} was lost while the call was sent")
    elif code == "RESOURCE_EXHAUSTED" and _DETAILS_KEY not in trailing:
        message += _ABOUT_SIZES
    return from_status(code, message, details, address, retry_after_s)


def _about_a_proxy(address: str) -> str:
    """Return what to say where gRPC asks a proxy, which its own message does not name; "" where it asks none."""
    variable = next(filter(None, (proxy_variable(one, os.environ) for one in separate(address))), "")
    if not variable:
        return ""
    return f" (asked through the proxy that {variable} names; no_proxy lists hosts that are called directly)"
