"""The bases of both generations' clients: made from host and port, they call through a Client or an AsyncClient."""

import functools
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from meanrev.aio import AsyncClient
from meanrev.client import Client
from meanrev.question import Awaiting, Blocking, Live, Question

__all__ = ["AsyncioBase", "BlockingBase", "function", "live_function"]

P = ParamSpec("P")
R = TypeVar("R")


class BlockingBase(Blocking):
    """A blocking client of an earlier generation, without its methods."""

    def __init__(self, host: str | None = None, port: int | None = None, timeout: float | None = None) -> None:
        """Decide where calls go; the first one connects.

        Args:
            host: Host, HOST:PORT or "local"; None means MEANREV_HOST, else "local" where port is not given either.
            port: Port; 50051 where None.
            timeout: Seconds a call may take.
        """
        self._client = Client(_address(host, port), timeout=timeout)
        self.address = self._client.address

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect; a later call connects again."""
        self._client.close()

    def bind(self, declare: Callable[P, Question[R]]) -> Callable[P, R]:
        """Return the method that asks what declare declares."""
        return self._client.bind(declare)

    def bind_live(self, declare: Callable[P, Live[R]]) -> Callable[P, Iterator[R]]:
        """Return the method that streams what declare declares."""
        return self._client.bind_live(declare)


class AsyncioBase(Awaiting):
    """An asyncio client of an earlier generation, without its methods."""

    def __init__(self, host: str | None = None, port: int | None = None, timeout: float | None = None) -> None:
        """Decide where calls go; the first one connects.

        Args:
            host: Host, HOST:PORT or "local"; None means MEANREV_HOST, else "local" where port is not given either.
            port: Port; 50051 where None.
            timeout: Seconds a call may take.
        """
        self._client = AsyncClient(_address(host, port), timeout=timeout)
        self.address = self._client.address

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Disconnect this event loop; a later call connects again."""
        await self._client.close()

    def bind(self, declare: Callable[P, Question[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        """Return the coroutine function that asks what declare declares."""
        return self._client.bind(declare)

    def bind_live(self, declare: Callable[P, Live[R]]) -> Callable[P, AsyncIterator[R]]:
        """Return the asynchronous generator function that streams what declare declares."""
        return self._client.bind_live(declare)


def function(declare: Callable[P, Question[R]]) -> Callable[P, R]:
    """Return a declaration as a plain function: computed by MEANREV_HOST's server, else in this process."""

    @functools.wraps(declare)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        return _default(os.environ.get("MEANREV_HOST")).bind(declare)(*args, **kwargs)

    return asked


def live_function(declare: Callable[P, Live[R]]) -> Callable[P, Iterator[R]]:
    """Return a declaration of a stream as a plain function, likewise."""

    @functools.wraps(declare)
    def asked(*args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
        return _default(os.environ.get("MEANREV_HOST")).bind_live(declare)(*args, **kwargs)

    return asked


@functools.lru_cache(maxsize=8)
def _default(address: str | None) -> Client:
    return Client(address)


def _address(host: str | None, port: int | None) -> str | None:
    if port is None:
        return host
    return f"{host or 'localhost'}:{port}"
