"""A fork while threads call: their calls go on, and the child calls too, or is told that it cannot."""

import os
import subprocess
import sys

import pytest

import meanrev as mr

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

PROGRAM = """
import os, sys, threading
import meanrev as mr

client = mr.Client(sys.argv[1], timeout=20)
client.log_returns([1.0, 2.0])
over, failed, answered = threading.Event(), [], [0] * 8


def work(number):
    while not over.is_set():
        try:
            client.log_returns([1.0, 2.0])
            answered[number] += 1
        except mr.MeanRevError as error:
            failed.append(error)
            return


def child():
    try:
        client.log_returns([1.0, 2.0])
    except mr.MeanRevError as error:
        return 0 if "was forked while a call" in str(error) else 1
    return 0


threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads:
    thread.start()
codes = []
for number in range(400):
    before = sum(answered)
    process = os.fork()
    if process == 0:
        os._exit(child() if number % 2 else 0)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
    while not failed and sum(answered) == before:
        over.wait(0.001)
over.set()
for thread in threads:
    thread.join()
print(set(codes), failed)
"""


def test_a_fork_among_calls_harms_neither_process():
    with mr.serve(grace_s=0) as address:
        command = [sys.executable, "-W", "ignore", "-c", PROGRAM, address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("{0} []\n", "", 0)
