"""A state directory is one server's, of this version or an earlier one; a server does not serve with any other."""

import os
import sqlite3
import stat

import pytest

from meanrev_server.errors import StateUnusable
from meanrev_server.state import schema
from meanrev_server.state.folder import StateFolder
from meanrev_server.state.on_disk import OnDisk
from meanrev_wire import research_pb2 as wire
from tests.server.serving import serving

VERSION_1 = """
INSERT INTO jobs VALUES ('{id}', '', 'FitOu', 'failed', 3, 'no', 0, 0, 5, 6, 0, 'ab', 1, '[]');
INSERT INTO portfolios VALUES ('', 'book', x'{book}');
"""
BOOK = (
    "85ac706f7274666f6c696f5f6964a4626f6f6ba8686f6c64696e677381a141cb4000000000000000a463617368cb4014000000000000"
    "a66c696d69747383ac6d61785f64726177646f776ecb3fc999999999999aa96d61785f6162735f7acb4010000000000000a87374616c"
    "655f6d73ce05265c00aa757064617465645f6d7307"
)
"""A portfolio as version 1 wrote it."""


def test_a_directory_is_made_for_its_owner_alone(tmp_path):
    with StateFolder(tmp_path / "new" / "state") as made:
        assert stat.S_IMODE(made.path.stat().st_mode) == 0o700
        assert stat.S_IMODE(made.database.stat().st_mode) == 0o600
        assert stat.S_IMODE((made.path / "lock").stat().st_mode) == 0o600


def test_a_second_server_is_refused_until_the_first_has_left(tmp_path):
    with StateFolder(tmp_path):
        words = rf"is in use by another server \(process {os.getpid()}\); name another directory$"
        with pytest.raises(StateUnusable, match=words) as refused:
            StateFolder(tmp_path)
        assert str(tmp_path) in str(refused.value)
        assert "\n" not in str(refused.value)
    StateFolder(tmp_path).close()


def test_a_listening_server_refuses_a_second_one(tmp_path):
    with serving(state_dir=str(tmp_path), backend="numpy"), pytest.raises(StateUnusable, match="is in use by another"):
        serving(state_dir=str(tmp_path), backend="numpy").__enter__()
    with serving(state_dir=str(tmp_path), backend="numpy"):
        pass


def test_files_of_another_program_are_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(StateUnusable, match=r"not a server's, such as 'thesis.txt'; name an empty directory"):
        StateFolder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_path_that_is_a_file_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(StateUnusable, match="cannot be used: File exists"):
        StateFolder(path)


def test_a_directory_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    def read_only(*_, **__):
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(StateUnusable, match="cannot be used: Read-only file system"):
        StateFolder(tmp_path)


def opened(path):
    OnDisk(path, "this code")._close()


def test_a_newer_version_is_refused_and_left_as_it_is(tmp_path):
    opened(tmp_path)
    with sqlite3.connect(tmp_path / "state.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    words = "was written by a newer meanrev: its schema is version 99, and this server has version 2"
    with pytest.raises(StateUnusable, match=words) as refused:
        opened(tmp_path)
    assert str(tmp_path) in str(refused.value)
    StateFolder(tmp_path).close()  # it is not left locked


def test_the_database_of_another_program_is_refused(tmp_path):
    opened(tmp_path)
    for statement in ("PRAGMA application_id = 7", "PRAGMA application_id = 0"):
        connection = sqlite3.connect(tmp_path / "state.sqlite")
        connection.execute(statement)
        connection.close()
        with pytest.raises(StateUnusable, match="has the database of another program"):
            opened(tmp_path)


@pytest.mark.parametrize("damage", [b"not a database" * 100, "pages"])
def test_a_damaged_database_is_refused(tmp_path, damage):
    opened(tmp_path)
    path = tmp_path / "state.sqlite"
    data = bytearray(path.read_bytes())
    if damage == "pages":
        data[4096:] = os.urandom(len(data) - 4096)
        damage = bytes(data)
    path.write_bytes(damage)
    with pytest.raises(StateUnusable, match=r"has a database that cannot be used: .*; move the directory away"):
        opened(tmp_path)


def test_a_database_of_an_earlier_version_is_brought_to_this_one(tmp_path, monkeypatch):
    """A directory of version 1, as it was written, gets the tables of a later version and keeps its rows."""
    with StateFolder(tmp_path) as folder:
        connection = sqlite3.connect(folder.database)
        for statement in schema.MIGRATIONS[0]:
            connection.execute(statement)
        connection.executescript(VERSION_1.format(id="0" * 64, book=BOOK))
        connection.executescript(f"PRAGMA application_id = {schema.APPLICATION_ID}; PRAGMA user_version = 1;")
        connection.close()
    later = "ALTER TABLE jobs ADD COLUMN note TEXT NOT NULL DEFAULT 'old'"
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, (later,)))
    opened(tmp_path)
    opened(tmp_path)
    connection = sqlite3.connect(tmp_path / "state.sqlite")
    assert connection.execute("SELECT job_id, error, note FROM jobs").fetchall() == [("0" * 64, "no", "old")]
    assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
    connection.close()


def test_a_migration_that_fails_changes_nothing(tmp_path, monkeypatch):
    opened(tmp_path)
    statements = ("ALTER TABLE jobs ADD COLUMN note TEXT", "ALTER TABLE nowhere ADD COLUMN note TEXT")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, statements))
    with pytest.raises(StateUnusable, match="no such table"):
        opened(tmp_path)
    connection = sqlite3.connect(tmp_path / "state.sqlite")
    assert "note" not in {row[1] for row in connection.execute("PRAGMA table_info(jobs)")}
    assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS) - 1,)
    connection.close()
    monkeypatch.undo()
    opened(tmp_path)


async def test_rows_of_version_1_are_read(server, tmp_path):
    """The bytes of a portfolio as version 1 wrote them; a later version still reads them."""
    opened(tmp_path)
    connection = sqlite3.connect(tmp_path / "state.sqlite")
    connection.executescript(VERSION_1.format(id="0" * 64, book=BOOK))
    connection.close()
    async with server(tmp_path) as first:
        found = await first.ask("GetPortfolio", wire.PortfolioRequest(portfolio_id="book"))
        assert (found.cash, found.holdings[0].asset_id, found.updated_ms) == (5.0, "A", 7)
        assert (await first.watch("0" * 64)).error == "no"


def test_what_a_crash_left_behind_is_removed(tmp_path):
    opened(tmp_path)
    for name in ("inputs/x.tmp", "results/" + "0" * 64 + ".ab", "chunks/" + "0" * 64 + ".ab.3"):
        (tmp_path / name).write_bytes(b"x")
    opened(tmp_path)
    assert [path for path in tmp_path.glob("*/*") if path.is_file()] == []
