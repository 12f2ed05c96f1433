"""The health and reflection services, which answer under any load, and therefore have small limits of their own.

gRPC's own health servicer writes to its watchers while it holds a lock, so that one that does not read would keep the
server from changing its state, and from stopping.
"""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import asyncio
import time
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from meanrev_server.authentication import ASKS_NOBODY, Authentication
from meanrev_server.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Health", "Reflection"]

_MOST_WATCHES = 256
_MOST_REFLECTIONS = 16
_REFLECTION_S = 0.01
"""Least time between two answers about the services, of all calls together; each takes about a tenth of it."""

_Context = grpc.aio.ServicerContext


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc] # it has no types
    """The states of the services."""

    def __init__(self) -> None:
        """Begin without a service."""
        self._states: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._watches = 0
        self._stopping = False

    def set(self, service: str, state: int) -> None:
        """Announce the state of a service; after stop nothing changes any more.

        Args:
            service: Its full name; "" is the server.
            state: A ServingStatus.
        """
        if not self._stopping:
            self._states[service] = state
            self._wake()

    def stop(self) -> None:
        """Announce that no service is served any more, and end all watches."""
        self._states = dict.fromkeys(self._states, health_pb2.HealthCheckResponse.NOT_SERVING)
        self._stopping = True
        self._wake()

    async def Check(self, request: Any, context: _Context[Any, Any]) -> Any:  # noqa: N802 - gRPC's name
        """Answer with the state of a service now."""
        if request.service not in self._states:
            await context.abort(grpc.StatusCode.NOT_FOUND, "the server has no such service")
        return health_pb2.HealthCheckResponse(status=self._states[request.service])

    async def List(self, request: Any, context: _Context[Any, Any]) -> Any:  # noqa: N802 - gRPC's name
        """Answer with the states of all services now."""
        states = {name: health_pb2.HealthCheckResponse(status=state) for name, state in self._states.items()}
        return health_pb2.HealthListResponse(statuses=states)

    async def Watch(self, request: Any, context: _Context[Any, Any]) -> AsyncIterator[Any]:  # noqa: N802 - gRPC's name
        """Answer with the state of a service now, and whenever it changes."""
        if self._watches >= _MOST_WATCHES:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{_MOST_WATCHES} watches are open; use Check")
        self._watches += 1
        try:
            last = None
            while True:
                changed = self._changed
                state = self._states.get(request.service, health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)
                if state != last:
                    last = state
                    yield health_pb2.HealthCheckResponse(status=state)
                elif self._stopping:
                    return
                else:
                    await changed.wait()
        finally:
            self._watches -= 1

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Reflection(reflection.aio.ReflectionServicer):  # type: ignore[misc] # it has no types
    """The descriptions of the services, a hundred a second at most."""

    def __init__(self, service_names: tuple[str, ...], authentication: Authentication = ASKS_NOBODY) -> None:
        """Describe these services.

        Args:
            service_names: Their full names.
            authentication: Which certificates are revoked; tokens are checked before a call gets here.
        """
        super().__init__(service_names)
        self._authentication = authentication
        self._open = 0
        self._free_at = 0.0

    async def ServerReflectionInfo(  # noqa: N802 - gRPC's name
        self, request_iterator: AsyncIterator[Any], unused_context: _Context[Any, Any]
    ) -> AsyncIterator[Any]:
        """Answer each question in its turn."""
        try:
            self._authentication.unrevoked(unused_context.auth_context())
        except Unauthenticated as refusal:
            await unused_context.abort(grpc.StatusCode.UNAUTHENTICATED, str(refusal))
        if self._open >= _MOST_REFLECTIONS:
            said = f"{_MOST_REFLECTIONS} clients ask about the services; try again later"
            await unused_context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, said)
        self._open += 1
        try:
            async for answer in super().ServerReflectionInfo(self._paced(request_iterator), unused_context):
                yield answer
        finally:
            self._open -= 1

    async def _paced(self, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for request in requests:
            now = time.monotonic()
            turn = max(now, self._free_at)
            self._free_at = turn + _REFLECTION_S
            if turn > now:
                await asyncio.sleep(turn - now)
            yield request
