"""A stderr that nobody reads: the server answers, counts the lines that it drops, and ends when asked."""

import subprocess

import pytest

import meanrev as mr
from tests.faults.servers import Server

SPOILT = """
from gpu_kernels.returns import host
from meanrev_server.handlers import compute_log_returns
compute_log_returns._BRIEF = 0
def fail(*arguments):
    raise ValueError("a secret price")
host.compute = fail
"""
"""Every call of ComputeLogReturns is an internal error, which takes the log about 2 KB."""

N_CALLS = 2000


@pytest.mark.parametrize("rendering", ["console", "json"])
def test_a_full_pipe_stops_nobody(rendering):
    with Server("--log", rendering, program=SPOILT, stderr=subprocess.PIPE) as server:
        with mr.Client(server.address, timeout=60) as client:
            for _ in range(N_CALLS):
                with pytest.raises(mr.ServerError, match="internal error"):
                    client.log_returns([1.0, 2.0])
            assert client.info().backend == "numpy"
        assert server.stop() == 0
        told = server.process.stderr.read()
    assert "unexpected error" in told
    assert "secret" not in told
    assert told.count("unexpected error") < N_CALLS
