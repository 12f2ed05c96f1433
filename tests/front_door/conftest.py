"""The command line and the client in this process, without settings from outside."""

import json
import os

import pytest
from click.testing import CliRunner

import meanrev as mr


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    for name in [name for name in os.environ if name.startswith("MEANREV_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def client():
    with mr.Client("local") as connected:
        yield connected


@pytest.fixture(scope="session")
def address():
    """A server on a socket, in a thread of this process."""
    with mr.serve(grace_s=0) as where:
        yield where


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command line in an empty folder; returns click's result with stdout, stderr, exit_code and document."""
    from meanrev_cli.root import meanrev

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")

    def run_words(*words, stdin=None):
        done = CliRunner().invoke(meanrev, [str(word) for word in words], input=stdin, prog_name="meanrev")
        failed_badly = done.exception is not None and not isinstance(done.exception, SystemExit)
        assert not failed_badly, f"{words}: {type(done.exception).__name__}: {done.exception}"
        vars(done)["document"] = _document(done.stdout)
        return done

    return run_words


def _document(text):
    try:
        return json.loads(text)
    except ValueError:
        return None
