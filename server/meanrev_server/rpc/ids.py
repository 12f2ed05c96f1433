"""Ids that callers choose: of assets and portfolios."""

from collections.abc import Iterable

from gpu_kernels.errors import InvalidInput

__all__ = ["MAX_ID_BYTES", "check_id", "check_ids"]

MAX_ID_BYTES = 256
"""Most bytes of an id in UTF-8; the server keeps ids for as long as it keeps what they name."""


def check_id(field: str, name: str, index: int | None = None) -> None:
    """Check the length of an id.

    Args:
        field: Its path in the request.
        name: The id.
        index: Its place, where the field is a list.

    Raises:
        InvalidInput: it is longer than MAX_ID_BYTES.
    """
    if len(name) > MAX_ID_BYTES // 4 and len(name.encode()) > MAX_ID_BYTES:
        raise InvalidInput(field, f"must take at most {MAX_ID_BYTES} bytes", value=f"{name[:40]}...", index=index)


def check_ids(field: str, names: Iterable[str], first: int = 0) -> None:
    """Check the lengths of a list of ids.

    Args:
        field: Its path in the request.
        names: The ids.
        first: Place of the first one in the list.

    Raises:
        InvalidInput: one is too long; the index tells which.
    """
    for place, name in enumerate(names, first):
        check_id(field, name, place)
