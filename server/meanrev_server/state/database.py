"""The database of the state directory, and the one thread that uses it."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from meanrev_server.errors import StateUnusable
from meanrev_server.state import steps
from meanrev_server.state.schema import migrate

__all__ = ["Database"]

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)


class Database:
    """An SQLite database whose statements run one after the other in a thread of its own."""

    def __init__(self, failed: Callable[[], None]) -> None:
        """Start the thread without a database.

        Args:
            failed: Called where a function that nobody waits for fails.
        """
        self._failed = failed
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="meanrev-state")
        self._connection: sqlite3.Connection | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for functions that run in the thread."""
        assert self._connection is not None  # noqa: S101 - open comes first
        return self._connection

    def open(self, path: Path) -> None:
        """Open the database, check it, and bring it to this version.

        Raises:
            StateUnusable: it is damaged, or of another program or version.
        """
        try:
            self.wait(self._open, path)
        except sqlite3.Error as error:
            raise StateUnusable(
                f"state_dir {str(path.parent)!r} has a database that cannot be used: {error}; "
                "move the directory away, or name another"
            ) from None

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a function in the thread; it runs to its end even if the caller is cancelled once it has begun."""
        return await asyncio.wrap_future(self._pool.submit(work, *args, **kwargs))

    def wait(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a function in the thread, from another thread."""
        return self._pool.submit(work, *args, **kwargs).result()

    def later(self, work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run a function in the thread, and log its failure."""
        self._pool.submit(work, *args, **kwargs).add_done_callback(self._noted)

    @contextmanager
    def transaction(self, what: str) -> Iterator[sqlite3.Connection]:
        """Commit what is executed in the context, or none of it.

        Args:
            what: What it does, in the names of its steps.
        """
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            steps.reached(f"{what}: to be committed")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        steps.reached(f"{what}: committed")

    def close(self) -> None:
        """Finish what was begun, and close the database."""
        if self._connection is not None:
            self._pool.submit(self.connection.close)
        self._pool.shutdown(wait=True)

    def _open(self, path: Path) -> None:
        self._connection = connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(" ".join(found.split()))
        migrate(connection, str(path.parent))

    def _noted(self, done: "Future[object]") -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            log.error("state was not stored", extra={"reason": str(error)})
            self._failed()
