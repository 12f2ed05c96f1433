"""Requests of every method, collected from tests/requests, where each method has its own.

The tests that all methods have in common read them from here: what a method announces, how large its answer is, what it
answers for a kept matrix, where it runs on a GPU. A module of tests/requests offers some of these, each a mapping from
names. A name is that of the method, and behind a comma what is special about the request.

- OPTIONS: of a research method, options with which any matrix of prices is answered. A method without an entry is asked
  without options.
- ARGUMENTS: the same as arguments of the client, by the name of the client's method.
- CASES: a function from a size to the messages of a request, and the sizes to ask with. A name of OPTIONS without an
  entry is asked with these options and a matrix of 20 columns.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from meanrev.methods.research import RESEARCH
from meanrev_server.research.catalogue import TASKS
from meanrev_wire import meanrev_pb2, research_pb2
from tests.server.making import matrix

__all__ = ["ARGUMENTS", "CASES", "OPTIONS", "method_of"]

ROWS = (50, 10_000)

Case = tuple[Callable[[int], list[bytes]], tuple[int, ...]]


def collected(name: str) -> dict[str, Any]:
    """Return the entries of all modules that offer a mapping of this name."""
    found: dict[str, Any] = {}
    for path in sorted((Path(__file__).parents[1] / "requests").glob("[!_]*.py")):
        offered: Mapping[str, Any] = getattr(import_module(f"tests.requests.{path.stem}"), name, {})
        twice = found.keys() & offered.keys()
        assert not twice, f"{path.name} has {sorted(twice)}, which another module has too"
        found |= offered
    return found


def method_of(name: str) -> str:
    """Return the method of a case."""
    return name.partition(",")[0]


OPTIONS: dict[str, dict[str, Any]] = {name: {} for name in TASKS} | collected("OPTIONS")

ARGUMENTS: dict[str, dict[str, Any]] = {name: {} for name in RESEARCH} | collected("ARGUMENTS")

METHODS = [
    method.name
    for file in (meanrev_pb2, research_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]

CASES: dict[str, Case] = dict(
    sorted(
        ({name: (matrix(20, **options), ROWS) for name, options in OPTIONS.items()} | collected("CASES")).items(),
        key=lambda case: METHODS.index(method_of(case[0])),
    )
)
