"""The application: it builds all parts of a server from its settings, and starts and stops it."""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import grpc
import msgspec
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from meanrev_server import compute_backend, heap, installed, tls, weights_stream
from meanrev_server.admission import Admission, Ticket
from meanrev_server.authentication import authentication_of
from meanrev_server.batcher import QueueLimits
from meanrev_server.capacity import Capacity
from meanrev_server.config import Settings
from meanrev_server.dashboard.dashboard import Dashboard
from meanrev_server.dashboard.gate import Gate
from meanrev_server.launcher import Launcher
from meanrev_server.listener import listen
from meanrev_server.observation.observation import Observation
from meanrev_server.observation.parts import Identity, Parts
from meanrev_server.records import Calls
from meanrev_server.research import job_run, stream
from meanrev_server.rpc.adapter import Service
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.counted import Standard, Unknown
from meanrev_server.rpc.guard import guarded
from meanrev_server.rpc.overdue import Patience
from meanrev_server.rpc.probes import Health, Reflection
from meanrev_server.rpc.pushback import Pushback
from meanrev_server.rpc.registry import Route, routes
from meanrev_server.rules import analyse_structs
from meanrev_server.state.stores import State
from meanrev_server.transport import channel_options, most_connections
from meanrev_server.watched_files import Watched, watch
from meanrev_wire import meanrev_pb2, research_pb2

__all__ = ["App", "run_grpc_server"]

log = logging.getLogger(__name__)

K = TypeVar("K", QueueLimits, Capacity, Patience)

_SERVICES = (
    meanrev_pb2.DESCRIPTOR.services_by_name["MeanRevService"],
    research_pb2.DESCRIPTOR.services_by_name["MeanRevResearch"],
)
_NAMES = tuple(service.full_name for service in _SERVICES)
_HANDLERS = "meanrev_server.handlers"


