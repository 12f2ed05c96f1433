"""SIGUSR1 makes `meanrev serve` log its state, also while its event loop is stuck, and it goes on serving."""

import json
import os
import signal
import subprocess
import sys
import threading

import grpc
import pytest

from tests.server.observation.observing import HEALTH_STREAM, LOG_RETURNS, observing, returns, watched

STUCK = """
import time
from meanrev_cli.__main__ import main
from meanrev_server.handlers import compute_log_returns

async def handle(data, call):
    secret = "98765.4321"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass

compute_log_returns.handle = handle
main(["serve", "--listen", "127.0.0.1:0", "--backend", "numpy", "--log", "json", "--grace", "0"])
"""


def first_dump(process):
    for line in process.stderr:
        found = json.loads(line)
        if found["event"] == "state on SIGUSR1":
            return found, line
    raise AssertionError("the process ended without a dump")


@pytest.fixture
def served():
    """Starts `meanrev serve`, from a command's words; ends it."""
    processes = []

    def start(*words):
        process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process, process.stdout.readline().split()[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate(timeout=30)


def test_the_state_is_logged_without_what_callers_sent(served):
    words = ("serve", "--listen", "127.0.0.1:0", "--backend", "numpy", "--log", "json")
    process, address = served("-m", "meanrev_cli", *words)
    with grpc.insecure_channel(address) as channel:
        stream = channel.unary_stream(HEALTH_STREAM)(watched("ACME"), metadata=[("x-request-id", "mine")])
        next(stream)
        process.send_signal(signal.SIGUSR1)
        found, line = first_dump(process)
        assert channel.unary_unary(LOG_RETURNS)(returns(), timeout=30)  # it goes on serving
        stream.cancel()
    (call,) = found["oldest_calls"]
    assert (call["method"], call["request_id"]) == ("PortfolioHealthStream", "mine")
    assert call["age_s"] > 0
    assert found["calls_in_flight"] == found["held"]["calls"] == 1
    assert found["queue"]["waiting"] == 0
    assert found["resident_bytes"] > 2**20
    (main,) = [places for name, places in found["threads"].items() if name.startswith("MainThread")]
    assert any("serve.py" in place for place in main)
    assert "ACME" not in line


def test_a_stuck_event_loop_shows_where_it_is(served):
    process, address = served("-c", STUCK)
    with grpc.insecure_channel(address) as channel:
        waiting = channel.unary_unary(LOG_RETURNS).future(returns())
        for _ in range(100):  # until the handler runs
            process.send_signal(signal.SIGUSR1)
            found, line = first_dump(process)
            (main,) = [places for name, places in found["threads"].items() if name.startswith("MainThread")]
            if main[-1].endswith("in handle"):
                break
        waiting.cancel()
    assert main[-1].endswith("in handle")
    assert found["calls_in_flight"]
    assert "98765.4321" not in line


def test_a_server_within_another_program_takes_no_signal():
    before = signal.getsignal(signal.SIGUSR1)
    caught = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: caught.set())
    try:
        with observing():
            os.kill(os.getpid(), signal.SIGUSR1)
            assert caught.wait(30)
    finally:
        signal.signal(signal.SIGUSR1, before)
