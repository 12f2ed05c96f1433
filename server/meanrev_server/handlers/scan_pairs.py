"""ScanPairs: all pairs of columns, tested and ranked, with progress."""

from collections.abc import AsyncIterator

from meanrev_server.research.answers import answers
from meanrev_server.research.scan_pairs import SCAN_PAIRS
from meanrev_server.rpc.call import Call

__all__ = ["handle"]


def handle(messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Answer with progress, and in the end with the result."""
    return answers(SCAN_PAIRS, messages, call)
