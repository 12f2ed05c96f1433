"""A worker process of the local engine: `python -m meanrev_batch.engines.child SOCKET PARENT`.

It receives a Job, then chunks, and sends an Outcome for each. It writes no file. It ends when the parent ends, however
that ends: the kernel kills it then.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from meanrev_batch import matrix
from meanrev_batch.engines.execution import performed
from meanrev_batch.model import Job
from meanrev_worker import blas

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1


def main(number: int, parent: int) -> None:
    """Serve until the parent closes the connection.

    Args:
        number: File descriptor of the connection.
        parent: The parent's process number.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the call above
        return
    # A terminal sends these to the whole group of processes; the parent decides what they mean.
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, signal.SIG_IGN)
    blas.limit(1)
    with Connection(number) as line, suppress(EOFError, ConnectionError):
        job = line.recv()
        prices = matrix.opened(job.matrix)
        while True:
            received = line.recv()
            if isinstance(received, Job):
                job, prices = received, matrix.opened(received.matrix)
            else:
                outcome = performed(job, prices, received)
                line.send(outcome._replace(chunk=received.id))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
