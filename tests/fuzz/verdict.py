"""What an answer or a log line may never be or hold."""

import ast
import json
import re
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import gpu_kernels
import meanrev
import meanrev_local
import meanrev_server
import meanrev_wire
import meanrev_worker
from meanrev_wire import meanrev_pb2, research_pb2
from tests.fuzz.draw import MARKED_NAME, MARKED_WHOLE

__all__ = ["REFUSALS", "Answer", "of_answer", "of_log"]

PACKAGES = (gpu_kernels, meanrev, meanrev_local, meanrev_server, meanrev_wire, meanrev_worker)

REFUSALS = frozenset(
    {
        "INVALID_ARGUMENT",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "NOT_FOUND",
        "UNAUTHENTICATED",
        "PERMISSION_DENIED",
    }
)
"""Codes by which a server may refuse any request."""
_OF_THE_CALLER = frozenset({"DEADLINE_EXCEEDED", "CANCELLED"})
"""Codes of calls that their client ends, or keeps the server waiting with."""

_MARKED = re.compile(rf"{MARKED_NAME}\d*|{MARKED_WHOLE}\.\d+")


def _class_names():
    """Return the names of our classes that no English sentence contains, without those of the messages."""
    wire = {name for file in (meanrev_pb2, research_pb2) for name in file.DESCRIPTOR.message_types_by_name}
    wire |= {
        method.name
        for file in (meanrev_pb2, research_pb2)
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    for package in PACKAGES:
        for path in Path(package.__file__).parent.rglob("*.py"):
            if "_pb2" not in path.name:
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.ClassDef) and re.fullmatch(r"(?:[A-Z][a-z]+){2,}", node.name):
                        yield from {node.name} - wire


@cache
def _inner():
    """Return the pattern of what no reply may say: places in our code, and names of its modules, classes and errors."""
    folders = {Path(meanrev_server.__file__).parents[1], sys.prefix, Path.home(), tempfile.gettempdir()}
    places = "|".join(sorted(re.escape(str(folder)) for folder in folders))
    classes = "|".join(sorted(set(_class_names())))
    modules = r"\b(?:gpu_kernels|meanrev_\w+|numpy|msgspec|google)\b"
    errors = r"\b\w+(?:Error|Exception)\b"
    return re.compile(
        rf"Traceback|\bat 0x|\.py\b|\.so\b|\bsite-packages\b|{places}|{modules}|{errors}|\b(?:{classes})\b"
    )


class Answer(NamedTuple):
    """How a call ended.

    Attributes:
        code: Name of its status.
        said: The text of the status, and what its trailing metadata say of it.
        seconds: From its begin to its end.
    """

    code: str
    said: str
    seconds: float


def of_answer(asked, answer):
    """Return what is wrong with an answer, "" where nothing is."""
    code, said, _ = answer
    if code != "OK" and code not in REFUSALS and not (code in _OF_THE_CALLER and asked.impatient):
        return f"{code}: {said[:300]}"
    return "" if code == "OK" or code in _OF_THE_CALLER else _of_refusal(asked, code, said)


def _of_refusal(asked, code, said):
    found = ""
    if asked.token in {"wrong", "none"} and code != "UNAUTHENTICATED" and not asked.method.startswith("Health."):
        found = f"{code} without a token that the server knows"
    elif not said.strip():
        found = f"{code} without a word"
    elif inner := _inner().search(said):
        found = f"an answer tells {inner[0]!r} of the server"
    elif asked.kind != "wire" and (others := {mark for mark in _whole_marks(said) if _of_another(asked, mark)}):
        found = f"an answer holds what another caller's request carries, {sorted(others)}"
    return found and f"{found}: {said[:300]}"


def _whole_marks(said):
    """Return the marks in a text; one that was cut off tells nothing."""
    return {mark[0] for mark in _MARKED.finditer(said) if not said.startswith("...", mark.end())}


def _of_another(asked, mark):
    """Return whether a mark is that of another caller.

    Numbers of requests of one caller are even, those of the other are odd. A caller's own marks come back in errors and
    by its portfolios and published prices. A price that became a 32-bit number has lost its number.
    """
    digits = mark.removeprefix(MARKED_NAME) if mark.startswith(MARKED_NAME) else mark.partition(".")[2].ljust(9, "0")
    return len(digits) == 9 and int(digits) > 0 and int(digits) % 2 != asked.number % 2


def of_log(line):
    """Return what is wrong with a line of the server's log, "" where nothing is, and the line's fields."""
    try:
        fields = json.loads(line)
    except ValueError:
        return f"a log line that is no JSON: {line[:600]}", {}
    if mark := _MARKED.search(line):
        return f"the log holds a caller's {mark[0]!r}: {line[:600]}", fields
    if fields.get("level") in {"error", "critical"} or "Traceback" in line:
        return f"the server logs an error: {line[:1500]}", fields
    return "", fields
