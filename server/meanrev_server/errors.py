"""The errors of this room, beside those of the wire and of the maths.

LookupError
└── NotFound       something the caller does not have
RuntimeError
└── LimitReached   a cap of the server
TimeoutError
└── Expired        a deadline that passed before the work began
"""

__all__ = ["Expired", "LimitReached", "NotFound"]


class NotFound(LookupError):
    """A portfolio that the caller does not have."""


class LimitReached(RuntimeError):
    """A cap of the server; the message names the knob that moves it, where there is one.

    Attributes:
        passing: The same call may fit later, when others have left.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        self.passing = passing
        super().__init__(message)


class Expired(TimeoutError):
    """A call whose deadline passed while it waited; its computation never starts."""
