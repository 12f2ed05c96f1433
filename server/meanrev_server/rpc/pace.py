"""Long work on the event loop's thread, cut so that other calls are answered in between."""

import asyncio
import time

__all__ = ["Pace"]

_LONGEST_S = 0.004


class Pace:
    """Lets other calls have their turn whenever some milliseconds have passed."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        """Begin a stretch of work."""
        self._since = time.monotonic()

    async def step(self) -> None:
        """Go on at once, or, where the stretch has lasted long enough, after the others."""
        if time.monotonic() - self._since > _LONGEST_S:
            await asyncio.sleep(0)
            self._since = time.monotonic()
