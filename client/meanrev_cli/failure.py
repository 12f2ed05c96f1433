"""The failure of a command: one sentence on stderr and an exit code; with --json, the same as JSON on stdout.

click.ClickException
├── click.UsageError   2, click's own: an unknown word on the command line
└── Failure            any other code of ExitCode
"""

import json
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import click

from meanrev.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    InvalidInput,
    MeanRevError,
    Overloaded,
    PermissionDenied,
    ServerError,
    Unauthenticated,
)

__all__ = ["ExitCode", "Failure", "failure_as_json", "failure_from"]


class ExitCode(IntEnum):
    """What the shell sees."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    NO_SERVER = 3
    BAD_DATA = 4
    DEVICE = 5
    INCOMPLETE = 6
    BUSY = 7
    INTERRUPTED = 130


_OF_STATUSES: Mapping[str, ExitCode] = {"UNIMPLEMENTED": ExitCode.USAGE, "ABORTED": ExitCode.DEVICE}
"""Exit codes of statuses that have no error of their own; a computation that ends its worker is ABORTED."""


class Failure(click.ClickException):
    """A failure that the user can do something about.

    Attributes:
        exit_code: One of ExitCode.
        facts: What else is known of it, as JSON types.
        shown: The failure is on stdout already, as JSON where that was asked for.
    """

    def __init__(
        self, code: ExitCode, message: str, *, facts: Mapping[str, Any] | None = None, shown: bool = False
    ) -> None:
        """Make the failure from what went wrong.

        Args:
            code: What the shell sees.
            message: One sentence: name, rule, value, and the setting that changes it.
            facts: What else is known of it, as JSON types.
            shown: The failure is on stdout already.
        """
        super().__init__(message)
        self.exit_code = int(code)  # type: ignore[misc] # click declares it on the class and reads it on the instance
        self.facts = dict(facts or {})
        self.shown = shown


def failure_from(error: MeanRevError, advice: str = "", message: str = "") -> Failure:
    """Return the failure of a command whose call failed; the one place where errors become exit codes.

    Args:
        error: What the call raised.
        advice: What to do about it, added to the sentence.
        message: The sentence, where it is not the error's own.
    """
    code = ExitCode.UNEXPECTED
    if isinstance(error, ConnectionFailed | DeadlineExceeded):
        code = ExitCode.NO_SERVER
    elif isinstance(error, Unauthenticated | PermissionDenied):
        code = ExitCode.USAGE
    elif isinstance(error, InvalidInput):
        code = ExitCode.BAD_DATA
    elif isinstance(error, Overloaded):
        # A busy server gives the time of the next attempt; a request that is too large stays so.
        code = ExitCode.BAD_DATA if error.retry_after_s is None else ExitCode.NO_SERVER
    elif isinstance(error, ServerError):
        code = _OF_STATUSES.get(error.code, ExitCode.UNEXPECTED)
    known = {name: getattr(error, name, None) for name in ("field", "index", "value", "hint")}
    facts = {name: _json_value(value) for name, value in known.items() if value is not None and value != ""}
    return Failure(code, (message or str(error)) + (f"; {advice}" if advice else ""), facts=facts)


def failure_as_json(error: click.ClickException) -> str:
    """Return a failure as one JSON document: {"error": {"exit_code": ..., "kind": ..., "message": ...}}.

    Args:
        error: The failure.
    """
    code = ExitCode(error.exit_code)
    facts = error.facts if isinstance(error, Failure) else {}
    kind = code.name.lower().replace("_", " ")
    return json.dumps({"error": {"exit_code": int(code), "kind": kind, "message": error.format_message(), **facts}})


def _json_value(value: object) -> object:
    if isinstance(value, tuple):
        return [_json_value(part) for part in value]
    return value if isinstance(value, bool | int | str) else repr(value)
