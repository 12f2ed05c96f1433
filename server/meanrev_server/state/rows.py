"""The rows of portfolios and marks. All functions run in the database's thread."""

import logging
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from meanrev_server.marks import Arrived, Changes, Mark
from meanrev_server.portfolios import Portfolio
from meanrev_server.state.database import Database

__all__ = ["MarkRows", "marks", "portfolios", "put_portfolio"]

log = logging.getLogger(__name__)

_FEW_BYTES, _FEW_ROWS, _TIMES = 1 << 20, 1_000, 4
"""A caller's rows become one when there are more rows, or more bytes than so many and some times those of its marks."""


class _Marks(msgspec.Struct, array_like=True):
    """Marks of one caller, in columns.

    Attributes:
        asset_ids: The assets.
        prices: A price for each.
        timestamps_ms: A timestamp for each.
        arrived_ms: When each arrived, in milliseconds since the epoch.
    """

    asset_ids: list[str]
    prices: list[float]
    timestamps_ms: list[int]
    arrived_ms: list[int]


def portfolios(database: Database) -> Iterator[tuple[str, Portfolio]]:
    """Yield all portfolios and whose they are; what cannot be read is left where it is, and logged."""
    for identity, body in database.connection.execute("SELECT identity, body FROM portfolios ORDER BY rowid"):
        try:
            yield identity, msgspec.msgpack.decode(body, type=Portfolio)
        except msgspec.DecodeError as error:
            log.error("a stored portfolio is damaged", extra={"reason": str(error)})


def put_portfolio(database: Database, identity: str, portfolio: Portfolio) -> None:
    """Store a portfolio in place of an earlier one."""
    body = msgspec.msgpack.encode(portfolio)
    with database.transaction("portfolio") as connection:
        connection.execute(
            "INSERT INTO portfolios VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            (identity, portfolio.portfolio_id, body),
        )


def marks(database: Database) -> Iterator[tuple[str, Arrived]]:
    """Yield all marks and whose they are, the newest of an asset last."""
    wall_ms, now_s = time.time() * 1000, time.monotonic()
    for identity, body in database.connection.execute("SELECT identity, body FROM marks ORDER BY identity, seq"):
        for mark, arrived_ms in _read(body):
            yield identity, Arrived(mark, now_s - max(0.0, wall_ms - arrived_ms) / 1000)


class MarkRows:
    """Marks in rows of many: each write appends one row for each caller, and rows are joined when they are many."""

    def __init__(self, database: Database) -> None:
        """Count what there is.

        Args:
            database: Where the rows are.
        """
        self._database = database
        rows = database.connection.execute(
            "SELECT identity, max(seq), count(*), sum(length(body)) FROM marks GROUP BY 1"
        )
        self._sizes = {identity: _Size(seq, count, nbytes) for identity, seq, count, nbytes in rows}

    def put(self, changed: Changes) -> None:
        """Append the newest marks of some assets."""
        shift_s = time.time() - time.monotonic()
        with self._database.transaction("marks") as connection:
            for identity, arrived in changed.items():
                body = _written(arrived, shift_s)
                before = self._sizes.get(identity, _Size())
                size = _Size(before.seq + 1, before.rows + 1, before.nbytes + len(body), before.whole)
                connection.execute("INSERT INTO marks VALUES (?, ?, ?)", (identity, size.seq, body))
                self._sizes[identity] = size
        for identity in changed:
            if self._sizes[identity].is_large:
                self._join(identity)

    def _join(self, identity: str) -> None:
        """Replace the rows of a caller by one."""
        newest: dict[str, Arrived] = {}
        with self._database.transaction("marks joined") as connection:
            bodies = connection.execute("SELECT body FROM marks WHERE identity = ? ORDER BY seq", (identity,))
            for (body,) in bodies:
                newest.update({mark.asset_id: Arrived(mark, at_ms / 1000) for mark, at_ms in _read(body)})
            body = _written(newest, 0.0)
            connection.execute("DELETE FROM marks WHERE identity = ?", (identity,))
            connection.execute("INSERT INTO marks VALUES (?, 1, ?)", (identity, body))
        self._sizes[identity] = _Size(1, 1, len(body), len(body))


class _Size(NamedTuple):
    """How much a caller's marks take.

    Attributes:
        seq: Number of the newest row.
        rows: Their number.
        nbytes: Bytes of all.
        whole: Bytes of the row that they were joined to last.
    """

    seq: int = 0
    rows: int = 0
    nbytes: int = 0
    whole: int = 0

    @property
    def is_large(self) -> bool:
        return self.rows > _FEW_ROWS or self.nbytes > _FEW_BYTES + _TIMES * self.whole


def _written(arrived: Mapping[str, Arrived], shift_s: float) -> bytes:
    columns = _Marks(
        list(arrived),
        [each.mark.price for each in arrived.values()],
        [each.mark.timestamp_ms for each in arrived.values()],
        [int((each.at_s + shift_s) * 1000) for each in arrived.values()],
    )
    return msgspec.msgpack.encode(columns)


def _read(body: bytes) -> Iterator[tuple[Mark, int]]:
    try:
        found = msgspec.msgpack.decode(body, type=_Marks)
    except msgspec.DecodeError as error:
        log.error("stored marks are damaged", extra={"reason": str(error)})
        return
    columns = zip(found.asset_ids, found.prices, found.timestamps_ms, strict=True)
    yield from zip((Mark(*each) for each in columns), found.arrived_ms, strict=True)
