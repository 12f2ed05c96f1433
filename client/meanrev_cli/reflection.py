"""A server's services and the messages of their methods, by gRPC server reflection."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

from typing import TYPE_CHECKING

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import grpc
    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

__all__ = ["arity", "find_method", "services"]


def services(channel: grpc.Channel, timeout_s: float) -> list[ServiceDescriptor]:
    """Fetch the descriptors of every service that a server lists.

    Args:
        channel: A connected channel.
        timeout_s: Deadline of each question.

    Raises:
        grpc.RpcError: the server has no reflection, or is gone.
    """
    [listed] = _ask(channel, [ServerReflectionRequest(list_services="")], timeout_s)
    names = sorted(service.name for service in listed.list_services_response.service)
    pool = DescriptorPool()
    for file in _importing_order(_files(channel, names, timeout_s)):
        pool.Add(file)
    return [pool.FindServiceByName(name) for name in names]


def find_method(offered: Sequence[ServiceDescriptor], wanted: str) -> list[MethodDescriptor]:
    """Return the methods that a name can mean.

    Args:
        offered: A server's services.
        wanted: "Method", "Service/Method", "package.Service/Method", with a dot for the slash or a leading slash.
    """
    tail = "." + wanted.lstrip("/").replace("/", ".")
    methods = [method for service in offered for method in service.methods]
    return [method for method in methods if f".{method.full_name}".endswith(tail)]


def arity(method: MethodDescriptor) -> str:
    """Return what streams, as the schema's own words: "stream PriceUpdate -> stream OuEstimate"."""
    asked = "stream " * method.client_streaming + method.input_type.name
    answered = "stream " * method.server_streaming + method.output_type.name
    return f"{asked} -> {answered}"


def _ask(
    channel: grpc.Channel,
    questions: Sequence[ServerReflectionRequest],
    timeout_s: float,
) -> list[ServerReflectionResponse]:
    return list(ServerReflectionStub(channel).ServerReflectionInfo(iter(questions), timeout=timeout_s))


def _files(channel: grpc.Channel, names: Sequence[str], timeout_s: float) -> dict[str, FileDescriptorProto]:
    """Fetch the files of services and, where the server does not send them along, the files those import."""
    known: dict[str, FileDescriptorProto] = {}
    asked: set[str] = set()
    questions = [ServerReflectionRequest(file_containing_symbol=name) for name in names]
    while questions:
        for reply in _ask(channel, questions, timeout_s):
            files = map(FileDescriptorProto.FromString, reply.file_descriptor_response.file_descriptor_proto)
            known.update({file.name: file for file in files})
        missing = {name for file in known.values() for name in file.dependency} - set(known) - asked
        asked |= missing
        questions = [ServerReflectionRequest(file_by_filename=name) for name in sorted(missing)]
    return known


def _importing_order(known: Mapping[str, FileDescriptorProto]) -> list[FileDescriptorProto]:
    """Put each file after those that it imports."""
    ordered: dict[str, FileDescriptorProto] = {}

    def place(name: str) -> None:
        if name in known and name not in ordered:
            for dependency in known[name].dependency:
                place(dependency)
            ordered[name] = known[name]

    for name in known:
        place(name)
    return list(ordered.values())
