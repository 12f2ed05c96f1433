"""The one mapping of errors to gRPC statuses.

A client sees the rule that its request broke, never a class name, a path or a traceback.
"""

import json
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import grpc

from gpu_kernels.errors import Degenerate, DeviceFault, InvalidInput, OutOfMemory
from meanrev_server.config import Settings
from meanrev_server.errors import Expired, LimitReached, NotFound, ServerError, ServerStopping
from meanrev_server.telemetry import particulars
from meanrev_wire.errors import InvalidField, MalformedMessage
from meanrev_worker import RepeatedCrash, WorkerLost

__all__ = ["DETAILS_KEY", "REASONS", "Refused", "Status", "status_of"]

DETAILS_KEY = "meanrev-error"
"""Trailing metadata that carries field, index, value and rule as JSON."""

log = logging.getLogger(__name__)


class Status(NamedTuple):
    """The status of a failed call.

    Attributes:
        code: gRPC status code.
        message: One sentence for a person.
        details: JSON of field, index, value and rule; "" where none apply.
        passing: Whether the same call may succeed later; None where that is unknown.
        reason: Why the call failed, in one word of REASONS.
    """

    code: grpc.StatusCode
    message: str
    details: str = ""
    passing: bool | None = None
    reason: str = ""


class Refused(ServerError):
    """A call that ends with a status other than OK.

    Attributes:
        status: The status that the client gets.
    """

    def __init__(self, status: Status) -> None:
        self.status = status
        super().__init__(status.message)


# Both travel in HTTP/2 headers, percent-encoded, where clients allow 8 KiB in all.
_LONGEST_MESSAGE = 400
_LONGEST_VALUE = 100


class _Answer(NamedTuple):
    """How errors of one kind are answered.

    Attributes:
        code: gRPC status code.
        reason: The word for it in logs and metrics.
        message: The message, from the error.
        logged: Message of a log line; "" where the error is the caller's business alone.
    """

    code: grpc.StatusCode
    reason: str
    message: Callable[[Any], str] = str
    logged: str = ""


_ANSWERS: Mapping[type[Exception], _Answer] = {
    InvalidInput: _Answer(grpc.StatusCode.INVALID_ARGUMENT, "invalid"),
    InvalidField: _Answer(grpc.StatusCode.INVALID_ARGUMENT, "invalid"),
    MalformedMessage: _Answer(grpc.StatusCode.INVALID_ARGUMENT, "malformed"),
    Degenerate: _Answer(grpc.StatusCode.FAILED_PRECONDITION, "degenerate"),
    NotFound: _Answer(grpc.StatusCode.NOT_FOUND, "not_found"),
    LimitReached: _Answer(grpc.StatusCode.RESOURCE_EXHAUSTED, "limit"),
    Expired: _Answer(grpc.StatusCode.DEADLINE_EXCEEDED, "expired"),
    ServerStopping: _Answer(grpc.StatusCode.UNAVAILABLE, "stopping"),
    WorkerLost: _Answer(grpc.StatusCode.UNAVAILABLE, "worker_lost"),
    RepeatedCrash: _Answer(grpc.StatusCode.ABORTED, "repeated_crash"),
    MemoryError: _Answer(
        grpc.StatusCode.RESOURCE_EXHAUSTED, "memory", lambda _: "the request needs more memory than the server has"
    ),
    OutOfMemory: _Answer(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "gpu_memory",
        lambda error: f"the request needs more memory than the GPU has; {error.fix}",
    ),
    DeviceFault: _Answer(
        grpc.StatusCode.UNAVAILABLE,
        "device",
        lambda _: "the GPU does not answer; the server's log has the particulars",
        logged="device fault",
    ),
    Exception: _Answer(
        grpc.StatusCode.INTERNAL,
        "internal",
        lambda _: "internal error; the server's log has the particulars",
        logged="unexpected error",
    ),
}
"""The first kind that an error is of answers it."""

REASONS = frozenset(
    {"", "left", "deadline", "unknown_method", *Settings.__struct_fields__}
    | {answer.reason for answer in _ANSWERS.values()},
)
"""All words for the end of a call. That of a limit is the name of the setting that raises it, where there is one."""


def status_of(error: Exception) -> Status:
    """Map an error to the status that a client sees.

    Args:
        error: Anything that a handler raised. A fault of the device and an unexpected error are logged with their kind
            and their places in the code, and answered without them.
    """
    if isinstance(error, Refused):
        return error.status
    answer = next(answer for kind, answer in _ANSWERS.items() if isinstance(error, kind))
    if answer.logged:
        cause = {"reason": str(error)} if isinstance(error, DeviceFault) else {}
        log.error(answer.logged, extra={**cause, **particulars(error)})
        return Status(answer.code, answer.message(error), reason=answer.reason)
    limit = error if isinstance(error, LimitReached) else None
    passing = limit.passing if limit else None
    reason = limit.setting if limit and limit.setting in Settings.__struct_fields__ else answer.reason
    return Status(answer.code, answer.message(error)[:_LONGEST_MESSAGE], _details(error), passing, reason)


def _details(error: Exception) -> str:
    """Return the error's field, index, value and rule, as the ASCII JSON that trailing metadata needs."""
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
