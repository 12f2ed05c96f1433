"""`meanrev info`: a server's services, versions, backend and limits."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import json
import statistics
import time
from typing import TYPE_CHECKING, Any

import click
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rich.console import Group
from rich.table import Table
from rich.text import Text

from meanrev_cli.reflection import arity, services
from meanrev_cli.remote import address_of, connected, failure_of, timeout_flag
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.versions import of_this_installation
from meanrev_wire import meanrev_pb2, research_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import ServiceDescriptor

__all__ = ["info"]

_ROUNDS = 20
_GIB = 1024**3
_OUR_PACKAGE = "meanrev."
_FILES = (meanrev_pb2, research_pb2)
_RESEARCH = "meanrev.MeanRevResearch"


@click.command()
@click.argument("host", required=False)
@timeout_flag
@shared_flags
def info(shared: Shared, host: str | None, timeout_s: float) -> None:
    """Show what the server at HOST offers, from its reflection and its health service.

    HOST is HOST:PORT or unix:/path; without it MEANREV_HOST, then the configured listen address. The schema is
    compared with the one that this client was built with. Version, backend and limits come from the method Info, where
    the server has one.
    """
    address = address_of(shared, host)
    with connected(address, timeout_s) as channel:
        try:
            offered = services(channel, timeout_s)
            stub = health_pb2_grpc.HealthStub(channel)
            statuses = {service.full_name: _status(stub, service.full_name, timeout_s) for service in offered}
            latency_ms = _latency_ms(stub, timeout_s)
            facts = _facts(channel, timeout_s) if _RESEARCH in statuses else None
        except grpc.RpcError as error:
            raise failure_of(error, address, timeout_s) from None
    document: dict[str, Any] = {
        "address": address,
        "latency_ms": round(latency_ms, 3),
        "server": facts,
        "services": {
            service.full_name: {
                "health": statuses[service.full_name],
                "methods": {method.name: arity(method) for method in service.methods},
            }
            for service in offered
        },
        "schema": _difference(offered),
        "client_versions": of_this_installation(),
    }
    shared.show(document, _picture(document))


def _status(stub: health_pb2_grpc.HealthStub, service: str, timeout_s: float) -> str | None:
    try:
        reply = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=timeout_s)
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return None
        raise
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status))


def _facts(channel: grpc.Channel, timeout_s: float) -> dict[str, Any]:
    """Return what the server reports of itself."""
    ask: Any = channel.unary_unary(
        f"/{_RESEARCH}/Info",
        request_serializer=research_pb2.InfoRequest.SerializeToString,
        response_deserializer=research_pb2.InfoResponse.FromString,
    )
    reply = ask(research_pb2.InfoRequest(), timeout=timeout_s)
    facts = {field.name: getattr(reply, field.name) for field in reply.DESCRIPTOR.fields if field.name != "metadata"}
    return {**facts, **json.loads(reply.metadata or "{}")}


def _latency_ms(stub: health_pb2_grpc.HealthStub, timeout_s: float) -> float:
    def once() -> float:
        start = time.perf_counter()
        stub.Check(health_pb2.HealthCheckRequest(), timeout=timeout_s)
        return time.perf_counter() - start

    return 1e3 * statistics.median(once() for _ in range(_ROUNDS))


def _difference(offered: list[ServiceDescriptor]) -> str:
    """Compare a server's schema with this client's, by fields and methods."""
    theirs = {name for service in offered if service.full_name.startswith(_OUR_PACKAGE) for name in _parts(service)}
    names = {service.full_name for service in offered}
    known = [service for file in _FILES for service in file.DESCRIPTOR.services_by_name.values()]
    ours = {name for service in known if service.full_name in names for name in _parts(service)}
    phrases = [
        f"{side} {', '.join(sorted(parts)[:6])}{' ...' if len(parts) > 6 else ''}"
        for side, parts in (("the server lacks", ours - theirs), ("this client does not know", theirs - ours))
        if parts
    ]
    return "; ".join(phrases) or "same as this client's"


def _parts(service: ServiceDescriptor) -> set[str]:
    parts = {f"{method.full_name}: {arity(method)}" for method in service.methods}
    waiting = [message for method in service.methods for message in (method.input_type, method.output_type)]
    seen = set()
    while waiting:
        message = waiting.pop()
        if message.full_name not in seen:
            seen.add(message.full_name)
            parts |= {f"{field.full_name} = {field.number}" for field in message.fields}
            waiting += [field.message_type for field in message.fields if field.message_type is not None]
    return parts


def _picture(document: dict[str, Any]) -> Group:
    facts = Table.grid(padding=(0, 2))
    facts.add_row("address", Text(document["address"]))
    facts.add_row("round trip", f"{document['latency_ms']:.2f} ms (median of {_ROUNDS} health checks)")
    facts.add_row("schema", Text(document["schema"]))
    if document["server"] is not None:
        for words in _served(document["server"]):
            facts.add_row(*(Text(word) for word in words))
    facts.add_row(
        "this client", ", ".join(f"{name} {version}" for name, version in document["client_versions"].items())
    )
    parts: list[Text | Table] = [facts]
    for name, service in document["services"].items():
        table = Table.grid(padding=(0, 2))
        for method, streams in service["methods"].items():
            table.add_row(Text(f"  {method}"), Text(streams, style="dim"))
        parts += [Text.assemble("\n", (name, "bold"), f"  {service['health'] or ''}"), table]
    return Group(*parts)


def _served(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "server", f"meanrev {facts['version']}, up {facts['uptime_s']:.0f} s"
    yield "backend", f"{facts['backend']}: {facts['backend_reason']}"
    yield "device", f"{facts['device']}, {facts['cpus']} CPUs"
    if facts["device_memory_total"]:
        yield (
            "device memory",
            f"{facts['device_memory_free'] / _GIB:.1f} of {facts['device_memory_total'] / _GIB:.1f} GiB free",
        )
    message, matrix = facts["max_message_bytes"] / _GIB * 1024, facts["max_matrix_bytes"] / _GIB
    yield "limits", f"{message:.0f} MiB a message, {matrix:.3g} GiB a matrix, {facts['max_cells']:,} cells a sweep"
