"""The blocking transport: its own gRPC channel, with no event loop anywhere."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import os
import threading
from typing import TYPE_CHECKING, Any

import grpc

from meanrev.transport.forking import refuse_calls, under_way
from meanrev.transport.status import error_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from meanrev.transport.options import Endpoint

__all__ = ["BlockingTransport"]


class BlockingTransport:
    """A channel that is made at the first call, and again in a forked child.

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
        self._channel: grpc.Channel | None = None
        self._process = 0

    def unary(self, path: str, data: bytes, timeout: float) -> bytes:
        """Send one message and return the reply."""
        call: Any = self._connected().unary_unary(path)
        try:
            with under_way():
                reply: bytes = call(data, timeout=timeout, metadata=self._endpoint.metadata)
        except grpc.RpcError as error:
            raise error_of(error, self.address) from None
        return reply

    def stream(self, path: str, messages: Iterator[bytes], timeout: float | None) -> Generator[bytes, None, None]:
        """Send messages as they come, and yield the replies."""
        sending = _Sending(messages)
        start: Any = self._connected().stream_stream(path)
        call = start(sending, timeout=timeout, metadata=self._endpoint.metadata)
        process = os.getpid()
        try:
            with under_way(call):
                yield from call
        except grpc.RpcError as error:
            raise (sending.error or error_of(error, self.address)) from None
        finally:
            if process == os.getpid():  # in a forked child the call is its parent's
                call.cancel()
        if sending.error is not None:
            raise sending.error

    def close(self) -> None:
        """Close the channel; a later call opens another."""
        with self._lock:
            channel, self._channel = self._channel, None
            if channel is not None and self._process == os.getpid():
                channel.close()

    def _connected(self) -> grpc.Channel:
        with self._lock:
            if self._channel is None or self._process != os.getpid():
                # A channel inherited through fork has no threads here: it is left alone, not closed.
                refuse_calls()
                self._channel, self._process = _channel(self._endpoint), os.getpid()
            return self._channel


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


def _channel(endpoint: Endpoint) -> grpc.Channel:
    options = endpoint.options()
    if endpoint.credentials is None:
        return grpc.insecure_channel(endpoint.address, options=options)
    return grpc.secure_channel(endpoint.address, endpoint.credentials, options=options)
