"""A server in a process of its own, for as long as a context of this process is open.

gRPC cannot be forked where it serves: a child of a process with a server in it may end by a signal, whatever it does
itself. In a process of its own the server shares neither memory, nor locks, nor the interpreter with its caller.
"""

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from meanrev.errors import InvalidInput, MeanRevError
from meanrev_server.config import ConfigError, Settings, load

__all__ = ["serving"]

_FAREWELL_S = 10.0
"""How long the server is given to end, beyond the grace period of its calls."""


@contextmanager
def serving(listen: str, settings: dict[str, Any]) -> Iterator[str]:
    """Serve while the context is open; its value is the address.

    Args:
        listen: HOST:PORT, port 0 for a free one, or unix:/path.
        settings: Further settings by name.

    Raises:
        InvalidInput: a setting is unknown or breaks its rule, or the address cannot be listened on.
        MeanRevError: the server ended before it served.
    """
    chosen = _checked(listen, settings)
    # Its messages are for diagnosis alone, unless the caller asked for more.
    less = {} if "log_level" in settings else {"log_level": "warning", "call_log": settings.get("call_log", "off")}
    quiet = msgspec.structs.replace(chosen, **less)
    owner, process = os.getpid(), _started()

    def end(word: bytes, grace_s: float) -> None:
        if os.getpid() == owner:  # a forked child that leaves the context leaves the server to its parent
            _end(process, word, grace_s + _FAREWELL_S)

    # Where the context is never left, calls of this process may still be open when it ends: nobody waits for them.
    at_exit = atexit.register(end, b"now\n", 0.0)
    try:
        yield _address(process, quiet)
    finally:
        atexit.unregister(at_exit)
        end(b"stop\n", chosen.grace_s)


def _checked(listen: str, settings: dict[str, Any]) -> Settings:
    try:
        return load(None, {}, {**settings, "listen": listen})
    except ConfigError as error:
        raise InvalidInput("settings", f"cannot be used: {error}") from None


def _started() -> "subprocess.Popen[bytes]":
    # What can be imported here can be imported there; a signal of the terminal or a notebook is the caller's affair.
    path = os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path)
    return subprocess.Popen(
        [sys.executable, "-m", "meanrev_local"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )


def _address(process: "subprocess.Popen[bytes]", settings: Settings) -> str:
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    with suppress(BrokenPipeError):
        process.stdin.write(msgspec.json.encode(settings) + b"\n")
        process.stdin.flush()
    answer = json.loads(process.stdout.readline() or b"{}")
    if "error" in answer:
        raise InvalidInput(answer["field"], f"cannot be used: {answer['error']}")
    if "address" not in answer:
        raise MeanRevError(f"the server ended before it served, with exit code {process.wait()}")
    return str(answer["address"])


def _end(process: "subprocess.Popen[bytes]", word: bytes, patience_s: float) -> None:
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    if process.stdin.closed:  # it was ended before
        return
    with suppress(BrokenPipeError):  # it has ended already
        # A forked child may keep the pipe open, so that closing it here would not end the server.
        process.stdin.write(word)
        process.stdin.flush()
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.stdout.close()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
