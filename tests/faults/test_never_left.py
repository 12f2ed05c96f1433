"""A script that never leaves its server's context ends, although its calls to that server are still open."""

import subprocess
import sys

import pytest

import meanrev as mr

OPEN = """
import meanrev as mr
serving = mr.serve(grace_s=300)
client = mr.Client(serving.__enter__())
"""

HABITS = {
    "no call": "",
    "a call that has ended": "client.log_returns([1.0, 2.0])",
    "an open stream": "stream = client.health(holdings={'KO': 1.0})\nnext(stream)",
    "an error": "stream = client.health(holdings={'KO': 1.0})\nnext(stream)\nraise SystemExit(7)",
    "a stream that is fed no more": "stream = client.ou_stream(iter([1.0] * 100))\nnext(stream)",
    "a generator of the caller's": "stream = client.ou_stream(1.0 for _ in iter(int, 1))\nnext(stream)",
}


@pytest.mark.parametrize("habit", HABITS)
def test_it_ends(habit):
    command = [sys.executable, "-c", OPEN + HABITS[habit]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (7 if habit == "an error" else 0, "")


LOCKED = """
import sys
from tests.faults.stopped_thread import take_at_the_end
import meanrev as mr
from meanrev.transport import forking
client = mr.Client(sys.argv[1])
stream = client.ou_stream(iter([1.0] * 100))
next(stream)
[place] = forking._CALLS.under_way.values()
take_at_the_end(place.call._state.condition)
del place
"""


def test_it_ends_although_a_thread_of_grpc_stopped_with_a_streams_lock():
    """As it happens once in many ends: the interpreter stops such threads wherever they are."""
    with mr.serve(grace_s=0) as address:
        command = [sys.executable, "-c", LOCKED, address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
