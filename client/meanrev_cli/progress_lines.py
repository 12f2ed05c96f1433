"""Progress on stderr where it is no terminal: a line every five seconds, which a log file keeps."""

import math
import sys
import time
from collections.abc import Callable

__all__ = ["ProgressLines"]

_EVERY_S = 5.0


class ProgressLines:
    """Takes reports of done, total and the seconds left, and writes one of them every five seconds.

    A command that ends earlier writes none.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the first five seconds.

        Args:
            clock: Seconds from any beginning.
        """
        self._clock = clock
        self._next = clock() + _EVERY_S

    def __call__(self, done: int, total: int, eta_s: float) -> None:
        """Take a report.

        Args:
            done: Steps done.
            total: Of so many.
            eta_s: Seconds left; NaN where that is unknown.
        """
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _EVERY_S
        share = f"{done / total:.0%}" if total else "0%"
        left = "" if math.isnan(eta_s) else f", {eta_s:.0f} s left"
        sys.stderr.write(f"{share} ({done}/{total}){left}\n")
        sys.stderr.flush()
