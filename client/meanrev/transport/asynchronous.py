"""The asyncio transport: one gRPC channel for each event loop that calls."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import asyncio
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc

from meanrev.transport.forking import refuse_asyncio, track_channel, under_way
from meanrev.transport.status import error_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from meanrev.transport.options import Endpoint

__all__ = ["AsynchronousTransport"]

_GUARD = "tell_if_open"
_OF_GRPC = "_handle_callback_wrapper"


class AsynchronousTransport:
    """Channels that are made at the first call, again where the event loop is another one, and in a forked child.

    Attributes:
        address: The server's.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        """Connect to nothing yet.

        Args:
            endpoint: Where the server is.
        """
        self.address = endpoint.address
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._channels: dict[asyncio.AbstractEventLoop, grpc.aio.Channel] = {}
        self._process = os.getpid()

    async def unary(self, path: str, data: bytes, timeout: float) -> bytes:  # noqa: ASYNC109 - a gRPC deadline
        """Send one message and return the reply."""
        call: Any = self._connected().unary_unary(path)
        try:
            with under_way():
                reply: bytes = await call(data, timeout=timeout, metadata=self._endpoint.metadata)
        except grpc.aio.AioRpcError as error:
            raise error_of(error, self.address) from None
        return reply

    async def stream(
        self,
        path: str,
        messages: AsyncIterator[bytes],
        timeout: float | None,  # noqa: ASYNC109 - a gRPC deadline
    ) -> AsyncGenerator[bytes, None]:
        """Send messages as they come, and yield the replies."""
        sending = _Sending(messages)
        start: Any = self._connected().stream_stream(path)
        call = start(sending, timeout=timeout, metadata=self._endpoint.metadata)
        process = os.getpid()
        try:
            with under_way(call):
                async for reply in call:
                    yield reply
        except grpc.aio.AioRpcError as error:
            raise (sending.error or error_of(error, self.address)) from None
        finally:
            if process == os.getpid():  # in a forked child the call is its parent's
                call.cancel()
        if sending.error is not None:
            raise sending.error

    async def close(self) -> None:
        """Close this event loop's channel; a later call opens another."""
        with self._lock:
            channel = self._channels.pop(asyncio.get_running_loop(), None)
        if channel is not None and self._process == os.getpid():
            await channel.close()

    def _connected(self) -> grpc.aio.Channel:
        loop = asyncio.get_running_loop()
        with self._lock:
            refuse_asyncio()
            if self._process != os.getpid():
                # Channels inherited through fork have no threads here: they are left alone, not closed.
                self._channels, self._process = {}, os.getpid()
            channel = self._channels.get(loop)
            if channel is None:
                # A channel keeps its loop alive, so that no weak reference would ever see the loop go.
                self._channels = {other: kept for other, kept in self._channels.items() if not other.is_closed()}
                _let_it_end_quietly(loop)
                channel = self._channels[loop] = _channel(self._endpoint)
                track_channel(channel)
            return channel


class _Sending:
    """The messages of a call, and the error that ended them, which gRPC itself would log and forget."""

    def __init__(self, messages: AsyncIterator[bytes]) -> None:
        self._messages = messages
        self.error: Exception | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._messages)
        except StopAsyncIteration:
            raise
        except Exception as error:  # noqa: BLE001 - raised again where the caller waits
            self.error = error
            raise StopAsyncIteration from None


def _let_it_end_quietly(loop: asyncio.AbstractEventLoop) -> None:
    """Drop gRPC's events that come for a loop after it was closed.

    A call that was cancelled as its loop ended is over for gRPC a moment later. Its queue then tells the closed loop,
    which raises, and the event loop that runs meanwhile prints the traceback: a queue serves all loops of a process.
    """
    tell = loop.call_soon_threadsafe
    if getattr(tell, "__name__", "") == _GUARD:
        return

    def tell_if_open(callback: Callable[..., object], *arguments: Any, **context: Any) -> asyncio.Handle | None:
        if loop.is_closed() and getattr(callback, "__name__", "") == _OF_GRPC:
            return None
        return tell(callback, *arguments, **context)

    with suppress(AttributeError):  # a loop that lets nobody change it
        loop.call_soon_threadsafe = tell_if_open  # type: ignore[method-assign, assignment]


def _channel(endpoint: Endpoint) -> grpc.aio.Channel:
    options = endpoint.options()
    if endpoint.credentials is None:
        return grpc.aio.insecure_channel(endpoint.address, options=options)
    return grpc.aio.secure_channel(endpoint.address, endpoint.credentials, options=options)
