"""Reading a call's next message so that a cancelled call lets the read come to its end.

A read that is cancelled, and whose end nobody awaits, leaks what grpc.aio allocated for it (grpc issue 43360), and the
leaks fragment the heap, so that the C library cannot return memory. Once the client has left, or the server has sent a
status, gRPC ends the read at once.

A task for each read would do that too, at the cost of two more turns of the loop for every message of a stream.
"""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

    import grpc

__all__ = ["NextMessage"]

_finishing: set[asyncio.Task[None]] = set()
"""Reads that go on without the task that began them; asyncio itself keeps weak references to tasks only."""


class NextMessage:
    """The next message of a call, to be awaited once: its bytes, or grpc.aio.EOF."""

    __slots__ = ("_context",)

    def __init__(self, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """Name the call; awaiting reads from it.

        Args:
            context: The call.
        """
        self._context = context

    def __await__(self) -> Generator[Any, None, bytes | object]:
        """Carry out the read; each future that it waits for is shielded from a cancellation of the current task.

        Raises:
            asyncio.CancelledError: the current task is cancelled; the read goes on to its end without it.
        """
        reading = self._context.read()
        while True:
            try:
                future = _step(reading)
            except StopIteration as end:
                data: bytes | object = end.value
                return data
            try:
                yield from asyncio.shield(future)
            except asyncio.CancelledError:
                if not future.cancelled():
                    finishing = asyncio.ensure_future(_finish(reading, future))
                    _finishing.add(finishing)
                    finishing.add_done_callback(_finishing.discard)
                    raise
            except Exception:  # noqa: BLE001, S110 - the read itself meets it in its next step
                pass


def _step(reading: Any) -> asyncio.Future[Any]:
    """Carry on a read until it waits again, and return the future that it waits for.

    Raises:
        StopIteration: it has come to its end, and this carries its result.
    """
    future: asyncio.Future[Any] = reading.send(None)
    # A future that is yielded to a task has this mark, which the task clears before it waits; a comment of CPython's
    # asyncio/futures.py describes it.
    future._asyncio_future_blocking = False  # noqa: SLF001 - no public name; tests/server/test_reading.py guards it
    return future


async def _finish(reading: Any, future: asyncio.Future[Any]) -> None:
    """Carry a read to its end for a task that was cancelled while the read waited for a future."""
    with suppress(Exception):  # nobody asks for the message any more, or for why there is none
        while True:
            await asyncio.wait([future])
            future = _step(reading)
