"""Backtest: every column traded by one rule, with progress."""

from collections.abc import AsyncIterator

from meanrev_server.research.answers import answers
from meanrev_server.research.backtest import BACKTEST
from meanrev_server.rpc.call import Call

__all__ = ["handle"]


def handle(messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Answer with progress, and in the end with the result."""
    return answers(BACKTEST, messages, call)
