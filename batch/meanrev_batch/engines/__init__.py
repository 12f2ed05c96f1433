"""Where chunks are computed: in this process, in processes of this machine, or on a cluster."""

import os
from collections.abc import Iterator, Sequence
from typing import Protocol

from meanrev_batch.model import Chunk, Job, Outcome

__all__ = ["ENGINES", "Engine", "Stop", "chosen"]

ENGINES = ("local", "here", "ray")
"""Names of the engines."""


class Stop:
    """How often the run has been asked to stop.

    Attributes:
        asked: 0 to go on, 1 to begin nothing new, 2 to end what is under way too.
    """

    def __init__(self) -> None:
        self.asked = 0


class Engine(Protocol):
    """Computes chunks.

    Attributes:
        separate: Whether it computes in processes of its own.
        slots: Chunks that it computes at a time.
        retried: Chunks that it has begun again because a worker ended.
    """

    separate: bool
    slots: int
    retried: int

    def run(self, job: Job, chunks: Sequence[Chunk], stop: Stop) -> Iterator[Outcome]:
        """Yield what becomes of chunks, as they end; all of them, unless the run is stopped.

        Args:
            job: What all of them share.
            chunks: In the order in which they are begun.
            stop: Whether to go on.
        """

    def close(self) -> None:
        """End its processes."""


def chosen(name: str, workers: int | None, address: str = "", gpus: int = 0) -> Engine:
    """Make an engine.

    Args:
        name: One of ENGINES.
        workers: Processes of "local", or tasks of "ray" at a time; None for one a CPU.
        address: Of the head of a cluster of "ray"; "" to start one.
        gpus: GPUs of "ray"; 0 to compute on CPUs.

    Raises:
        NoEngine: the cluster does not answer, or what it needs is not installed.
    """
    if name == "ray":
        from meanrev_batch.engines.ray import Ray  # noqa: PLC0415 - as below

        return Ray(workers, address, gpus)
    from meanrev_batch.engines.here import Here  # noqa: PLC0415 - each engine imports this module
    from meanrev_batch.engines.local import Local  # noqa: PLC0415 - likewise

    return Here() if name == "here" else Local(workers or len(os.sched_getaffinity(0)))
