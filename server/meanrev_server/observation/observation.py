"""Everything that a server shows of itself, built from its settings, started and stopped with it."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from meanrev_server.addresses import address_of
from meanrev_server.observation.call_log import CallLog, wanted
from meanrev_server.observation.channelz import Channelz
from meanrev_server.observation.dump import Dumper
from meanrev_server.observation.export import exporting
from meanrev_server.observation.exposition import Exposition
from meanrev_server.observation.gpus import reader
from meanrev_server.observation.loop_lag import LoopLag
from meanrev_server.observation.metrics import registry_of
from meanrev_server.observation.parts import Parts
from meanrev_server.observation.tallies import CallTallies

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["Observation"]

log = logging.getLogger(__name__)

_FAREWELL_S = 5.0
"""Seconds in which the last spans must have been sent."""


class Observation:
    """What one server shows of itself.

    Attributes:
        metrics_address: HOST:PORT where Prometheus reads; "" where it does not.
        channelz_address: HOST:PORT of channelz; "" where there is none.
    """

    def __init__(self, parts: Parts) -> None:
        """Show nothing yet.

        Args:
            parts: The server.
        """
        self.metrics_address = self.channelz_address = ""
        self._parts = parts
        self._lag = LoopLag()
        self._call_log: CallLog | None = None
        self._exposition: Exposition | None = None
        self._channelz: Channelz | None = None
        self._provider: TracerProvider | None = None

    async def start(self) -> None:
        """Show what the settings ask for, on the running event loop.

        Raises:
            ConfigError: an address cannot be listened on, or a library is not installed.
        """
        settings = self._parts.settings
        self._lag.start()
        if (which := wanted(settings)) is not None:
            self._call_log = CallLog(which)
            self._parts.calls.observers.append(self._call_log)
        if settings.tracing != "off":
            self._trace()
        if settings.metrics:
            self._expose()
        if settings.channelz:
            self._channelz = Channelz(settings.channelz)
            await self._channelz.start()
            self.channelz_address = self._channelz.address
            log.info("channelz", extra={"address": self.channelz_address})

    async def stop(self) -> None:
        """Show nothing any more; the last lines and spans are sent."""
        self._lag.stop()
        if self._call_log is not None:
            self._call_log.flush()
        if self._channelz is not None:
            await self._channelz.stop()
        if self._exposition is not None:
            await asyncio.to_thread(self._exposition.close)
        if self._provider is not None:
            with suppress(TimeoutError):  # there is no collector
                await asyncio.wait_for(asyncio.to_thread(self._provider.shutdown), _FAREWELL_S)

    @contextmanager
    def dumping(self) -> Iterator[None]:
        """Log the server's state on SIGUSR1 while the context is open, in the main thread of a process of its own."""
        dumper = Dumper(self._parts, self._lag)
        dumper.start()
        try:
            yield
        finally:
            dumper.stop()

    def _trace(self) -> None:
        self._provider = exporting(self._parts.identity)
        from meanrev_server.observation.tracing import Tracing  # noqa: PLC0415 - it imports OpenTelemetry

        self._parts.calls.traced = True
        self._parts.calls.observers.append(Tracing(self._provider, self._parts.identity))

    def _expose(self) -> None:
        tallies = CallTallies()
        self._parts.calls.observers.append(tallies)
        gpus = reader() if self._uses_gpu() else list
        registry = registry_of(self._parts, tallies, self._lag, gpus)
        self._exposition = Exposition(address_of("metrics", self._parts.settings.metrics), registry)
        self.metrics_address = self._exposition.address
        log.info("metrics", extra={"address": self.metrics_address})

    def _uses_gpu(self) -> bool:
        return self._parts.backend.name == "cuda"
