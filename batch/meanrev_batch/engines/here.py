"""Chunks one after the other in this process, for tests and for a debugger."""

from collections.abc import Iterator, Sequence

from meanrev_batch import matrix
from meanrev_batch.engines import Stop
from meanrev_batch.engines.execution import performed
from meanrev_batch.model import Chunk, Job, Outcome
from meanrev_worker import blas

__all__ = ["Here"]


class Here:
    """See engines.Engine. It limits BLAS to one thread in this process, so that bits are those of the workers."""

    separate = False

    def __init__(self) -> None:
        self.slots, self.retried = 1, 0
        blas.limit(1)

    def run(self, job: Job, chunks: Sequence[Chunk], stop: Stop) -> Iterator[Outcome]:
        """Yield what becomes of chunks; the one that is under way ends in any case."""
        prices = matrix.opened(job.matrix)
        for chunk in chunks:
            if stop.asked:
                return
            yield performed(job, prices, chunk)

    def close(self) -> None:
        """Do nothing: there are no processes."""
