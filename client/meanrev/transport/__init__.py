"""The interface of the transports, which carry bytes to a server and back."""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

# Before its first import: gRPC would write lines of its own to stderr, such as one at every fork. Our errors say what
# matters of them, and GRPC_VERBOSITY=debug brings them back.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

__all__ = ["AsyncTransport", "Extension", "Transport"]


class Transport(Protocol):
    """A blocking way to a server; safe to share between threads.

    Attributes:
        address: Where the server is, for messages.
    """

    address: str

    def unary(self, path: str, data: bytes, timeout: float) -> bytes:
        """Send one message and return the reply.

        Raises:
            MeanRevError: the call ended with another status than OK.
        """

    def stream(self, path: str, messages: Iterator[bytes], timeout: float | None) -> Generator[bytes, None, None]:
        """Send messages as they come, and yield the replies.

        Raises:
            MeanRevError: the call ended with another status than OK.
            Exception: whatever messages raises.
        """

    def close(self) -> None:
        """Release the connection; a later call connects again."""


class AsyncTransport(Protocol):
    """An asyncio way to a server.

    Attributes:
        address: Where the server is, for messages.
    """

    address: str

    async def unary(self, path: str, data: bytes, timeout: float) -> bytes:  # noqa: ASYNC109 - a gRPC deadline
        """Send one message and return the reply.

        Raises:
            MeanRevError: the call ended with another status than OK.
        """

    def stream(self, path: str, messages: AsyncIterator[bytes], timeout: float | None) -> AsyncGenerator[bytes, None]:
        """Send messages as they come, and yield the replies.

        Raises:
            MeanRevError: the call ended with another status than OK.
            Exception: whatever messages raises.
        """

    async def close(self) -> None:
        """Release the connection; a later call connects again."""


class Extension(Protocol):
    """What the entry point "local" of the group "meanrev.extensions" offers."""

    def transport(self) -> Transport:
        """Return a blocking way to the server in this process."""

    def async_transport(self) -> AsyncTransport:
        """Return an asyncio way to the server in this process."""

    def serve(self, listen: str, settings: dict[str, Any]) -> AbstractContextManager[str]:
        """Return a context with a listening server in a process of its own; its value is the address."""
