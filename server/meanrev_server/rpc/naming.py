"""Names on both sides of the wire: of the fields that errors name, and of those that results fill."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
from google.protobuf.message import Message

from gpu_kernels.errors import Degenerate, InvalidInput

__all__ = ["option_names", "same_fields", "wire_names"]


def option_names(options_type: type[msgspec.Struct], /, **others: str) -> dict[str, str]:
    """Return the names on the wire of a method's arguments.

    Args:
        options_type: The method's options, which travel in the field metadata; arguments have the same names.
        **others: Names on the wire of further arguments, and of those that differ from their option's name.
    """
    return {name: f"metadata.{name}" for name in options_type.__struct_fields__} | others


def same_fields(message_type: type[Message], result: object) -> dict[str, Any]:
    """Return the fields of a message that a result has attributes of the same name for."""
    names = message_type.DESCRIPTOR.fields_by_name
    return {name: getattr(result, name) for name in names if hasattr(result, name)}


@contextmanager
def wire_names(names: Mapping[str, str]) -> Iterator[None]:
    """Rename the field of an InvalidInput or a Degenerate that passes through.

    Args:
        names: From argument to field; a missing name stays as it is.
    """
    try:
        yield
    except (InvalidInput, Degenerate) as error:
        raise error.renamed(names) from None
