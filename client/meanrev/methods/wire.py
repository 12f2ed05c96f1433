"""Paths, options and scalars of the requests of all methods."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from google.protobuf.message import Message

from meanrev.errors import InvalidInput, ServerError
from meanrev.methods import fields
from meanrev_wire import codec
from meanrev_wire.errors import MalformedMessage
from meanrev_wire.limits import OPTION_BYTES

__all__ = [
    "decode",
    "encode",
    "extras",
    "json_of",
    "options",
    "path",
    "plain",
    "positive",
    "research_path",
    "scalars",
    "written",
]

M = TypeVar("M", bound=Message)


def path(method: str) -> str:
    """Return the path of a method of the first service."""
    return f"/meanrev.MeanRevService/{method}"


def research_path(method: str) -> str:
    """Return the path of a method of the research service."""
    return f"/meanrev.MeanRevResearch/{method}"


def encode(message_type: type[Message], /, **values: Any) -> bytes:
    """Serialise a request.

    Raises:
        InvalidInput: a value has not the type of its field.
    """
    try:
        return codec.encode(message_type, **fields.fitting(message_type, values))
    except InvalidInput:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput("request", f"cannot be sent: {error}") from None


def decode(message_type: type[M], data: bytes) -> M:
    """Parse a reply.

    Raises:
        ServerError: it is not such a message.
    """
    try:
        return codec.decode(message_type, data)
    except MalformedMessage as error:
        raise ServerError(f"the reply cannot be read: {error}") from None


def options(**given: Any) -> str:
    """Return a request's metadata, as written does."""
    return written(given)


def written(given: Mapping[str, Any], most_bytes: int = OPTION_BYTES) -> str:
    """Return a request's metadata: the options that were given, strict, so that a misspelt one is an error.

    Args:
        given: By name; None leaves one out.
        most_bytes: Longest options that the method takes.

    Raises:
        InvalidInput: JSON cannot carry an option, or they are longer than a server reads.
    """
    chosen = {name: json_of(name, value) for name, value in given.items() if value is not None}
    parts = [f'"{name}": {text}' for name, text in chosen.items()]
    whole = "{" + ", ".join([*parts, '"strict": true']) + "}"
    if len(whole) > most_bytes:  # JSON that is written here is ASCII
        longest = max(chosen, key=lambda name: len(chosen[name]))
        rule = f"must be shorter: all options together may take {most_bytes} bytes as JSON"
        way = "; a range such as '0.5:3:0.05' stands for many numbers" if chosen[longest].startswith("[") else ""
        raise InvalidInput(longest, rule + way, value=f"{len(chosen[longest])} bytes")
    return whole


def extras(metadata: str) -> dict[str, Any]:
    """Return what a reply's metadata holds.

    Raises:
        ServerError: it is not JSON.
    """
    try:
        known = json.loads(metadata or "{}")
    except ValueError as error:
        raise ServerError(f"the reply's metadata cannot be read: {error}") from None
    return known if isinstance(known, dict) else {}


def json_of(name: str, value: Any) -> str:
    """Return a value as JSON.

    Raises:
        InvalidInput: JSON cannot carry it.
    """
    try:
        text = json.dumps(value, default=plain, allow_nan=False)
    except (TypeError, ValueError, OverflowError, RecursionError):
        rule = "must be what JSON can carry: finite numbers, texts, lists, mappings"
        raise InvalidInput(name, rule, value=fields.shown(value)) from None
    return text


def positive(field: str, value: float) -> float:
    """Return value, which must be above zero: on the wire, 0 is the same as unset.

    Raises:
        InvalidInput: it is not.
    """
    known = fields.number(field, value)
    if not known > 0:
        raise InvalidInput(field, "must be > 0", value=known)
    return known


def scalars(field: str, given: Any, names: tuple[str, ...]) -> dict[str, float]:
    """Return entries of a mapping, a result or a pandas Series as plain numbers.

    Raises:
        InvalidInput: one is missing, or is no single number.
    """
    try:
        return {name: float(given[name]) for name in names}
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
        raise InvalidInput(field, f"must hold a number each for {', '.join(names)}, of one series") from None


def plain(value: Any) -> Any:
    """Return an array or a scalar of NumPy as plain Python values.

    Raises:
        TypeError: value is something else.
    """
    if isinstance(value, np.generic | np.ndarray):
        known = value.tolist()
        return float(value) if isinstance(known, np.longdouble) else known
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"an option cannot be a {type(value).__name__}")
