"""The blocking transport: gRPC channels of its own, with no event loop anywhere."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import os
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc

from meanrev.transport.channels import Channels
from meanrev.transport.forking import is_ours, track_channel, under_way
from meanrev.transport.status import error_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from meanrev.transport.options import Endpoint

__all__ = ["BlockingTransport"]


class BlockingTransport:
    """Channels that are made as calls need them, and again in a forked child.

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
        self._channels: Channels[grpc.Channel] | None = None
        self._process = 0

    def unary(self, path: str, data: bytes, timeout: float) -> bytes:
        """Send one message and return the reply."""
        with under_way(), (channels := self._connected()).turn() as channel:
            call: Any = channel.unary_unary(path)
            try:
                reply: bytes = call(data, timeout=timeout, metadata=self._endpoint.metadata)
            except grpc.RpcError as error:
                raise error_of(error, self.address, closed=channels.closed) from None
            return reply

    def stream(self, path: str, messages: Iterator[bytes], timeout: float | None) -> Generator[bytes, None, None]:
        """Send messages as they come, and yield the replies."""
        sending = _Sending(messages)
        process = os.getpid()
        with under_way() as place, (channels := self._connected()).turn() as channel:
            start: Any = channel.stream_stream(path)
            call = place.call = start(sending, timeout=timeout, metadata=self._endpoint.metadata)
            try:
                yield from call
            except grpc.RpcError as error:
                raise (sending.error or error_of(error, self.address, closed=channels.closed)) from None
            finally:
                if is_ours(process):
                    call.cancel()
        if sending.error is not None:
            raise sending.error

    def close(self) -> None:
        """Close the channels; a later call opens others."""
        if self._process != os.getpid():  # the channels are the parent's, or there are none
            return
        with under_way(), self._lock:
            channels, self._channels = self._channels, None
            if channels is not None:
                for channel in channels.close():
                    channel.close()

    def _connected(self) -> Channels[grpc.Channel]:
        with self._lock:
            if self._channels is None or self._process != os.getpid():
                # Channels inherited through fork have no threads here: they are left alone, not closed.
                self._channels = Channels(self._endpoint.addresses, partial(_channel, self._endpoint))
                self._process = os.getpid()
            return self._channels


class _Sending:
    """The messages of a call, and the error that ended them, which gRPC itself would log and forget."""

    def __init__(self, messages: Iterator[bytes]) -> None:
        self._messages = messages
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._messages)
        except StopIteration:
            raise
        except BaseException as error:  # noqa: BLE001 - raised again where the caller waits, else for ever
            self.error = error
            raise StopIteration from None


def _channel(endpoint: Endpoint, address: str) -> grpc.Channel:
    options = endpoint.options(address)
    if endpoint.credentials is None:
        channel = grpc.insecure_channel(address, options=options)
    else:
        channel = grpc.secure_channel(address, endpoint.credentials, options=options)
    track_channel(channel, of_asyncio=False)
    return channel
