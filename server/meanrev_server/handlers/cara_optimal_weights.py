"""CaraOptimalWeights: mean-variance weights of each message's returns."""

from collections.abc import AsyncIterator

from gpu_kernels import weights
from meanrev_server import weighting
from meanrev_server.rpc.call import Call

__all__ = ["handle"]


def handle(messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Answer each message."""
    return weighting.answers(messages, call, weights.cara)
