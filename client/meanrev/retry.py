"""When to try again: only where no server answered, and only while the call's own timeout lasts."""

import random
from collections.abc import Iterator

__all__ = ["pauses"]

_FIRST_S = 0.1
_LONGEST_S = 2.0
_ATTEMPTS = 5


def pauses() -> Iterator[float]:
    """Yield seconds to wait before each further attempt: 0.1, doubling to 2, each drawn from its upper half.

    Without the drawing, the clients of a server that restarts would all come back at once.
    """
    pause = _FIRST_S
    for _ in range(_ATTEMPTS - 1):
        yield pause * (0.5 + random.random() / 2)  # noqa: S311 - not a secret
        pause = min(2 * pause, _LONGEST_S)
