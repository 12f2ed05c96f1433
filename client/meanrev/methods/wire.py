"""What every declaration needs of the wire: paths, options, scalars."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from google.protobuf.message import Message

from meanrev.errors import InvalidInput, ServerError
from meanrev_wire import codec
from meanrev_wire.errors import MalformedMessage

__all__ = ["decode", "encode", "extras", "options", "path", "plain", "positive"]

M = TypeVar("M", bound=Message)


def path(method: str) -> str:
    """Return a method's path."""
    return f"/meanrev.MeanRevService/{method}"


def encode(message_type: type[Message], /, **values: Any) -> bytes:
    """Serialise a request.

    Raises:
        InvalidInput: a value has not the type of its field.
    """
    try:
        return codec.encode(message_type, **values)
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
    """Return a request's metadata: the options that were given, strict, so that a misspelt one is an error."""
    chosen = {name: value for name, value in given.items() if value is not None}
    return json.dumps({**chosen, "strict": True}, default=plain)


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


def positive(field: str, value: float) -> float:
    """Return value, which must be above zero: the wire cannot tell 0 from unset.

    Raises:
        InvalidInput: it is not.
    """
    if not value > 0:
        raise InvalidInput(field, "must be > 0", value=value)
    return value


def plain(value: Any) -> Any:
    """Return an array or a scalar of NumPy as plain Python values.

    Raises:
        TypeError: value is something else.
    """
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"an option cannot be a {type(value).__name__}")
