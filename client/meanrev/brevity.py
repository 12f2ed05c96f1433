"""How much of a traceback a caller sees: an error of ours ends at the caller's line, not sixty lines further down."""

import os
from typing import TypeVar

from meanrev.errors import MeanRevError

__all__ = ["brief"]

E = TypeVar("E", bound=MeanRevError)


def brief(error: E) -> E:
    """Return an error without the frames that lie between the caller and where it was raised.

    MEANREV_TRACEBACK=full leaves them in, for whoever looks for a fault of ours.

    Args:
        error: What a call raised.
    """
    return error if os.environ.get("MEANREV_TRACEBACK") == "full" else error.with_traceback(None)
