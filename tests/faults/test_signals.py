"""Signals without a gap: the first one begins the stop, and the second one ends it at once."""

import os
import signal
import time

import grpc
import pytest

from meanrev_wire import meanrev_pb2
from tests.faults.servers import Server

SLOW = """
import time
from gpu_kernels.returns import host
from meanrev_server.handlers import compute_log_returns
compute_log_returns._BRIEF = 0
host.compute = lambda *arguments: time.sleep(300)
"""


@pytest.mark.parametrize("numbers", [(signal.SIGTERM, signal.SIGINT), (signal.SIGINT, signal.SIGTERM)])
def test_the_second_ends_the_grace_period(numbers):
    """They differ, for the kernel makes one signal of several of a kind that it has not delivered yet."""
    with Server("--grace", "300", program=SLOW) as server, grpc.insecure_channel(server.address) as channel:
        ask = channel.unary_unary("/meanrev.MeanRevService/ComputeLogReturns")
        answer = ask.future(meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString(), timeout=300)
        time.sleep(0.5)
        for number in numbers:
            os.kill(server.process.pid, number)
        assert server.process.wait(60) == 0
        assert not answer.done() or answer.code() is not grpc.StatusCode.OK
