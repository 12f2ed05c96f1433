"""FitOu: an Ornstein-Uhlenbeck fit of every column, with progress."""

from collections.abc import AsyncIterator

from meanrev_server.research.answers import answers
from meanrev_server.research.fit_ou import FIT_OU
from meanrev_server.rpc.call import Call

__all__ = ["handle"]


def handle(messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Answer with progress, and in the end with the result."""
    return answers(FIT_OU, messages, call)
