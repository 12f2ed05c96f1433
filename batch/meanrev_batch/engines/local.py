"""Chunks in processes of this machine: each is started afresh, has a pipe of its own, and holds one chunk at a time.

A process that ends takes its chunk with it and nothing else: the chunk is begun again in a new process, and once two
have ended at it, it is poison. Processes write no files, and the kernel ends them when their parent ends.
"""

import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait

from meanrev_batch.engines import Stop
from meanrev_batch.engines.process import Process
from meanrev_batch.model import Chunk, Job, Outcome
from meanrev_batch.supervise import Docket

__all__ = ["GRACE_S", "Local"]

GRACE_S = 10.0
"""Seconds in which chunks that are under way may end once the run is asked to stop."""

_GLANCE_S = 0.1
"""Longest time between two looks at whether the run is asked to stop."""


class Local:
    """See engines.Engine."""

    separate = True

    def __init__(self, workers: int) -> None:
        self.slots, self.retried = workers, 0
        self._processes: list[Process] = []

    def run(self, job: Job, chunks: Sequence[Chunk], stop: Stop) -> Iterator[Outcome]:
        """Yield what becomes of chunks, as they end."""
        docket, since = Docket(chunks), 0.0
        for process in self._processes:
            process.begin(job)
        while docket or any(process.chunk for process in self._processes):
            if not stop.asked:
                self._hand_out(job, docket)
            elif self._over(stop, since := since or time.monotonic()):
                return
            busy = {process.line: process for process in self._processes if process.chunk}
            for line in wait(list(busy), _GLANCE_S):
                outcome = busy[line].answer()  # type: ignore[index] # it is one of those that were given
                if outcome is None:
                    outcome = self._ended(busy[line], docket)  # type: ignore[index] # likewise
                else:
                    outcome = outcome._replace(attempts=docket.attempts(outcome.chunk))
                if not stop.asked:  # so that no process waits while the outcome is written
                    self._hand_out(job, docket)
                if outcome is not None:
                    yield outcome

    def close(self) -> None:
        """End the processes, and wait until they have ended."""
        for process in self._processes:
            process.close()
        self._processes.clear()

    def _hand_out(self, job: Job, docket: Docket) -> None:
        """Give chunks to processes that have none; further ones are started as long as chunks wait."""
        while docket:
            process = next((process for process in self._processes if process.chunk is None), None)
            if process is None:
                if len(self._processes) == self.slots:
                    return
                process = Process()
                process.begin(job)
                self._processes.append(process)
            process.give(docket.take())

    def _over(self, stop: Stop, since: float) -> bool:
        """Return whether nothing is to be waited for any more, and end what is under way then."""
        if not any(process.chunk for process in self._processes):
            return True
        if stop.asked == 1 and time.monotonic() - since < GRACE_S:
            return False
        for process in self._processes:
            process.popen.kill()
        self.close()
        return True

    def _ended(self, process: Process, docket: Docket) -> Outcome | None:
        """Take a process that ended out, and return the outcome of its chunk if no other gets it."""
        chunk = process.chunk
        self._processes.remove(process)
        process.popen.kill()  # it may have closed its pipe only
        process.close()
        assert chunk is not None  # noqa: S101 - only processes with a chunk are asked
        if docket.lost(chunk):
            self.retried += 1
            return None
        ending = process.popen.returncode
        how = f"signal {-ending}" if ending < 0 else f"exit status {ending}"
        reason = f"two workers ended while they computed it, the last by {how}"
        return Outcome(chunk, "poison", reason=reason, attempts=docket.attempts(chunk) - 1)
