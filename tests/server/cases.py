"""Requests of every method, collected from tests/server/requests, where each method has its own.

The tests that all methods have in common read them from here: what a method announces, how large its answer is, what it
answers for a kept matrix, where it runs on a GPU. A module of tests/server/requests offers one or both of

- OPTIONS: by the name of a research method, options with which any matrix of prices is answered. {} without an entry.
- CASES: by a name, a function from a size to the messages of a request, and the sizes to ask with. The name is that of
  the method, and behind a comma what is special about the request. A research method without one is asked with
  OPTIONS and a matrix of 20 columns.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from meanrev_server.research.catalogue import TASKS
from meanrev_wire import meanrev_pb2, research_pb2
from tests.server.making import matrix

__all__ = ["CASES", "OPTIONS", "method_of"]

ROWS = (50, 10_000)

Case = tuple[Callable[[int], list[bytes]], tuple[int, ...]]


def collected(name: str) -> dict[str, Any]:
    """Return the entries of all modules that offer a mapping of this name."""
    found: dict[str, Any] = {}
    for path in sorted((Path(__file__).parent / "requests").glob("[!_]*.py")):
        offered: Mapping[str, Any] = getattr(import_module(f"tests.server.requests.{path.stem}"), name, {})
        twice = found.keys() & offered.keys()
        assert not twice, f"{path.name} has {sorted(twice)}, which another module has too"
        found |= offered
    return found


def method_of(name: str) -> str:
    """Return the method of a case."""
    return name.partition(",")[0]


OPTIONS: dict[str, dict[str, Any]] = {name: {} for name in TASKS} | collected("OPTIONS")

METHODS = [
    method.name
    for file in (meanrev_pb2, research_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]

CASES: dict[str, Case] = dict(
    sorted(
        ({name: (matrix(20, **OPTIONS[name]), ROWS) for name in TASKS} | collected("CASES")).items(),
        key=lambda case: METHODS.index(method_of(case[0])),
    )
)
