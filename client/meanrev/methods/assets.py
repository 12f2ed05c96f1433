"""Errors of the portfolio methods, which name an asset by the caller's label."""

import re
from collections.abc import Hashable, Sequence

from meanrev.errors import InvalidInput
from meanrev.intake.table import Table

__all__ = ["Assets", "names_of"]

_OVER_TIME = re.compile(r"returns(_sequence\[\d+\])?(\[.*)?")
_PLACE = re.compile(r"\[(?:\d+, ?|:, ?)?(\d+)\]$")


class Assets:
    """The assets of a portfolio method, for its errors."""

    def __init__(self, returns: Table | None, names: Sequence[Hashable]) -> None:
        """Take the labels.

        Args:
            returns: What was sent as returns, or None.
            names: Labels of the assets, or none where they have none.
        """
        self._returns = returns
        self._names = names

    def explain(self, error: InvalidInput, message: int) -> None:
        """Complete an error: name the asset where the server names its number."""
        if self._returns is not None and _OVER_TIME.fullmatch(error.field):
            self._returns.explain(error, message)
            return
        if error.field == "expected_returns" and isinstance(error.index, tuple):
            error.index = error.index[-1]  # one vector for all periods
        index = error.index
        if index is None:
            found = _PLACE.search(error.field)
            index = None if found is None else int(found.group(1))
        places = index if isinstance(index, tuple) else (index,)
        labels = [repr(self._names[place]) for place in places if place is not None and 0 <= place < len(self._names)]
        error.hint = error.hint or ", ".join(dict.fromkeys(labels))


def names_of(*tables: Table | None) -> tuple[Hashable, ...]:
    """Return the labels of the first table that has some."""
    return next((read.names for read in tables if read is not None and read.names), ())
