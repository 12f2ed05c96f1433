"""The routes of a service, made from its descriptor: a method without a handler refuses to start."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor

from meanrev_server.rpc.call import Call

__all__ = ["ALIASES", "Route", "StreamHandler", "UnaryHandler", "module_name", "routes"]

ALIASES: Mapping[str, tuple[str, ...]] = {
    "PcaPortfolios": ("PCAPortfolios",),
    "CaraOptimalWeights": ("CARAOptimalWeights",),
}
"""Spellings of an earlier schema; its clients keep calling these paths."""

UnaryHandler = Callable[[bytes, Call], Awaitable[bytes]]
StreamHandler = Callable[[Any, Call], AsyncGenerator[bytes, None]]

_CHUNK = "MatrixChunk"


@dataclass(frozen=True, slots=True)
class Route:
    """One method of a service.

    Attributes:
        path: "/package.Service/Method".
        method: The method's name in our schema, also where path is an alias.
        client_streaming: The handler takes an async iterator of messages, else one message's bytes.
        server_streaming: The handler is an async generator of messages, else a coroutine of one.
        handle: The handler.
        chunked: The client streams the chunks of a matrix, one right after the other.
    """

    path: str
    method: str
    client_streaming: bool
    server_streaming: bool
    handle: UnaryHandler | StreamHandler
    chunked: bool = False


def routes(service: ServiceDescriptor, package: str, known: Mapping[str, StreamHandler]) -> dict[str, Route]:
    """Find a handler for every method of a service.

    Args:
        service: The service's descriptor.
        package: Import package with one module a method, each with a function handle.
        known: Handlers of methods that have no such module.

    Returns:
        Routes by path, aliases included.

    Raises:
        ModuleNotFoundError: a method has no handler.
    """
    found: dict[str, Route] = {}
    for method in service.methods:
        handle = known.get(method.name) or import_module(f"{package}.{module_name(method.name)}").handle
        for name in (method.name, *ALIASES.get(method.name, ())):
            path = f"/{service.full_name}/{name}"
            streams = method.client_streaming, method.server_streaming
            found[path] = Route(path, method.name, *streams, handle, method.input_type.name == _CHUNK)
    return found


def module_name(method: str) -> str:
    """Return a method's name in snake case: EstimateOUParams is estimate_ou_params."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", method).lower()
