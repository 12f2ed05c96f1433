"""The port where Prometheus reads the metrics: plain HTTP, one request after the other."""

import socket
from collections.abc import Callable
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from meanrev_server.addresses import Address
from meanrev_server.errors import ConfigError

__all__ = ["Exposition"]

_PATIENCE_S = 2.0
"""Seconds for which one reader may keep the next one waiting."""

_GLANCE_S = 0.1
"""Seconds between two looks at whether the server stops."""


class Exposition:
    """Answers requests for metrics in a thread of its own, so that it answers while the event loop is stuck.

    It takes one request at a time: however many readers there are, they cost one thread.

    Attributes:
        address: HOST:PORT.
    """

    def __init__(self, where: Address, registry: CollectorRegistry) -> None:
        """Listen, and start the thread.

        Args:
            where: Address to listen on; port 0 picks a free one.
            registry: The metrics.

        Raises:
            ConfigError: the address cannot be listened on.
        """
        try:
            self._server = _server((where.host.strip("[]"), where.port), make_wsgi_app(registry))
        except OSError as error:
            shown = f"{where.host}:{where.port}"
            raise ConfigError(f"cannot listen on metrics = {shown!r}: {error.strerror or error}") from None
        self.address = f"{where.host}:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(_GLANCE_S,), name="meanrev-metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, and end the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(WSGIServer):
    def server_bind(self) -> None:
        # The standard library's looks up the name of the host, which may take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the reader has left, or was too slow."""


class _ServerV6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = _PATIENCE_S

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Log nothing: a line for each reading would say nothing new."""


def _server(place: tuple[str, int], application: Callable[..., Any]) -> WSGIServer:
    family = socket.getaddrinfo(*place, type=socket.SOCK_STREAM)[0][0]
    server = (_ServerV6 if family == socket.AF_INET6 else _Server)(place, _Handler)
    server.set_app(application)
    return server
