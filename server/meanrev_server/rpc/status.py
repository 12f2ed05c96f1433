"""Errors to gRPC statuses, in one place.

A client sees the rule that its request broke, never a class name, a path or a traceback.
"""

import json
import logging
import math
from collections.abc import Mapping
from typing import NamedTuple

import grpc

from gpu_kernels.device import DeviceFault, OutOfMemory
from gpu_kernels.errors import Degenerate, InvalidInput
from meanrev_server.errors import Expired, LimitReached, NotFound
from meanrev_server.telemetry import particulars
from meanrev_wire.errors import InvalidField, MalformedMessage
from meanrev_worker import Poisonous, WorkerLost

__all__ = ["DETAILS_KEY", "Refused", "Status", "status_of"]

DETAILS_KEY = "meanrev-error"
"""Trailing metadata that carries field, index, value and rule as JSON."""

log = logging.getLogger(__name__)


class Status(NamedTuple):
    """What a failed call answers.

    Attributes:
        code: gRPC status code.
        message: One sentence for a person.
        details: JSON of field, index, value and rule; "" where none apply.
        passing: Whether the same call may succeed later; None where that is not known.
    """

    code: grpc.StatusCode
    message: str
    details: str = ""
    passing: bool | None = None


class Refused(Exception):
    """A call that ends with a status other than OK.

    Attributes:
        status: What the client is told.
    """

    def __init__(self, status: Status) -> None:
        self.status = status
        super().__init__(status.message)


# Both travel in HTTP/2 headers, percent-encoded, where clients allow 8 KiB in all.
_LONGEST_MESSAGE = 400
_LONGEST_VALUE = 100

_CODES: Mapping[type[Exception], grpc.StatusCode] = {
    InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    InvalidField: grpc.StatusCode.INVALID_ARGUMENT,
    MalformedMessage: grpc.StatusCode.INVALID_ARGUMENT,
    Degenerate: grpc.StatusCode.FAILED_PRECONDITION,
    NotFound: grpc.StatusCode.NOT_FOUND,
    LimitReached: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Expired: grpc.StatusCode.DEADLINE_EXCEEDED,
    WorkerLost: grpc.StatusCode.UNAVAILABLE,
    Poisonous: grpc.StatusCode.ABORTED,
}


def status_of(error: Exception) -> Status:
    """Map an error to the status that a client sees.

    Args:
        error: Anything a handler let through. A fault of the device or an unexpected error is logged with its
            kind and its places in the code, and answered without particulars, the latter as INTERNAL.
    """
    if isinstance(error, Refused):
        return error.status
    if isinstance(error, MemoryError):
        return Status(grpc.StatusCode.RESOURCE_EXHAUSTED, "the request needs more memory than the server has")
    if isinstance(error, OutOfMemory):
        return Status(
            grpc.StatusCode.RESOURCE_EXHAUSTED, f"the request needs more memory than the GPU has; {error.fix}"
        )
    if isinstance(error, DeviceFault):
        log.error("device fault", extra={"reason": str(error), **particulars(error)})
        return Status(grpc.StatusCode.UNAVAILABLE, "the GPU does not answer; the server's log has the particulars")
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), None)
    if code is None:
        log.error("unexpected error", extra=particulars(error))
        return Status(grpc.StatusCode.INTERNAL, "internal error; the server's log has the particulars")
    passing = error.passing if isinstance(error, LimitReached) else None
    return Status(code, str(error)[:_LONGEST_MESSAGE], _details(error), passing)


def _details(error: Exception) -> str:
    """Return what the error knows of the offending field as ASCII JSON, which trailing metadata can carry."""
    known = {name: _json_value(getattr(error, name, None)) for name in ("field", "value", "index")}
    rule = getattr(error, "rule", None)
    known["rule"] = None if rule is None else str(rule)[:_LONGEST_MESSAGE]
    known = {name: value for name, value in known.items() if value is not None}
    return json.dumps(known) if known else ""


def _json_value(value: object) -> object:
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", 1) == 0:
        value = item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, tuple) and all(isinstance(part, int) for part in value):
        return list(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:_LONGEST_VALUE]
