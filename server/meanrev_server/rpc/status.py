"""Errors to gRPC statuses, in one place.

A client sees the rule that its request broke, never a class name, a path or a traceback.
"""

import json
import logging
import math
from typing import NamedTuple

import grpc

from gpu_kernels.errors import Degenerate, InvalidInput
from meanrev_wire.errors import InvalidField, MalformedMessage

__all__ = ["DETAILS_KEY", "LimitReached", "NotFound", "Refused", "Status", "status_of"]

DETAILS_KEY = "meanrev-error"
"""Trailing metadata that carries field, index, value and rule as JSON."""

log = logging.getLogger(__name__)


class NotFound(LookupError):
    """A portfolio, job or mark that the caller does not have."""


class LimitReached(RuntimeError):
    """A cap of the server; the message names the knob that moves it."""


class Status(NamedTuple):
    """What a failed call answers.

    Attributes:
        code: gRPC status code.
        message: One sentence for a person.
        details: JSON of field, index, value and rule; "" where none apply.
    """

    code: grpc.StatusCode
    message: str
    details: str = ""


class Refused(Exception):  # noqa: N818 - a call that is refused is not an error of the server
    """A call that ends with a status other than OK.

    Attributes:
        status: What the client is told.
    """

    def __init__(self, status: Status) -> None:
        self.status = status
        super().__init__(status.message)


def status_of(error: Exception) -> Status:
    """Map an error to the status that a client sees.

    Args:
        error: Anything a handler let through. An unexpected error is logged with its traceback and answered
            INTERNAL without particulars.
    """
    match error:
        case Refused():
            return error.status
        case InvalidInput():
            details = _details(error.field, error.rule, error.value, error.index)
            return Status(grpc.StatusCode.INVALID_ARGUMENT, str(error), details)
        case InvalidField():
            details = _details(error.field, error.rule, error.value, None)
            return Status(grpc.StatusCode.INVALID_ARGUMENT, str(error), details)
        case MalformedMessage():
            return Status(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        case Degenerate():
            details = _details(error.field, str(error), None, None)
            return Status(grpc.StatusCode.FAILED_PRECONDITION, str(error), details)
        case NotFound():
            return Status(grpc.StatusCode.NOT_FOUND, str(error))
        case LimitReached():
            return Status(grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        case MemoryError():
            return Status(grpc.StatusCode.RESOURCE_EXHAUSTED, "the request needs more memory than the server has")
        case _:
            log.error("unexpected error", exc_info=error)
            return Status(grpc.StatusCode.INTERNAL, "internal error; the server's log has the particulars")


def _details(field: str, rule: str, value: object, index: object) -> str:
    known = {"field": field, "rule": rule, "value": _json_value(value), "index": index}
    # Trailing metadata is ASCII; json escapes everything else.
    return json.dumps({key: part for key, part in known.items() if part is not None})[:4096]


def _json_value(value: object) -> object:
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", 1) == 0:
        value = item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:200]
