"""The errors of the client: one tree, so that one except clause catches whatever a call raises.

MeanRevError
├── ConnectionFailed   no server answers at the address (also a ConnectionError)
├── InvalidInput       the request breaks a rule: names the field, the value and the rule (also a ValueError)
├── Overloaded         the server has no room for the call now, or the call is larger than a limit
├── DeadlineExceeded   the call's timeout passed (also a TimeoutError)
├── Unauthenticated    the server does not accept the call's token or certificate, or there is none
├── PermissionDenied   the server accepts the caller, but not this call (also a PermissionError)
└── ServerError        anything else that the server answered
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

__all__ = [
    "ConnectionFailed",
    "DeadlineExceeded",
    "InvalidInput",
    "MeanRevError",
    "Overloaded",
    "PermissionDenied",
    "ServerError",
    "Unauthenticated",
    "from_status",
]

Index = int | tuple[int, ...] | None

_INVALID = frozenset({"INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND", "OUT_OF_RANGE"})


class MeanRevError(Exception):
    """Base of every error raised by this package."""


class ConnectionFailed(MeanRevError, ConnectionError):
    """No server answers at the address."""


class Overloaded(MeanRevError):
    """The server has no room for the call now, or the call is larger than one of its limits.

    Attributes:
        retry_after_s: Seconds to wait before the next attempt, as the server asks; None where it does not.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message, retry_after_s)
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return str(self.args[0])


class DeadlineExceeded(MeanRevError, TimeoutError):
    """The call's timeout passed before its answer came."""


class Unauthenticated(MeanRevError):
    """The server does not accept the token or the certificate that came with the call, or there was none."""


class PermissionDenied(MeanRevError, PermissionError):
    """The server, or a proxy in front of it, accepts the caller, but not this call."""


class ServerError(MeanRevError):
    """An answer that no other error describes.

    Attributes:
        code: Name of the gRPC status.
    """

    def __init__(self, message: str, code: str = "INTERNAL") -> None:
        super().__init__(message, code)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidInput(MeanRevError, ValueError):
    """A request that breaks a rule.

    Attributes:
        field: Name of the offending argument, "" where the server named none.
        rule: What is allowed, as a phrase that follows the name.
        value: The offending value, or None.
        index: Its position inside the argument: an int, a tuple of ints, or None.
        hint: Where that is in the caller's own labels ("'PEP', 2020-03-16"), or "".
        sent_as: The field's name on the wire, "metadata." before an option's; "" where the client itself refused.
        code: Name of the gRPC status, such as "NOT_FOUND"; "" where the client itself refused.
    """

    def __init__(
        self, field: str, rule: str, *, value: object = None, index: Index = None, hint: str = "", message: str = ""
    ) -> None:
        super().__init__(field, rule)
        self.field = field
        self.rule = rule
        self.value = value
        self.index = index
        self.hint = hint
        self.sent_as = ""
        self.code = ""
        self._message = message

    def __str__(self) -> str:
        where = "" if self.index is None else f"[{_subscript(self.index)}]"
        got = "" if self.value is None else f", got {self.value!r}"
        text = self._message or f"{self.field}{where} {self.rule}{got}"
        return f"{text} (at {self.hint})" if self.hint else text

    def renamed(self, names: Mapping[str, str]) -> None:
        """Call the field what the caller calls it.

        Args:
            names: From names on the wire to arguments; one that is missing stays as it is.
        """
        for name, argument in names.items():
            inside = self.sent_as.removeprefix(name)
            if self.sent_as.startswith(name) and inside[:1] in {"", ".", "["}:
                self.field = argument + inside
                return

    def __reduce__(self) -> tuple[Callable[..., "InvalidInput"], tuple[str, str], dict[str, Any]]:
        return type(self), (self.field, self.rule), self.__dict__


_SENTENCES: Mapping[str, tuple[type[MeanRevError], str]] = {
    "UNAVAILABLE": (ConnectionFailed, "no server answers at {address}: {message}"),
    "DEADLINE_EXCEEDED": (DeadlineExceeded, "no answer from {address} within the call's timeout; timeout= sets it"),
    "UNAUTHENTICATED": (Unauthenticated, "{message}; token= (or MEANREV_TOKEN) is what the client sends"),
    "PERMISSION_DENIED": (
        PermissionDenied,
        "{message}; {address} accepts the caller but not this call: another token= (or MEANREV_TOKEN) may be allowed",
    ),
}
"""The errors of statuses that say nothing of the request's fields, and their sentences."""


def from_status(
    code: str, message: str, details: str = "", address: str = "", retry_after_s: float | None = None
) -> MeanRevError:
    """Return the error that a gRPC status stands for.

    Which argument broke which rule comes from details alone; nothing is searched for in the message.

    Args:
        code: Name of the status, such as "INVALID_ARGUMENT".
        message: The status's text, for a person.
        details: JSON of field, rule, value and index, as the server sends it beside the status, or "".
        address: Who answered, for messages.
        retry_after_s: Seconds to wait before the next attempt, as the server asks, or None.
    """
    if code in _INVALID:
        return _invalid(code, message, details)
    if code in _SENTENCES:
        kind, sentence = _SENTENCES[code]
        return kind(sentence.format(address=address, message=message or code))
    if code == "RESOURCE_EXHAUSTED":
        # Where a part of the request is named, it can never fit: no later attempt will do better.
        return _invalid(code, message, details) if "field" in _object(details) else Overloaded(message, retry_after_s)
    return ServerError(message or code, code)


def _invalid(code: str, message: str, details: str) -> InvalidInput:
    known = _object(details)
    index = known.get("index")
    if isinstance(index, list):
        index = tuple(index)
    if "field" not in known or "rule" not in known:
        unnamed = InvalidInput(str(known.get("field", "")), message, index=index, message=message)
        unnamed.code = code
        return unnamed
    # Options travel in a field of their own; to the caller they are arguments like the others.
    sent_as = str(known["field"])
    field = sent_as.removeprefix("metadata.")
    error = InvalidInput(field, str(known["rule"]), value=_number(known.get("value")), index=index)
    error.sent_as, error.code = sent_as, code
    return error


def _number(value: object) -> object:
    """Return a value as it was: JSON has no infinity and no NaN, so these travel as words."""
    return float(value) if isinstance(value, str) and value in {"inf", "-inf", "nan"} else value


def _object(details: str) -> Mapping[str, Any]:
    try:
        known = json.loads(details or "{}")
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}


def _subscript(index: int | tuple[int, ...]) -> str:
    return ", ".join(str(i) for i in index) if isinstance(index, tuple) else str(index)
