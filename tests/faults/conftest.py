"""Shared by the tests of faults: what each attack may take of an innocent client's patience."""

import pytest

from meanrev_wire import meanrev_pb2
from tests.server.serving import Caller


@pytest.fixture
def answered():
    """Tell whether a server answers an innocent client; the client retries nothing."""

    def ask(address, *, timeout=30):
        with Caller(address) as call:
            reply = call("ComputeLogReturns", meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]), timeout=timeout)
        return len(reply.log_returns) == 1

    return ask
