"""The errors of this room, beside those of the wire and of the maths.

LookupError
└── NotFound       something the caller does not have
RuntimeError
└── LimitReached   a cap of the server
"""

__all__ = ["LimitReached", "NotFound"]


class NotFound(LookupError):
    """A portfolio that the caller does not have."""


class LimitReached(RuntimeError):
    """A cap of the server; the message names the knob that moves it, where there is one."""
