"""A real server in its own process, and the command line in this one."""

import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

READY = "listening on "


def start(*words, env=None):
    """Start `meanrev serve` on a free port and return (process, address)."""
    command = [sys.executable, "-m", "meanrev_cli", "serve", "--listen", "127.0.0.1:0", *words]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    line = process.stdout.readline()
    return process, line.removeprefix(READY).strip()


def stop(process):
    """Ask a server to stop; return (exit code, the rest of stdout, stderr)."""
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


@pytest.fixture(scope="session")
def server():
    process, address = start("--log", "json")
    yield address
    stop(process)


@pytest.fixture
def run(monkeypatch):
    """Run a command line in this process; returns click's result with stdout, stderr and exit_code."""
    for name in [name for name in os.environ if name.startswith("MEANREV_")]:
        monkeypatch.delenv(name)

    def run_words(*words, stdin=None, env=None):
        from meanrev_cli.root import meanrev

        return CliRunner().invoke(meanrev, words, input=stdin, env=env, prog_name="meanrev")

    return run_words


@pytest.fixture
def closed_port():
    """An address on which nothing listens."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