class App:
    """All parts of one server.

    It works without a socket too: the in-process mode uses routes and call.

    Attributes:
        settings: The settings that it was built from.
        backend: Where the maths runs, and why there.
        routes: Guarded routes by path, aliases included.
        call: What handlers may use.
        address: HOST:PORT or unix:/path once started, else "".
        calls: The calls that come over the socket.
        observation: What it shows of itself.
        dashboard: Its pages for a browser.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        """Build all parts; the server does not listen yet.

        Args:
            settings: Defaults where None.

        Raises:
            ConfigError: a file of the certificate or of the tokens cannot be used.
        """
        self.settings = settings or Settings()
        self._certificate = tls.certificate_of(self.settings)
        self._authentication = authentication_of(self.settings)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.backend, selection, prepare, self._fleet = compute_backend.choose(self.settings, self._worker_changed)
        self._launcher = Launcher(self.settings.compute_threads, selection, prepare, _of(self.settings, QueueLimits))
        self.call = Call(
            settings=self.settings,
            backend=self.backend,
            state=State(self.settings),
            launcher=self._launcher,
        )
        known = {**stream.HANDLERS, **weights_stream.HANDLERS}
        self.routes: Mapping[str, Route] = {
            path: guarded(route) for service in _SERVICES for path, route in routes(service, _HANDLERS, known).items()
        }
        analyse_structs()
        self.address = ""
        self.calls = Calls()
        self._admission = Admission(_of(self.settings, Capacity))
        self.observation = Observation(self._parts())
        gate = Gate(self.routes, self.call, self._admission, self.calls, self._authentication)
        self.dashboard = Dashboard(self._parts(), gate)
        self._server: grpc.aio.Server | None = None
        self._health = Health()

    async def start(self) -> str:
        """Listen, and return the address.

        Raises:
            ConfigError: the address cannot be listened on, or is reachable from outside without insecure.
            StateUnusable: the state directory cannot be used.
        """
        self.settings.check()
        await self.call.state.open(self.backend.name)
        try:
            await self._serve()
        except BaseException:
            await self.call.state.close()
            raise
        return self.address

    async def _serve(self) -> None:
        self._server = server = grpc.aio.server(options=channel_options(self.settings, most_connections(self.settings)))
        service = self._service()
        server.add_generic_rpc_handlers((service,))
        standard = Standard(server, self.calls)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, standard)
        names = (*_NAMES, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflected = Reflection(names, self._authentication)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(reflected, standard)
        server.add_generic_rpc_handlers((Unknown(self.calls),))  # the last, which sees what the others do not have
        self.address = listen(server, self.settings.listen, self._certificate)
        await self.observation.start()
        await self.dashboard.start()
        await server.start()
        self._loop = asyncio.get_running_loop()
        if files := self._watched():
            self._in_background(watch(files, service.end_revoked))
        self._in_background(heap.give_back())
        self._say_whether_serving()
        job_run.resume(self.call, lambda identity: Ticket(self._admission, identity))
        if self.settings.exposed:
            log.warning("other machines can reach this server in plaintext", extra={"address": self.address})
        log.info("serving", extra={"address": self.address, "backend": self.backend.name})
        if self.backend.name == "numpy" and self.backend.missing:  # it was not asked for
            log.warning("no compiled kernels: NumPy computes, which is slower", extra={"reasons": self.backend.missing})

    def _service(self) -> Service:
        pushback = Pushback(self.settings.retry_pushback_ms)
        patience = _of(self.settings, Patience)
        return Service(self.routes, self.call, self._admission, patience, pushback, self.calls, self._authentication)

    def _watched(self) -> list[Watched[Any]]:
        asked = self._authentication
        return [files for files in (self._certificate, asked.tokens, asked.revoked) if files is not None]

    def _parts(self) -> Parts:
        methods = {route.method: path[1:] for path, route in self.routes.items() if path.endswith(f"/{route.method}")}
        return Parts(
            settings=self.settings,
            identity=Identity(installed.MEANREV, methods),
            backend=self.backend,
            calls=self.calls,
            launcher=self._launcher,
            admission=self._admission,
            state=self.call.state,
            files=self._watched(),
            certificate=self._certificate,
            fleet=self._fleet,
        )

    async def stop(self, grace_s: float | None = None) -> None:
        """Turn health to NOT_SERVING, let calls in flight finish, and close.

        Args:
            grace_s: Seconds given to calls in flight; the setting's where None.
        """
        if self._server is not None:
            self._health.stop()
            self.call.stopping.set()
            for work in tuple(self.call.background):
                work.cancel()
            grace_s = self.settings.grace_s if grace_s is None else grace_s
            await asyncio.gather(self._server.stop(grace_s), self.dashboard.stop(grace_s))
            await self.call.state.close()
            log.info("stopped", extra={"address": self.address})
        await self.observation.stop()
        await asyncio.to_thread(self.close)  # a worker may take seconds to end

    def close(self) -> None:
        """Release the compute threads, and the worker; for an App that never listened."""
        self._launcher.close()
        if self._fleet is not None:
            self._fleet.close()

    def _worker_changed(self) -> None:
        """Announce a change of the worker, which calls this in a thread of its own."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                self._loop.call_soon_threadsafe(self._say_whether_serving)

    def _in_background(self, coroutine: Coroutine[Any, Any, None]) -> None:
        work = asyncio.ensure_future(coroutine)
        self.call.background.add(work)
        work.add_done_callback(self.call.background.discard)

    def _say_whether_serving(self) -> None:
        serving = self._fleet is None or self._fleet.ready
        state = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", *_NAMES):
            self._health.set(name, state)

    async def run(self, ready: Callable[[str], None]) -> None:
        """Serve until SIGINT or SIGTERM; a second signal stops at once.

        Args:
            ready: Called with the address once it is listened on.
        """
        loop = asyncio.get_running_loop()
        asked, again = asyncio.Event(), asyncio.Event()

        def signalled() -> None:  # one for all signals, because the second may come before the first has any effect
            (again if asked.is_set() else asked).set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, signalled)
        with self.observation.dumping():
            ready(await self.start())
            await self._until_stopped(asked, again)

    async def _until_stopped(self, asked: asyncio.Event, again: asyncio.Event) -> None:
        await asked.wait()
        stopping, hurry = asyncio.create_task(self.stop()), asyncio.create_task(again.wait())
        await asyncio.wait((stopping, hurry), return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not stopping.done():
            await self.stop(0)
        await stopping


async def run_grpc_server(host: str = "127.0.0.1", port: int = 50051, settings: Settings | None = None) -> None:
    """Serve inside an application's own event loop until cancelled.

    Args:
        host: Address to listen on.
        port: Port; 0 picks a free one.
        settings: Everything else.

    Raises:
        ConfigError: the address cannot be listened on, or is reachable from outside without insecure.
    """
    chosen = msgspec.structs.replace(settings or Settings(), listen=f"{host}:{port}")
    # In a thread, because choosing a backend may compile kernels, which would block the application's event loop.
    app = await asyncio.to_thread(App, chosen)
    try:
        await app.start()
        await asyncio.Event().wait()
    finally:
        await app.stop()


def _of(settings: Settings, kind: type[K]) -> K:
    """Return the limits of a part of the server; their fields are named as the settings are."""
    return kind(*(getattr(settings, name) for name in kind._fields))
