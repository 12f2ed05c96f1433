"""Whose turn it is, and what becomes of a chunk whose worker ended. Pure: events in, chunks and verdicts out."""

from collections import Counter, deque
from collections.abc import Iterable

from meanrev_batch.model import Chunk

__all__ = ["Docket", "hopeless"]

_DEATHS = 2
"""Workers that may end at a chunk before no further one gets it."""

_FIRST, _MOST_FAILED = 20, 2
"""If more of the first chunks fail, the others are not tried: something is wrong with all of them."""


class Docket:
    """The chunks that wait, in order; a chunk whose worker ended comes first."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._waiting = deque(chunks)
        self._deaths: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> Chunk | None:
        """Return the next chunk; None where none waits."""
        return self._waiting.popleft() if self._waiting else None

    def lost(self, chunk: Chunk) -> bool:
        """Record that a worker ended at a chunk.

        Returns:
            Whether another worker gets it; where not, it is poison.
        """
        self._deaths[chunk.id] += 1
        again = self._deaths[chunk.id] < _DEATHS
        if again:
            self._waiting.appendleft(chunk)
        return again

    def attempts(self, chunk: Chunk) -> int:
        """Return how often a chunk has been begun, the attempt under way included."""
        return self._deaths[chunk.id] + 1


def hopeless(n_ended: int, n_failed: int) -> bool:
    """Return whether so many of the first chunks failed that the others are not worth trying."""
    return n_ended <= _FIRST and n_failed > _MOST_FAILED
