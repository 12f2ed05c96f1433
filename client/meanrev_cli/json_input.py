"""Requests as a person writes them: one JSON object, an array of them, or one a line."""

import codecs
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from meanrev_cli.failure import ExitCode, Failure

__all__ = ["documents"]

_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


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
    lines: Iterable[str] = _of_stdin() if text in {None, "-"} else str(text).removeprefix(_MARK).splitlines()
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
    except (ValueError, RecursionError) as error:
        raise Failure(ExitCode.BAD_DATA, f"{name} is not JSON: {_why(text, error)}") from None


def _why(text: str, error: Exception) -> str:
    """Return what is wrong with a text that is no JSON, and what is often meant."""
    if not isinstance(error, json.JSONDecodeError):
        return "it is nested too deeply"
    place = f"line {error.lineno}, column {error.colno}"
    at, before = text[error.pos : error.pos + 1], text[: error.pos].rstrip()
    if (at in {"}", "]"} and before.endswith(",")) or before.endswith((",}", ",]")) or at == ",":
        return f"{place}: a comma has nothing behind it"
    if at == "'":
        return f"{place}: texts stand in double quotes"
    if at in {"#", "/"}:
        return f"{place}: JSON has no comments"
    words = {"True": "true", "False": "false", "None": "null"}
    python = next((word for word in words if text.startswith(word, error.pos)), "")
    return f"{place}: {python} is {words[python]} in JSON" if python else f"{place}: {error.msg}"


def _of_stdin() -> Iterator[str]:
    """Yield the lines of stdin as they come, as text of UTF-8 or, after its byte-order mark, of UTF-16."""
    stream: Any = getattr(sys.stdin, "buffer", None)
    if stream is None:  # a stand-in that holds text
        yield from sys.stdin
        return
    first = stream.readline()
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from _decoded(first + stream.read(), "utf-16").splitlines(keepends=True)
        return
    yield _decoded(first, "utf-8-sig")
    for line in stream:
        yield _decoded(line, "utf-8")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        rule = "the request is not text in UTF-8 (or in UTF-16 with a byte-order mark); save it as UTF-8"
        raise Failure(ExitCode.BAD_DATA, rule) from None


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Failure(ExitCode.BAD_DATA, f"{name} must be a JSON object, got {json.dumps(value)[:60]}")
    return value
