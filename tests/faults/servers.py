"""Servers in processes of their own, which tests kill and start again where they were."""

import os
import signal
import socket
import subprocess
import sys

__all__ = ["READY", "Server", "free_address"]

READY = "listening on "


def free_address():
    """Return an address on which nothing listens; a server that is started again needs one that stays."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Server:
    """`meanrev serve` at an address; usable as a context."""

    def __init__(self, *words, listen="127.0.0.1:0", program=None, env=None, stderr=subprocess.DEVNULL):
        """Start it and wait until it listens.

        Args:
            words: Further words of the command line.
            listen: Where to listen.
            program: Python source that runs before the command does, to spoil something.
            env: Further environment variables; None removes one.
            stderr: Where its log goes.
        """
        arguments = ["serve", "--listen", listen, "--backend", "numpy", *words]
        source = f"{program or ''}\nfrom meanrev_cli.__main__ import main\nmain({arguments!r})"
        variables = {name: value for name, value in {**os.environ, **(env or {})}.items() if value is not None}
        self.process = subprocess.Popen(
            [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=stderr, text=True, env=variables
        )
        with self.process.stdout as said:  # one line, and nothing more
            self.address = said.readline().removeprefix(READY).strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def kill(self):
        """End it as kill -9 does."""
        self.process.kill()
        self.process.wait()

    def stop(self, patience_s=60):
        """Ask it to stop, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience_s)
