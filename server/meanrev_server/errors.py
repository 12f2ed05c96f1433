"""The errors of the server, beside those of the wire, the maths and the worker.

ServerError
├── ConfigError       a setting that cannot be used
│   └── StateUnusable a state directory that cannot be used
├── Unauthenticated   a call without a token or a name that the server accepts
├── NotFound          something that the caller does not have
├── LimitReached      a limit of the server
├── Expired           a deadline that passed before the computation began
├── DamagedFile       a file of the state directory whose content is not what was written
├── StorageFailed     a write to the state directory, or a read from it, that failed
├── ServerStopping    a call that the server cannot answer because it is stopping
└── Refused           a call that ends with a status other than OK (rpc.status)

ConfigError stops the server before it serves. DamagedFile is raised again as StorageFailed. All others become gRPC
statuses, in rpc.status alone.
"""

import re
from typing import Self

__all__ = [
    "ConfigError",
    "DamagedFile",
    "Expired",
    "LimitReached",
    "NotFound",
    "ServerError",
    "ServerStopping",
    "StateUnusable",
    "StorageFailed",
    "Unauthenticated",
    "setting_named",
]


_VARIABLE = re.compile(r"\(MEANREV_([A-Z_]+)\)")


class ServerError(Exception):
    """Base of every error that meanrev_server defines."""


class ConfigError(ServerError, ValueError):
    """A setting that cannot be used; the message names the setting, its value and the rule."""


class StateUnusable(ConfigError):
    """A state directory that cannot be used; the message names the directory, the reason and the remedy."""


class Unauthenticated(ServerError):
    """A call without a token or a name that the server accepts; it ends before any message of it is read."""


class NotFound(ServerError, LookupError):
    """A portfolio, a job or a matrix that the caller does not have.

    Attributes:
        field: The part of the request that names it; None, like the next two, where the message alone says it.
        rule: What is allowed, as a phrase that follows the field.
        value: What was given.
    """

    field: str | None = None
    rule: str | None = None
    value: str | None = None

    @classmethod
    def of(cls, field: str, rule: str, value: str) -> Self:
        """Return the refusal of a part of a request.

        Args:
            field: Its name in the request.
            rule: What is allowed, and the way out.
            value: What was given.
        """
        error = cls(f"{field} {rule}, got {value!r}")
        error.field, error.rule, error.value = field, rule, value
        return error


class LimitReached(ServerError, RuntimeError):
    """A limit of the server; the message names the setting that raises it, where there is one.

    Attributes:
        passing: Whether the same call may fit later, when others have ended.
        setting: Name of the setting that raises it; "" where there is none.
        field: The part of the request that is too large; None, like the next two, where that is the request as a whole.
        rule: What is allowed, as a phrase that follows the field.
        value: The size of that part.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        self.passing = passing
        # Messages name a setting by setting_named, so a raise need not name it a second time.
        named = _VARIABLE.search(message)
        self.setting = named[1].lower() if named else ""
        self.field: str | None = None
        self.rule: str | None = None
        self.value: int | None = None
        super().__init__(message)

    @classmethod
    def of(cls, field: str, rule: str, value: int) -> Self:
        """Return the refusal of a part of a request that can never fit.

        Args:
            field: Its name in the request.
            rule: What is allowed, with the setting that raises the limit.
            value: Its size.
        """
        error = cls(f"{field} {rule}, got {value}")
        error.field, error.rule, error.value = field, rule, value
        return error


def setting_named(name: str) -> str:
    """Return how messages name a setting: with the environment variable that sets it."""
    return f"{name} (MEANREV_{name.upper()})"


class Expired(ServerError, TimeoutError):
    """A call whose deadline passed while it waited; its computation never starts."""


class DamagedFile(ServerError):
    """A file of the state directory whose content is not what was written."""


class StorageFailed(ServerError, RuntimeError):
    """A write to the state directory, or a read from it, that failed; the message says of what and why, but no path."""


class ServerStopping(ServerError, RuntimeError):
    """A call that the server cannot answer because it is stopping."""

    def __init__(self) -> None:
        super().__init__("the server is stopping; call again")
