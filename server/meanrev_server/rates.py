"""The speed of earlier work, from which the time of future work is estimated."""

import threading

__all__ = ["Rates"]

_FADES = 0.5
"""Weight of all earlier work beside that of the newest."""


class Rates:
    """Steps a second of each method. Compute threads write, and the event loop's thread reads."""

    def __init__(self) -> None:
        """Start without any work."""
        self._lock = threading.Lock()
        self._done: dict[str, tuple[float, float]] = {}

    def note(self, method: str, steps: int, seconds: float) -> None:
        """Record finished work; long work weighs more than short work.

        Args:
            method: Name of the method.
            steps: Elementary steps of the work.
            seconds: Time that it took.
        """
        with self._lock:
            before_steps, before_s = self._done.get(method, (0.0, 0.0))
            self._done[method] = (_FADES * before_steps + steps, _FADES * before_s + seconds)

    def seconds(self, method: str, steps: int) -> float:
        """Return the estimated seconds of so many steps; 0 where the method has not run yet."""
        with self._lock:
            known_steps, known_s = self._done.get(method, (0.0, 0.0))
        return known_s * steps / known_steps if known_steps else 0.0
