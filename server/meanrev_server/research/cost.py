"""What a piece of research takes, known from the size of its matrix and its options before it begins."""

from typing import NamedTuple

from meanrev_server.outline import Outline
from meanrev_server.research import sizes

__all__ = ["Cost", "list_bytes", "names_bytes", "parts_bytes"]

_PART_BYTES = 4 * 1024 * 1024
_AROUND = 512
"""Most bytes of headers, places and metadata in a reply."""


class Cost(NamedTuple):
    """What the work takes.

    Attributes:
        work: Elementary steps: bars times cells, pairs or columns.
        peak_bytes: Of memory while it computes, the matrix included.
        reply_bytes: Of all replies that carry the result; the most, where that is not known before.
        least_bytes: The least of the same; None where reply_bytes is what comes.
    """

    work: int
    peak_bytes: int
    reply_bytes: int
    least_bytes: int | None = None

    @property
    def kept_bytes(self) -> int:
        """Bytes that a job's result takes at least: a job is not refused for what may never come."""
        return self.reply_bytes if self.least_bytes is None else self.least_bytes


def list_bytes(n_items: int, *, doubles: int = 0, varints: tuple[int, ...] = (), texts: tuple[str, ...] = ()) -> int:
    """Return the bytes of lists of n_items each.

    Args:
        n_items: Their length.
        doubles: Lists of doubles.
        varints: The largest number of each list of whole numbers.
        texts: The longest text of each list of texts.
    """
    numbers = sum(int(sizes.varint(largest)) for largest in varints)
    return n_items * (8 * doubles + numbers + sizes.texts(texts))


def names_bytes(outline: Outline) -> int:
    """Return the bytes of the list of a matrix's columns."""
    if outline.columns:
        return sizes.texts(outline.columns)
    return outline.n_columns * sizes.text(outline.longest_name)


def parts_bytes(nbytes: int, n_lists: int) -> int:
    """Return the bytes of all replies of a result.

    Args:
        nbytes: Of its items.
        n_lists: Its lists and figures, each of which has headers in each reply that holds a slice of it.
    """
    n_parts = nbytes // (_PART_BYTES - _AROUND) + 1
    return nbytes + 16 * n_lists + n_parts * _AROUND
