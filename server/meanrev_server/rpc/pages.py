"""Lists that are answered a page at a time, newest first: which page a request asks for, and what asks for the next."""

import re
from typing import Any, NamedTuple

from gpu_kernels.errors import InvalidInput

__all__ = ["Page", "page_after", "page_of"]

_USUAL, _MOST = 100, 1000
"""Entries of a reply where the request does not say, and at most."""

_AFTER = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
"""Time and id of the entry before."""


class Page(NamedTuple):
    """A page of a list.

    Attributes:
        limit: Most entries.
        after: Time and id of the entry before; None for the first page.
    """

    limit: int
    after: tuple[int, str] | None


def page_of(request: Any) -> Page:
    """Return the page that a request asks for.

    Args:
        request: A message with the fields limit and page.

    Raises:
        InvalidInput: limit is out of its range, or page comes from no reply.
    """
    if not 0 <= request.limit <= _MOST:
        raise InvalidInput("limit", f"must be from 0 to {_MOST}", value=request.limit)
    found = _AFTER.fullmatch(request.page)
    if request.page and found is None:
        raise InvalidInput("page", "must be empty, or the next_page of a reply", value=request.page)
    return Page(request.limit or _USUAL, None if found is None else (int(found[1]), found[2]))


def page_after(time_ms: int, entry_id: str) -> str:
    """Return what asks for the page behind an entry.

    Args:
        time_ms: By which the list is sorted.
        entry_id: 64 hexadecimal digits.
    """
    return f"{time_ms}:{entry_id}"
