"""The four places where the earlier client failed: a running loop, many threads, a bare thread, a forked child."""

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import meanrev as mr


async def test_the_blocking_client_works_inside_a_running_event_loop(client, prices):
    assert asyncio.get_running_loop().is_running()
    assert client.ou(prices[:, 0]).status == "converged"
    assert [found.n_samples for found in client.ou_stream([1.0, 2.0])] == [1, 2]


def test_ten_threads_share_one_client(client, prices):
    start = threading.Barrier(10)

    def work(number):
        start.wait(10)
        column = prices[:, number % 3]
        streamed = list(client.ou_stream(column[:20].tolist()))
        return client.ou(column).theta, streamed[-1].n_samples

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(work, range(10)))
    assert [theta for theta, _ in found] == [client.ou(prices[:, i % 3]).theta for i in range(10)]
    assert {count for _, count in found} == {20}


def test_a_thread_without_an_event_loop_will_do(client):
    found = []
    thread = threading.Thread(target=lambda: found.append(client.log_returns([1.0, 2.0]).n_periods))
    thread.start()
    thread.join(30)
    assert found == [1]


def test_the_module_level_functions_work_in_all_of_them(prices):
    async def inside():
        return mr.estimate_ou_params(prices[:, 0])["theta"]

    with ThreadPoolExecutor(4) as pool:
        thetas = set(pool.map(lambda _: mr.estimate_ou_params(prices[:, 0])["theta"], range(8)))
    assert {asyncio.run(inside())} == thetas


# In a process of its own, for the test's own process has threads that a fork would break.
FORK = """
import os, sys
import meanrev as mr
where = sys.argv[1]
client = mr.Client(where, timeout=20)
client.log_returns([1.0, 2.0])
child = os.fork()
if child == 0:
    os._exit(0 if client.log_returns([1.0, 2.0]).n_periods == 1 else 1)
assert os.waitpid(child, 0)[1] == 0
assert client.log_returns([1.0, 2.0]).n_periods == 1
"""


@pytest.mark.faults
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_parent_and_child_both_work_after_a_fork(where):
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORK, where], check=True, timeout=60, capture_output=True)


@pytest.mark.faults
def test_nothing_is_left_over_at_exit(where):
    """No warning, no hang: a script may leave its client open."""
    script = f"import meanrev as mr\nassert mr.Client({where!r}).log_returns([1.0, 2.0]).n_periods == 1"
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", script]
    done = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    assert done.stderr == ""
