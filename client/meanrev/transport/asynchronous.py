"""The asyncio transport: gRPC channels for each event loop that calls."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import asyncio
import os
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc

from meanrev.transport.channels import Channels
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
        self._channels: dict[asyncio.AbstractEventLoop, Channels[grpc.aio.Channel]] = {}
        self._process = os.getpid()

    async def unary(self, path: str, data: bytes, timeout: float) -> bytes:  # noqa: ASYNC109 - a gRPC deadline
        """Send one message and return the reply."""
        with under_way(), (channels := self._connected()).turn() as channel:
            call: Any = channel.unary_unary(path)
            try:
                reply: bytes = await call(data, timeout=timeout, metadata=self._endpoint.metadata)
            except grpc.aio.AioRpcError as error:
                raise error_of(error, self.address, closed=channels.closed) from None
            return reply

    async def stream(
        self,
        path: str,
        messages: AsyncIterator[bytes],
        timeout: float | None,  # noqa: ASYNC109 - a gRPC deadline
    ) -> AsyncGenerator[bytes, None]:
        """Send messages as they come, and yield the replies."""
        sending = _Sending(messages)
        process, writing = os.getpid(), None
        with under_way() as place, (channels := self._connected()).turn() as channel:
            start: Any = channel.stream_stream(path)
            call = place.call = start(timeout=timeout, metadata=self._endpoint.metadata)
            try:
                writing = asyncio.ensure_future(sending.write(call))
                async for reply in call:
                    yield reply
            except grpc.aio.AioRpcError as error:
                raise (sending.error or error_of(error, self.address, closed=channels.closed)) from None
            finally:
                if process == os.getpid():  # in a forked child the call is its parent's
                    call.cancel()
                    if writing is not None:
                        writing.cancel()
        if sending.error is not None:
            raise sending.error

    async def close(self) -> None:
        """Close this event loop's channels; a later call opens others."""
        if self._process != os.getpid():
            return
        with self._lock:
            channels = self._channels.pop(asyncio.get_running_loop(), None)
        if channels is not None:
            for channel in channels.close():
                await channel.close()

    def _connected(self) -> Channels[grpc.aio.Channel]:
        loop = asyncio.get_running_loop()
        refuse_asyncio()
        with self._lock:
            if self._process != os.getpid():
                # Channels inherited through fork have no threads here: they are left alone, not closed.
                self._channels, self._process = {}, os.getpid()
            channels = self._channels.get(loop)
            if channels is None:
                # A channel keeps its loop alive, so that no weak reference would ever see the loop go.
                self._channels = {other: kept for other, kept in self._channels.items() if not other.is_closed()}
                _let_it_end_quietly(loop)
                channels = Channels(self._endpoint.addresses, partial(_channel, self._endpoint))
                self._channels[loop] = channels
            return channels


class _Sending:
    """The messages of a call, and the error that ended them, which gRPC itself would log and forget."""

    def __init__(self, messages: AsyncIterator[bytes]) -> None:
        self._messages = messages
        self.error: Exception | None = None

    async def write(self, call: Any) -> None:
        """Write the messages, until there are no more, or until the call has ended.

        gRPC's own write puts INTERNAL in place of the status by which the server ends the call meanwhile, so this goes
        a step below it; the status comes to the caller, who reads the replies.
        """
        with suppress(grpc.aio.AioRpcError, grpc.aio.InternalError, asyncio.InvalidStateError):
            await call.wait_for_connection()
            try:
                async for message in self._messages:
                    await call._cython_call.send_serialized_message(message)  # noqa: SLF001 - see above
            except grpc.aio.InternalError:
                return
            except Exception as error:  # noqa: BLE001 - raised again where the caller waits
                self.error = error
            await call.done_writing()


def _let_it_end_quietly(loop: asyncio.AbstractEventLoop) -> None:
    """Drop gRPC's events that come for a loop after it was closed.

    A call that was cancelled as its loop ended is over for gRPC a moment later. Its queue then calls the closed loop,
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


def _channel(endpoint: Endpoint, address: str) -> grpc.aio.Channel:
    options = endpoint.options(address)
    if endpoint.credentials is None:
        channel = grpc.aio.insecure_channel(address, options=options)
    else:
        channel = grpc.aio.secure_channel(address, endpoint.credentials, options=options)
    track_channel(channel, of_asyncio=True)
    return channel
