"""When to try again: if no server answered or a busy one gave a time, and only while the call's timeout lasts."""

import random
from collections.abc import Iterator

from meanrev.errors import ConnectionFailed, Overloaded

__all__ = ["Retries", "pauses"]

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


class Retries:
    """The attempts and the time that one call has left."""

    def __init__(self, deadline: float) -> None:
        """Begin before the first attempt.

        Args:
            deadline: time.monotonic() at which the call's timeout passes.
        """
        self._deadline = deadline
        self._pauses = pauses()

    def after(self, error: ConnectionFailed | Overloaded, now: float) -> float | None:
        """Return seconds to wait before the next attempt; None where there is to be none.

        A busy server gives the time of the next attempt, a different one to each client. Where it gives none, as
        where a request is above a limit, it would refuse another attempt too.

        Args:
            error: How the attempt ended.
            now: time.monotonic().
        """
        pause = next(self._pauses, None)
        if isinstance(error, Overloaded) and pause is not None:
            pause = error.retry_after_s
        return None if pause is None or now + pause >= self._deadline else pause
