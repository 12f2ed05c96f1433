"""Marks the tests of this folder, and asks servers under attack what an innocent client would ask."""

from pathlib import Path

import pytest

from meanrev_wire import meanrev_pb2
from tests.server.serving import Caller

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark them before `-m` chooses."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("faults")


@pytest.fixture
def answered():
    """Tell whether a server answers an innocent client; the client retries nothing."""

    def ask(address, *, timeout=30):
        with Caller(address) as call:
            reply = call("ComputeLogReturns", meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]), timeout=timeout)
        return len(reply.log_returns) == 1

    return ask
