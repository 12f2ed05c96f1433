"""Short tracebacks: an error of this package shows the caller's line, and none of the client's own frames."""

import os
from typing import TypeVar

from meanrev.errors import MeanRevError

__all__ = ["brief"]

E = TypeVar("E", bound=MeanRevError)


def brief(error: E) -> E:
    """Return an error without the frames that lie between the caller and where it was raised.

    MEANREV_TRACEBACK=full leaves them in, for finding faults of this package.

    Args:
        error: What a call raised.
    """
    return error if os.environ.get("MEANREV_TRACEBACK") == "full" else error.with_traceback(None)
