"""A fork harms nobody: not the server of `serve`, not a client, and a child that cannot call is told so."""

import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.faults, pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")]

AROUND = """
import asyncio, os, sys
import meanrev as mr

where = sys.argv[1]
prices = [50.0 + number % 7 for number in range(300)]


def child_of(work):
    child = os.fork()
    if child == 0:
        try:
            work()
        except mr.MeanRevError as error:
            print(error, flush=True)
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def calls():
    assert client.log_returns([1.0, 2.0], timeout=60).n_periods == 1


async def asks():
    assert (await ask.log_returns([1.0, 2.0], timeout=60)).n_periods == 1


def opened():
    stream = client.ou_stream((("A", price) for price in prices), emit_every=50)
    next(stream)
    return stream


client, ask = mr.Client(where), mr.AsyncClient(where)
"""


def run(where, program):
    command = [sys.executable, "-W", "ignore", "-c", AROUND + program, where]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_child_calls_where_no_call_was_under_way(where):
    run(where, "calls()\nassert [child_of(calls) for _ in range(8)] == [0] * 8\ncalls()")


def test_a_child_that_only_ends_does_no_harm_to_an_open_stream(where):
    run(
        where,
        """
for _ in range(20):
    stream = opened()
    assert child_of(lambda: None) == 0
    assert len(list(stream)) >= 5
""",
    )


def test_a_child_that_leaves_the_ordinary_way_does_not_hang(where):
    run(
        where,
        """
for _ in range(6):
    stream = opened()
    child = os.fork()
    if child == 0:
        sys.exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(list(stream)) >= 5
""",
    )


def test_a_child_of_a_process_with_an_open_stream_is_told_that_it_cannot_call(address):
    said = run(address, "stream = opened()\nassert child_of(calls) == 3\nassert len(list(stream)) >= 5\ncalls()")
    assert "was forked while a call or a stream of its parent was under way" in said
    assert "spawn" in said


def test_a_child_of_a_process_that_used_asyncio_has_the_other_client(address):
    said = run(
        address,
        """
asyncio.run(asks())
assert child_of(calls) == 0
assert child_of(lambda: asyncio.run(asks())) == 3
asyncio.run(asks())
""",
    )
    assert "use a Client in it" in said


def test_a_server_of_this_process_outlives_its_forks():
    run(
        "local",
        """
with mr.serve(grace_s=0) as address:
    client = mr.Client(address)
    for _ in range(10):
        assert child_of(calls) == 0
    stream = opened()
    assert [child_of(lambda: None) for _ in range(10)] == [0] * 10
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
        assert len(list(stream)) >= 5
        calls()
        holder = os.fork()
        if holder == 0:
            import time
            time.sleep(600)
if not child:
    os._exit(0)  # it has left the context, and the server serves its parent
os.kill(holder, 9)
os.waitpid(holder, 0)
try:
    mr.Client(address).log_returns([1.0, 2.0], timeout=1.5)
except mr.ConnectionFailed:
    print("gone")
""",
    )
