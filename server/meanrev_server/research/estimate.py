"""The work, memory and replies of a research request, estimated from its outline and options before it begins."""

from typing import NamedTuple

from meanrev_server.outline import VALUE_BYTES, Outline
from meanrev_server.research import message_bytes
from meanrev_server.research.answer import PART_BYTES

__all__ = ["Estimate", "column_estimate", "list_bytes", "names_bytes", "parts_bytes"]

_AROUND = 512
"""Most bytes of headers, places and metadata in a reply."""


class Estimate(NamedTuple):
    """What a request takes.

    Attributes:
        work: Elementary steps: bars times cells, pairs or columns.
        peak_bytes: Most bytes of memory at a time, the matrix included.
        reply_bytes: Bytes of all replies that carry the result; an upper bound where they depend on the prices.
        least_bytes: A lower bound of the same; None where reply_bytes is exact.
    """

    work: int
    peak_bytes: int
    reply_bytes: int
    least_bytes: int | None = None

    @property
    def kept_bytes(self) -> int:
        """Bytes that a job's result takes at least; a job is not refused for replies that may never come."""
        return self.reply_bytes if self.least_bytes is None else self.least_bytes


def column_estimate(outline: Outline, size: int, copies: int, held_bytes: int, reply_bytes: int) -> Estimate:
    """Return the estimate of work that goes once through a matrix, in groups of columns.

    Args:
        outline: Of the matrix.
        size: Columns of a group.
        copies: Arrays of the size of a group that are held at once.
        held_bytes: Bytes of the result in memory.
        reply_bytes: Bytes of all replies.
    """
    group_bytes = VALUE_BYTES * outline.n_rows * min(outline.n_columns, size)
    work = outline.n_rows * outline.n_columns
    return Estimate(work, outline.nbytes + copies * group_bytes + held_bytes, reply_bytes)


def list_bytes(n_items: int, *, doubles: int = 0, varints: tuple[int, ...] = (), texts: tuple[str, ...] = ()) -> int:
    """Return the bytes of lists of n_items each.

    Args:
        n_items: Length of each list.
        doubles: Number of lists of doubles.
        varints: The largest number of each list of whole numbers.
        texts: The longest text of each list of texts.
    """
    numbers = sum(int(message_bytes.varint(largest)) for largest in varints)
    return n_items * (8 * doubles + numbers + message_bytes.texts(texts))


def names_bytes(outline: Outline) -> int:
    """Return the bytes of the list of a matrix's columns."""
    if outline.columns:
        return message_bytes.texts(outline.columns)
    return outline.n_columns * message_bytes.text(outline.longest_name)


def parts_bytes(nbytes: int, n_lists: int) -> int:
    """Return the bytes of all replies of a result.

    Args:
        nbytes: Bytes of its items.
        n_lists: Its lists and blocks of figures, each of which has headers in every reply that holds a slice of it.
    """
    n_parts = nbytes // (PART_BYTES - _AROUND) + 1
    return nbytes + 16 * n_lists + n_parts * _AROUND
