"""The dashboard of one server: it listens, takes samples, and stops with the server."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from meanrev_server.addresses import Address, address_of
from meanrev_server.config import Settings, needs_tls
from meanrev_server.dashboard.gate import Gate
from meanrev_server.dashboard.origins import Origins
from meanrev_server.dashboard.samples import Sampler
from meanrev_server.errors import ConfigError
from meanrev_server.observation.gpus import Gpu, reader
from meanrev_server.observation.parts import Parts

if TYPE_CHECKING:
    from meanrev_server.dashboard.connections import Web

__all__ = ["Dashboard"]

log = logging.getLogger(__name__)

_OF_THE_EXTRA = frozenset({"starlette", "uvicorn", "h11", "anyio"})
_BACKLOG = 64


class Dashboard:
    """Serves the pages; nothing where the settings do not ask for them.

    Attributes:
        address: The URL; "" where it does not listen.
    """

    def __init__(self, parts: Parts, gate: Gate) -> None:
        """Listen nowhere yet.

        Args:
            parts: The server.
            gate: Opens the calls of pages.
        """
        self.address = ""
        self._parts, self._gate = parts, gate
        self._web: Web | None = None
        self._sampling: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen where the settings say, on the running event loop.

        Raises:
            ConfigError: the address cannot be listened on, or the extra [dashboard] is not installed.
        """
        settings = self._parts.settings
        if not settings.dashboard:
            return
        try:
            from meanrev_server.dashboard.connections import Web  # noqa: PLC0415 - optional
            from meanrev_server.dashboard.web import web_application  # noqa: PLC0415
        except ModuleNotFoundError as error:
            library = (error.name or "").partition(".")[0]
            if library not in _OF_THE_EXTRA:
                raise
            missing = f"{library} is not installed: pip install 'meanrev[dashboard]'"
            raise ConfigError(f"dashboard = {settings.dashboard!r} cannot be served, because {missing}") from None
        where = address_of("dashboard", settings.dashboard)
        context = _context(settings) if needs_tls(settings, where.host) else None
        listening = _listening(where)
        scheme = "http" if context is None else "https"
        sampler = Sampler(self._parts, _gpus(self._parts))
        self._parts.calls.observers.append(sampler)
        self._sampling = asyncio.ensure_future(sampler.run())
        application = web_application(self._gate, sampler, Origins(where, scheme))
        self._web = Web(application, context, settings.write_timeout_s)
        await self._web.start(listening)
        if context is not None:
            self._renewing = asyncio.ensure_future(self._renew(context))
        self.address = f"{scheme}://{where.host}:{listening.getsockname()[1]}"
        log.info("dashboard", extra={"address": self.address})

    async def stop(self, grace_s: float) -> None:
        """Stop listening, and end what is open.

        Args:
            grace_s: Seconds given to answers that are being sent.
        """
        if self._web is not None:
            await self._web.stop(grace_s)
        for task in (self._sampling, self._renewing):
            if task is not None:
                task.cancel()

    async def _renew(self, context: ssl.SSLContext) -> None:
        """Use a new certificate for new connections, once the server has read it."""
        certificate = self._parts.certificate
        served = None if certificate is None else certificate.value
        while certificate is not None:
            await asyncio.sleep(1)
            if certificate.value is not served:
                served = certificate.value
                with suppress(OSError):  # the files change again; the next change is read too
                    await asyncio.to_thread(_load, context, self._parts.settings)


def _listening(where: Address) -> socket.socket:
    """Return a socket that listens.

    Raises:
        ConfigError: the address is in use, or not of this machine.
    """
    host = where.host.strip("[]")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, where.port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(place)
            listening.listen(_BACKLOG)
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        shown = f"{where.host}:{where.port}"
        raise ConfigError(f"dashboard = {shown!r} cannot be listened on: {error.strerror or error}") from None
    listening.setblocking(False)
    return listening


def _context(settings: Settings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, settings)
    return context


def _load(context: ssl.SSLContext, settings: Settings) -> None:
    context.load_cert_chain(settings.tls_cert, settings.tls_key)


def _gpus(parts: Parts) -> Callable[[], list[Gpu]]:
    return reader() if parts.backend.name == "cuda" else list
