"""How fast this server did earlier work, from which the time of work to come is estimated."""

import threading

__all__ = ["Rates"]

_FADES = 0.5
"""What earlier work counts for beside as much new work."""


class Rates:
    """Steps a second by method. Compute threads note what they did; the event loop asks."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._lock = threading.Lock()
        self._done: dict[str, tuple[float, float]] = {}

    def note(self, method: str, steps: int, seconds: float) -> None:
        """Take note of finished work; what takes long counts for more than what is over at once.

        Args:
            method: Whose work it is.
            steps: Elementary steps of it.
            seconds: That it took.
        """
        with self._lock:
            before_steps, before_s = self._done.get(method, (0.0, 0.0))
            self._done[method] = (_FADES * before_steps + steps, _FADES * before_s + seconds)

    def seconds(self, method: str, steps: int) -> float:
        """Return the time that so many steps take; 0 where none were done yet."""
        with self._lock:
            known_steps, known_s = self._done.get(method, (0.0, 0.0))
        return known_s * steps / known_steps if known_steps else 0.0
