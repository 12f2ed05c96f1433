"""ReturnStats: figures of every column of returns, with progress."""

from collections.abc import AsyncIterator

from meanrev_server.research.answers import answers
from meanrev_server.research.return_stats import RETURN_STATS
from meanrev_server.rpc.call import Call

__all__ = ["handle"]


def handle(messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Answer with progress, and in the end with the result."""
    return answers(RETURN_STATS, messages, call)
