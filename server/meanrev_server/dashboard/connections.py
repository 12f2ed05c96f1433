"""Connections of browsers: how many, how long one may take to send or to take something, and TLS."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["MOST_CONNECTIONS", "REQUEST_S", "Web"]

MOST_CONNECTIONS = 64
"""Connections in all; a browser opens six at most to one server."""

REQUEST_S = 10.0
"""Seconds for a request to come whole, from the opening of its connection or from its first byte."""

_KEEP_ALIVE_S = 5
_MOST_HEADER_BYTES = 16 * 1024


class _Connection(H11Protocol):
    """A connection that is closed where the other side keeps it waiting, as uvicorn's own waits for ever."""

    write_timeout_s = 60.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state in {h11.IDLE, h11.SEND_BODY}:
            self._expect()
        else:
            _stop(self._request_timer)
            self._request_timer = None

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.write_timeout_s and self._write_timer is None:
            self._write_timer = self.loop.call_later(self.write_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        _stop(self._write_timer)
        self._write_timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        _stop(self._request_timer)
        self._request_timer = None
        _stop(self._write_timer)
        self._write_timer = None
        super().connection_lost(exc)

    def _expect(self) -> None:
        """Close the connection where no whole request comes; more bytes of the same request give no more time."""
        if self._request_timer is None:
            self._request_timer = self.loop.call_later(REQUEST_S, self.transport.abort)


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


class _Server(uvicorn.Server):
    """A server that leaves the signals of the process to the application."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal."""
        yield


class Web:
    """Serves an application to browsers, on the event loop that it is started on."""

    def __init__(self, application: ASGIApp, context: ssl.SSLContext | None, write_timeout_s: float) -> None:
        """Serve nothing yet.

        Args:
            application: What answers requests.
            context: What TLS needs; None is plaintext.
            write_timeout_s: Seconds for a browser to take what is sent to it; 0 is any time.
        """
        protocol = type("Connection", (_Connection,), {"write_timeout_s": write_timeout_s})
        config = uvicorn.Config(
            application,
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",  # rpc.status logs what is unexpected
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_S,
            h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
        )
        config.load()
        config.ssl = context
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self, listening: Any) -> None:
        """Accept connections.

        Args:
            listening: A bound socket.
        """
        self._serving = asyncio.ensure_future(self._server.serve(sockets=[listening]))
        while not self._server.started and not self._serving.done():  # noqa: ASYNC110 - uvicorn sets no event
            await asyncio.sleep(0.005)

    async def stop(self, grace_s: float) -> None:
        """Accept no connection any more, and close those that are open.

        Args:
            grace_s: Seconds given to answers that are being sent.
        """
        if self._serving is None:
            return
        self._server.config.timeout_graceful_shutdown = max(1, round(grace_s))
        self._server.should_exit = True
        if not grace_s:
            self._server.force_exit = True
            for task in list(self._server.server_state.tasks):
                task.cancel()
        await self._serving
