"""A real server on a free port of this machine, and a real client connected to it."""

from __future__ import annotations  # the client is loaded when it connects

import asyncio
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

import meanrev
from meanrev_server.app import App

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meanrev_server.config import Settings

__all__ = ["Service", "serving"]

_STARTS_WITHIN_S = 30
_GRACE_S = 1.0


class Service(NamedTuple):
    """Both ends.

    Attributes:
        client: Connected; one call has not been made yet.
        address: HOST:PORT of the server.
        backend: Where the server computes, and why there.
    """

    client: meanrev.Client
    address: str
    backend: str


@contextmanager
def serving(settings: Settings) -> Iterator[Service]:
    """Serve in a thread and connect to it.

    Args:
        settings: Their listen is the address; port 0 picks a free one.

    Yields:
        Both ends; they close when the block ends.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="meanrev-demo-server", daemon=True)
    thread.start()
    try:
        app = App(settings)
        address = asyncio.run_coroutine_threadsafe(app.start(), loop).result(_STARTS_WITHIN_S)
        try:
            with meanrev.Client(address) as client:
                yield Service(client, address, f"{app.backend.name} ({app.backend.reason})")
        finally:
            asyncio.run_coroutine_threadsafe(app.stop(_GRACE_S), loop).result(_STARTS_WITHIN_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
