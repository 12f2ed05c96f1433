"""The errors of this room, beside those of the wire and of the maths.

LookupError
└── NotFound       something the caller does not have
RuntimeError
└── LimitReached   a cap of the server
TimeoutError
└── Expired        a deadline that passed before the work began
"""

from typing import Self

__all__ = ["Expired", "LimitReached", "NotFound"]


class NotFound(LookupError):
    """A portfolio that the caller does not have."""


class LimitReached(RuntimeError):
    """A cap of the server; the message names the knob that moves it, where there is one.

    Attributes:
        passing: The same call may fit later, when others have left.
        field: The part of the request that is too large; None, like the next two, where that is the request as a whole.
        rule: What is allowed, as a phrase that follows the field.
        value: Its size.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        self.passing = passing
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


class Expired(TimeoutError):
    """A call whose deadline passed while it waited; its computation never starts."""
