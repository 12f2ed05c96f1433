"""The routing table, built from the service's descriptor: a method without a handler refuses to start."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from meanrev_server.rpc.call import Call

__all__ = ["ALIASES", "Route", "StreamHandler", "UnaryHandler", "module_name", "routes"]

ALIASES: Mapping[str, tuple[str, ...]] = {
    "PcaPortfolios": ("PCAPortfolios",),
    "CaraOptimalWeights": ("CARAOptimalWeights",),
}
"""Spellings of an earlier schema; its clients keep calling these paths."""

UnaryHandler = Callable[[bytes, Call], Awaitable[bytes]]
StreamHandler = Callable[[Any, Call], AsyncGenerator[bytes, None]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of a service.

    Attributes:
        path: "/package.Service/Method".
        method: The method's name in our schema, also where path is an alias.
        client_streaming: The handler takes an async iterator of messages, else one message's bytes.
        server_streaming: The handler is an async generator of messages, else a coroutine of one.
        handle: The handler.
    """

    path: str
    method: str
    client_streaming: bool
    server_streaming: bool
    handle: UnaryHandler | StreamHandler


def routes(service: ServiceDescriptor, package: str) -> dict[str, Route]:
    """Find a handler for every method of a service.

    Args:
        service: The service's descriptor.
        package: Import package with one module a method, each with a function handle.

    Returns:
        Routes by path, aliases included.

    Raises:
        ModuleNotFoundError: a method has no handler.
    """
    table: dict[str, Route] = {}
    for method in service.methods:
        for name in (method.name, *ALIASES.get(method.name, ())):
            path = f"/{service.full_name}/{name}"
            table[path] = _route(method, path, package)
    return table


def module_name(method: str) -> str:
    """Return a method's name in snake case: EstimateOUParams is estimate_ou_params."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", method).lower()


def _route(method: MethodDescriptor, path: str, package: str) -> Route:
    module = import_module(f"{package}.{module_name(method.name)}")
    return Route(
        path=path,
        method=method.name,
        client_streaming=method.client_streaming,
        server_streaming=method.server_streaming,
        handle=module.handle,
    )
