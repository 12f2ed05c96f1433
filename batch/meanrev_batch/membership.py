"""Who counts in a universe at a date: a table of names, each with the days from and to which it is a member."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.options import polars
from meanrev_batch.calendar import shown
from meanrev_batch.errors import BadOption
from meanrev_batch.identity import hashed
from meanrev_batch.model import Ints

__all__ = ["Members", "read", "without_prices"]

_RULE = "must be a Parquet or CSV file with columns name, from and to, whose days are dates"
_DAY_MS = 86_400_000
_ALWAYS = np.iinfo(np.int64).max


class Members(NamedTuple):
    """Spells of membership, each (M,).

    Attributes:
        names: Of the members; one with several spells is named more than once.
        from_ms: The first moment of each spell.
        until_ms: The moment behind its last day.
    """

    names: tuple[str, ...]
    from_ms: Ints
    until_ms: Ints

    def at(self, stamp_ms: int) -> frozenset[str]:
        """Return who is a member at a time."""
        places = np.flatnonzero((self.from_ms <= stamp_ms) & (stamp_ms < self.until_ms))
        return frozenset(self.names[place] for place in places.tolist())

    @property
    def digest(self) -> str:
        """A hash of all spells, in any order."""
        return hashed(sorted(zip(self.names, self.from_ms.tolist(), self.until_ms.tolist(), strict=True)))


def read(path: str) -> Members:
    """Read a table of members.

    Args:
        path: Of a Parquet or CSV file with the columns name, from and to. No `from` is a member from the beginning, no
            `to` one to this day; a member counts on both days.

    Raises:
        BadOption: it cannot be read, a column is missing, a name is missing, or a spell ends before it begins.
    """
    pl: Any = polars()
    try:
        table = pl.read_csv(path, try_parse_dates=True) if path.endswith(".csv") else pl.read_parquet(path)
        days = {name: table[name].cast(pl.Date).cast(pl.Datetime("ms")).cast(pl.Int64) for name in ("from", "to")}
        names = table["name"].cast(pl.String)
    except (OSError, InvalidInput, pl.exceptions.PolarsError) as error:
        raise BadOption("members", f"{_RULE} ({str(error).splitlines()[0]})", path) from None
    if names.null_count():
        raise BadOption(
            "members", f"must name a member in each row; row {names.is_null().arg_max() + 1} does not", path
        )
    begins = days["from"].fill_null(-_ALWAYS).to_numpy()
    ends = (days["to"] + _DAY_MS).fill_null(_ALWAYS).to_numpy()
    early = np.flatnonzero(ends <= begins)
    if early.size:
        name, first = names[int(early[0])], shown(begins[early[0]])
        raise BadOption("members", f"must not have a spell that ends before it begins, as {name} from {first}", path)
    return Members(tuple(names.to_list()), begins, ends)


def without_prices(members: Mapping[int, frozenset[str]], names: frozenset[str]) -> list[str]:
    """Return a sentence on members that have no prices at all; none where all have.

    Args:
        members: At formation dates, by time.
        names: Of the universe.
    """
    missing = {stamp: sorted(every - names) for stamp, every in members.items() if every - names}
    if not missing:
        return []
    count = len({name for each in missing.values() for name in each})
    stamp = min(missing)
    example = f"such as {missing[stamp][0]} at {shown(stamp)}"
    return [
        f"{count:,} members have no prices in the universe, {example}: results without them look better than they were"
    ]
