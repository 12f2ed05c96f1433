"""One worker process of the local engine, as its parent sees it."""

import os
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from meanrev_batch.model import Chunk, Job, Outcome

__all__ = ["ENVIRONMENT", "Process"]

ENVIRONMENT = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"), "1"),
    # Either threshold alone turns off glibc's own rule, and large temporaries are then mapped anew each time.
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "268435456",
}
"""What a worker's environment has before its interpreter starts."""


class Process:
    """A worker process.

    Attributes:
        popen: The process.
        line: The connection to it.
        chunk: What it computes; None where it waits.
    """

    def __init__(self) -> None:
        self.line, theirs = Pipe()
        self.chunk: Chunk | None = None
        with theirs:
            self.popen = _started(theirs)

    def begin(self, job: Job) -> None:
        """Send it what its next chunks share."""
        with suppress(OSError):  # it has ended, which is noticed once it has a chunk
            self.line.send(job)

    def give(self, chunk: Chunk | None) -> None:
        """Let it compute a chunk."""
        self.chunk = chunk
        with suppress(OSError):  # it has ended, which its line says
            self.line.send(chunk)

    def answer(self) -> Outcome | None:
        """Return what it sent; None where it has ended."""
        try:
            outcome: Outcome = self.line.recv()
        except (EOFError, OSError):
            return None
        assert self.chunk is not None  # noqa: S101 - it answers chunks only
        outcome, self.chunk = outcome._replace(chunk=self.chunk), None
        return outcome

    def close(self) -> None:
        """Close the connection, at which it ends, and wait for that."""
        self.line.close()
        self.popen.wait()


def _started(theirs: "Connection[object, object]") -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", "meanrev_batch.engines.child", str(theirs.fileno()), str(os.getpid())]
    paths = os.pathsep.join(str(Path(path).absolute()) for path in sys.path if path)
    # In a process group of its own, so that a terminal's signals to this group do not reach it.
    return subprocess.Popen(  # noqa: S603 - the command is our own
        command,
        stdin=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
        env={**os.environ, **ENVIRONMENT, "PYTHONPATH": paths},
        process_group=0,
    )
