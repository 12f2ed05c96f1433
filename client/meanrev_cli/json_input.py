"""Requests as a person writes them: one JSON object, an array of them, or one a line."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from meanrev_cli.failure import ExitCode, Failure

__all__ = ["documents"]


def documents(text: str | None, *, several: bool) -> Iterator[dict[str, Any]]:
    """Yield the objects of a request.

    Args:
        text: The JSON argument; None or "-" reads stdin, line by line where several are wanted.
        several: A stream of requests: an array, or one object a line. Otherwise exactly one object, which may span
            lines.

    Yields:
        Each object as soon as it is read.

    Raises:
        Failure: not JSON, or not objects; exit code BAD_DATA.
    """
    lines: Iterable[str] = sys.stdin if text in {None, "-"} else str(text).splitlines()
    if not several:
        yield _object(_parsed("".join(lines), "the request"), "the request")
        return
    remaining = iter(lines)
    first = next((line for line in remaining if line.strip()), "")
    if first.lstrip().startswith("["):
        array = _parsed(first + "".join(remaining), "the request")
        for i, item in enumerate(array if isinstance(array, list) else []):
            yield _object(item, f"request [{i}]")
        return
    if first:
        yield _object(_parsed(first, "line 1"), "line 1")
    for number, line in enumerate(remaining, start=2):
        if line.strip():
            yield _object(_parsed(line, f"line {number}"), f"line {number}")


def _parsed(text: str, name: str) -> object:
    if not text.strip():
        raise Failure(
            ExitCode.BAD_DATA, f"{name} is empty; give JSON as the last argument or on stdin ('{{}}' is the least)"
        )
    try:
        return json.loads(text)
    except ValueError as error:
        raise Failure(ExitCode.BAD_DATA, f"{name} is not JSON: {error}") from None


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Failure(ExitCode.BAD_DATA, f"{name} must be a JSON object, got {json.dumps(value)[:60]}")
    return value
