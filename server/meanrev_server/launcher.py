"""Where computations run: off the event loop, one place that knows how.

NumPy and the compiled kernels release the interpreter's lock in the long loops, so threads suffice on a CPU.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from gpu_kernels.selection import Selection, using

__all__ = ["Launcher"]

P = ParamSpec("P")
R = TypeVar("R")


class Launcher:
    """A pool of compute threads."""

    def __init__(self, threads: int, selection: Selection, prepare: Callable[[], None] | None = None) -> None:
        """Start with no thread; they are made as work arrives.

        Args:
            threads: Most computations that run at once.
            selection: Which twin of the operations they run.
            prepare: Called first in each thread.
        """
        self._selection = selection
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="meanrev-compute", initializer=prepare)

    async def run(self, compute: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a function in a compute thread and wait for its result without blocking the event loop.

        Raises:
            Exception: whatever the function raises.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, partial(self._compute, compute, *args, **kwargs))

    def _compute(self, compute: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        with using(*self._selection):
            return compute(*args, **kwargs)

    def close(self) -> None:
        """Refuse further work; work that has not started is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)
