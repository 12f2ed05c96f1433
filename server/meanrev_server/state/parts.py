"""The parts of a long computation, which a job that was interrupted does not compute again."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

__all__ = ["Arrays", "Parts"]

Arrays = Mapping[str, NDArray[Any]]
"""What a part consists of: numbers and texts by name, which files hold exactly."""


class Parts:
    """Keeps nothing: each part is computed."""

    def part(self, number: int, compute: Callable[[], Arrays]) -> Arrays:
        """Return a part of a result.

        Args:
            number: Its number; the same for the same part whenever the request runs.
            compute: Computes it.
        """
        return compute()
