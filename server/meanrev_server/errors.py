"""The errors of the server, beside those of the wire, the maths and the worker.

ServerError
├── ConfigError       a setting that cannot be used
├── NotFound          something that the caller does not have
├── LimitReached      a limit of the server
├── Expired           a deadline that passed before the computation began
├── ServerStopping    a call that the server cannot answer because it is stopping
├── Abandoned         work whose caller has left
└── Refused           a call that ends with a status other than OK (rpc.status)

ConfigError stops the server before it serves. Abandoned ends a computation that no caller waits for. All others become
gRPC statuses, in rpc.status alone.
"""

import re
from typing import Self

__all__ = [
    "Abandoned",
    "ConfigError",
    "Expired",
    "LimitReached",
    "NotFound",
    "ServerError",
    "ServerStopping",
    "setting_named",
]


_VARIABLE = re.compile(r"\(MEANREV_([A-Z_]+)\)")


class ServerError(Exception):
    """Base of every error that meanrev_server defines."""


class ConfigError(ServerError, ValueError):
    """A setting that cannot be used; the message names the setting, its value and the rule."""


class NotFound(ServerError, LookupError):
    """A portfolio or a job that the caller does not have."""


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


class ServerStopping(ServerError, RuntimeError):
    """A call that the server cannot answer because it is stopping."""

    def __init__(self) -> None:
        super().__init__("the server is stopping; call again")


class Abandoned(ServerError):
    """Work whose caller has left; it ends at its next step."""
