"""SweepThresholds: every column against a grid of thresholds, with progress."""

from collections.abc import AsyncIterator

from meanrev_server.research.answers import answers
from meanrev_server.research.sweep_thresholds import SWEEP_THRESHOLDS
from meanrev_server.rpc.call import Call

__all__ = ["handle"]


def handle(messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Answer with progress, and in the end with the result."""
    return answers(SWEEP_THRESHOLDS, messages, call)
