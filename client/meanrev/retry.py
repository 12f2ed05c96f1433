"""When to try again: if no server answered or a busy one gave a time, and only while the call's timeout lasts."""

import logging
import random
import time
from collections.abc import Iterator

from meanrev.errors import ConnectionFailed, Overloaded

__all__ = ["Outage", "Retries", "Watched", "pauses"]

log = logging.getLogger("meanrev")

_FIRST_S = 0.1
_LONGEST_S = 1.0
_ATTEMPTS_AT_A_BUSY_SERVER = 5
_LOGGED_AFTER_S = 2.0
_LOGGED_AGAIN_AFTER_S = 60.0


def pauses() -> Iterator[float]:
    """Yield seconds to wait before each further attempt: 0.1, doubling to 1, each drawn from its upper half.

    Without the drawing, the clients of a server that restarts would all come back at once.
    """
    pause = _FIRST_S
    while True:
        yield pause * (0.5 + random.random() / 2)  # noqa: S311 - not a secret
        pause = min(2 * pause, _LONGEST_S)


class Outage:
    """The outages of a client: whether it ever had an answer, and when it last logged an outage."""

    def __init__(self, address: str, patience_s: float) -> None:
        """Begin before the first call.

        Args:
            address: Where calls go.
            patience_s: How long a call tries where no server has answered yet: the address may be a wrong one.
        """
        self._address = address
        self._patience_s = patience_s
        self._answered = False
        self._logged_at = float("-inf")

    def answered(self) -> None:
        """Record an answer."""
        self._answered = True

    def left_s(self, since: float, deadline: float, now: float) -> float:
        """Return seconds that a call goes on trying.

        Args:
            since: time.monotonic() at which its first attempt failed.
            deadline: time.monotonic() at which its timeout passes.
            now: time.monotonic().
        """
        return (deadline if self._answered else min(deadline, since + self._patience_s)) - now

    def log(self, since: float, now: float, left_s: float) -> None:
        """Log, once a minute, why calls take so long; a short outage is not worth a line.

        Args:
            since: time.monotonic() at which the call's first attempt failed.
            now: time.monotonic().
            left_s: What left_s returns.
        """
        if now - since >= _LOGGED_AFTER_S and now - self._logged_at >= _LOGGED_AGAIN_AFTER_S:
            self._logged_at = now
            log.warning("no server answers at %s; the call goes on trying for %.0f s", self._address, left_s)


class Retries:
    """The attempts and the time that one call has left."""

    def __init__(self, deadline: float, outage: Outage, *, repeatable: bool = True) -> None:
        """Begin before the first attempt.

        Args:
            deadline: time.monotonic() at which the call's timeout passes.
            outage: The outages of the client.
            repeatable: The call may be made again although the server may have done its work.
        """
        self._deadline = deadline
        self._outage = outage
        self._repeatable = repeatable
        self._pauses = pauses()
        self._refusals = 0
        self._since: float | None = None

    def after(self, error: ConnectionFailed | Overloaded, now: float | None = None) -> float | None:
        """Return seconds to wait before the next attempt; None where there is to be none.

        A server that does not answer may be starting again, so a call tries until its timeout. A busy server gives the
        time of the next attempt, a different one to each client. Where it gives none, as where a request is above a
        limit, it would refuse another attempt too.

        Args:
            error: How the attempt ended.
            now: time.monotonic(), which is read where None.
        """
        now = time.monotonic() if now is None else now
        if isinstance(error, Overloaded):
            self._refusals += 1
            pause = error.retry_after_s
            come = pause is not None and self._refusals < _ATTEMPTS_AT_A_BUSY_SERVER and now + pause < self._deadline
            return pause if come else None
        self._since = now if self._since is None else self._since
        left_s = self._outage.left_s(self._since, self._deadline, now)
        if not self._repeatable or left_s <= _FIRST_S:
            return None
        self._outage.log(self._since, now, left_s)
        return min(next(self._pauses), left_s / 2)


class Watched:
    """A stream that may be opened again where its connection was lost; an outage may take as long as a call."""

    def __init__(self, timeout: float | None, patience_s: float, outage: Outage, *, repeatable: bool) -> None:
        """Begin before the stream is opened.

        Args:
            timeout: Seconds for the whole stream; None is no limit.
            patience_s: Longest outage.
            outage: The outages of the client.
            repeatable: It may be opened again.
        """
        self._outage = outage
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._patience_s = patience_s
        self._repeatable = repeatable
        self._retries: Retries | None = None

    def left(self) -> float | None:
        """Return seconds that the stream may still take; None is no limit."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def answered(self) -> None:
        """Record a reply, which ends an outage."""
        self._outage.answered()
        self._retries = None

    def after(self, error: ConnectionFailed) -> float | None:
        """Return as Retries.after does.

        Args:
            error: How the stream ended.
        """
        if self._retries is None:
            late = time.monotonic() + self._patience_s
            deadline = late if self._deadline is None else min(late, self._deadline)
            self._retries = Retries(deadline, self._outage, repeatable=self._repeatable)
        return self._retries.after(error)
