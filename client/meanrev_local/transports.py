"""The two transports of the in-process mode: they drive the server's guarded routes on the private event loop."""

import asyncio
import queue
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from concurrent.futures import CancelledError
from typing import Any, NoReturn

from meanrev.errors import MeanRevError, ServerError, from_status
from meanrev_local.pump import Ended, Event, Pump, Reply, Wanted
from meanrev_local.runner import Runner
from meanrev_server.rpc.registry import Route
from meanrev_server.rpc.status import Refused

__all__ = ["AsyncLocalTransport", "LocalTransport"]

ADDRESS = "local"


class LocalTransport:
    """Blocking calls into this process; from any thread, with or without a running event loop.

    Attributes:
        address: "local".
    """

    def __init__(self, runner: Callable[[], Runner]) -> None:
        """Start nothing yet.

        Args:
            runner: Returns where calls run.
        """
        self.address = ADDRESS
        self._runner = runner

    def unary(self, path: str, data: bytes, timeout: float) -> bytes:
        """Send one message and return the reply."""
        runner = self._runner()
        future = runner.submit(_unary(runner, _route(runner, path), data, timeout))
        try:
            return future.result()
        except CancelledError:
            raise _cancelled() from None
        except BaseException:
            future.cancel()
            raise

    def stream(self, path: str, messages: Iterator[bytes], timeout: float | None) -> Generator[bytes, None, None]:
        """Send messages as they come, and yield the replies."""
        runner = self._runner()
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        pump = Pump(runner, _route(runner, path), events.put)
        deadline = None if timeout is None else time.monotonic() + timeout
        running = runner.submit(pump.run())
        try:
            while True:
                event = _got(events, deadline)
                if isinstance(event, Reply):
                    pump.read(event.data)
                    yield event.data
                elif isinstance(event, Wanted):
                    pump.give(next(messages, None))
                else:
                    return _end(event)
        finally:
            running.cancel()

    def close(self) -> None:
        """Keep the shared App: other clients may use it."""


class AsyncLocalTransport:
    """The same for asyncio: the handlers run on the private loop, the caller's own only waits.

    Attributes:
        address: "local".
    """

    def __init__(self, runner: Callable[[], Runner]) -> None:
        """Start nothing yet.

        Args:
            runner: Returns where calls run.
        """
        self.address = ADDRESS
        self._runner = runner

    async def unary(self, path: str, data: bytes, timeout: float) -> bytes:  # noqa: ASYNC109 - a call's deadline
        """Send one message and return the reply."""
        runner = self._runner()
        return await asyncio.wrap_future(runner.submit(_unary(runner, _route(runner, path), data, timeout)))

    async def stream(
        self,
        path: str,
        messages: AsyncIterator[bytes],
        timeout: float | None,  # noqa: ASYNC109 - a call's deadline
    ) -> AsyncGenerator[bytes, None]:
        """Send messages as they come, and yield the replies."""
        runner = self._runner()
        here = asyncio.get_running_loop()
        events: asyncio.Queue[Event] = asyncio.Queue()

        def tell(event: Event) -> None:
            if not here.is_closed():
                here.call_soon_threadsafe(events.put_nowait, event)

        pump = Pump(runner, _route(runner, path), tell)
        deadline = None if timeout is None else here.time() + timeout
        running = runner.submit(pump.run())
        try:
            while True:
                event = await _before(deadline, events.get())
                if isinstance(event, Reply):
                    pump.read(event.data)
                    yield event.data
                elif isinstance(event, Wanted):
                    pump.give(await _before(deadline, anext(messages, None)))
                else:
                    _end(event)
                    return
        finally:
            running.cancel()

    async def close(self) -> None:
        """Keep the shared App: other clients may use it."""


async def _unary(runner: Runner, route: Route, data: bytes, timeout: float) -> bytes:  # noqa: ASYNC109 - as above
    try:
        async with asyncio.timeout(timeout):
            reply: bytes = await route.handle(data, runner.app.call)  # type: ignore[misc] # a unary route's coroutine
    except Refused as refusal:
        _refuse(refusal)
    except TimeoutError:
        raise _late() from None
    return reply


def _route(runner: Runner, path: str) -> Route:
    route = runner.app.routes.get(path)
    if route is None:
        raise ServerError(f"no method answers at {path}", "UNIMPLEMENTED")
    return route


def _got(events: "queue.SimpleQueue[Event]", deadline: float | None) -> Event:
    try:
        return events.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        raise _late() from None


async def _before(deadline: float | None, what: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout_at(deadline):
            return await what
    except TimeoutError:
        raise _late() from None


def _end(event: Ended) -> None:
    if isinstance(event.error, Refused):
        _refuse(event.error)
    if isinstance(event.error, asyncio.CancelledError):
        raise _cancelled()
    if event.error is not None:
        raise event.error


def _refuse(refusal: Refused) -> NoReturn:
    status = refusal.status
    raise from_status(status.code.name, status.message, status.details, ADDRESS) from None


def _cancelled() -> ServerError:
    """Return what a call of a runner that was closed meanwhile ends with."""
    return ServerError("the call was cancelled: its server was closed", "CANCELLED")


def _late() -> MeanRevError:
    return from_status("DEADLINE_EXCEEDED", "", address=ADDRESS)
