"""The tables of the state directory's database, and how a database of an earlier version becomes one of this.

A new version appends its statements to MIGRATIONS, and never changes those of an earlier one.
"""

import sqlite3

from meanrev_server.errors import StateUnusable

__all__ = ["APPLICATION_ID", "MIGRATIONS", "migrate"]

APPLICATION_ID = 0x6D72_7374
"""Marks a database as a meanrev server's: "mrst"."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE jobs (
            job_id TEXT PRIMARY KEY,
            identity TEXT NOT NULL,
            method TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('queued', 'done', 'failed', 'cancelled')),
            total INTEGER NOT NULL,
            error TEXT NOT NULL DEFAULT '',
            nbytes INTEGER NOT NULL,
            held INTEGER NOT NULL,
            submitted_ms INTEGER NOT NULL,
            finished_ms INTEGER NOT NULL DEFAULT 0,
            stop INTEGER NOT NULL DEFAULT 0,
            tag TEXT NOT NULL,
            starts INTEGER NOT NULL DEFAULT 0,
            replies TEXT NOT NULL DEFAULT '[]'
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE chunks (
            job_id TEXT NOT NULL REFERENCES jobs (job_id) ON DELETE CASCADE,
            chunk INTEGER NOT NULL,
            made_by TEXT NOT NULL,
            PRIMARY KEY (job_id, chunk)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE portfolios (
            identity TEXT NOT NULL,
            portfolio_id TEXT NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (identity, portfolio_id)
        ) STRICT
        """,
        """
        CREATE TABLE marks (
            identity TEXT NOT NULL,
            seq INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (identity, seq)
        ) STRICT
        """,
    ),
    (
        """
        CREATE TABLE matrices (
            identity TEXT NOT NULL,
            matrix_id TEXT NOT NULL,
            rows INTEGER NOT NULL,
            cols INTEGER NOT NULL,
            nbytes INTEGER NOT NULL,
            held INTEGER NOT NULL,
            stored_ms INTEGER NOT NULL,
            used_ms INTEGER NOT NULL,
            tag TEXT NOT NULL,
            PRIMARY KEY (identity, matrix_id)
        ) STRICT, WITHOUT ROWID
        """,
    ),
)
"""The statements of each version, beginning with the first."""


def migrate(connection: sqlite3.Connection, where: str) -> None:
    """Bring a database to this version; a new one gets all tables.

    Args:
        connection: In autocommit mode.
        where: The directory, for messages.

    Raises:
        StateUnusable: another program made the database, or a newer version of this one.
    """
    application, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _PRAGMAS)
    empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION_ID and not (empty and not application):
        raise StateUnusable(f"state_dir {where!r} has the database of another program; name an empty directory")
    if version > len(MIGRATIONS):
        raise StateUnusable(
            f"state_dir {where!r} was written by a newer meanrev: its schema is version {version}, and this server has "
            f"version {len(MIGRATIONS)}; start the newer server, or name another directory"
        )
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


_PRAGMAS = ("application_id", "user_version")
