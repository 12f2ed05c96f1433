"""The research tasks by method, found from the service's descriptor: a method without a task refuses to start."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from google.protobuf.descriptor import MethodDescriptor

from meanrev_server.research.task import Task
from meanrev_server.rpc.registry import module_name
from meanrev_wire import research_pb2

__all__ = ["TASKS"]

_SERVICE = research_pb2.DESCRIPTOR.services_by_name["MeanRevResearch"]
_PACKAGE = "meanrev_server.research.tasks"


def _is_research(method: MethodDescriptor) -> bool:
    """Return whether a method takes a matrix in chunks and streams its progress."""
    return bool(method.input_type is research_pb2.MatrixChunk.DESCRIPTOR and method.server_streaming)


TASKS: Mapping[str, Task[Any]] = {
    method.name: import_module(f"{_PACKAGE}.{module_name(method.name)}").TASK
    for method in _SERVICE.methods
    if _is_research(method)
}
"""Every research method; each can be a job too."""
