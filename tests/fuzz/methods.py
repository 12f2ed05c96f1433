"""All methods that a server answers, and who may call them."""

from typing import Any, NamedTuple

from google.protobuf import message_factory
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from meanrev_server.rpc.registry import ALIASES
from meanrev_wire import meanrev_pb2, research_pb2

__all__ = ["CHUNKED", "ENDLESS", "METHODS", "Method"]


class Method(NamedTuple):
    """One method.

    Attributes:
        name: "PcaPortfolios"; of health and reflection with the service, "Health.Check".
        paths: All paths under which it is called.
        message: Class of its requests.
        takes_stream: Whether its client sends a stream.
        sends_stream: Whether its server does.
    """

    name: str
    paths: tuple[str, ...]
    message: Any
    takes_stream: bool
    sends_stream: bool


def _found():
    for file in (meanrev_pb2, research_pb2, health_pb2, reflection_pb2):
        for service in file.DESCRIPTOR.services_by_name.values():
            ours = file in {meanrev_pb2, research_pb2}
            for method in service.methods:
                names = (method.name, *(ALIASES.get(method.name, ()) if ours else ()))
                yield Method(
                    method.name if ours else f"{service.name}.{method.name}",
                    tuple(f"/{service.full_name}/{name}" for name in names),
                    message_factory.GetMessageClass(method.input_type),
                    method.client_streaming,
                    method.server_streaming,
                )


METHODS = {method.name: method for method in _found()}

CHUNKED = tuple(name for name, method in METHODS.items() if method.message is research_pb2.MatrixChunk)
"""Methods that take the chunks of a matrix."""

ENDLESS = frozenset({"PortfolioHealthStream", "WatchJob", "Health.Watch", "ServerReflection.ServerReflectionInfo"})
"""Methods whose replies may never end; their caller has to leave."""
