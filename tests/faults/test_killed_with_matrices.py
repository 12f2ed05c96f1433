"""A server that is killed while matrices are put, extended and used loses none that it acknowledged."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import numpy as np
import pytest

import meanrev as mr
from meanrev.errors import ConnectionFailed
from meanrev_wire.matrix_ids import matrix_id
from tests.faults.servers import Server, free_address

PATIENCE_S = 300
COLUMNS = [str(i) for i in range(20)]
QUESTIONS = {
    "fitted": lambda client, data: client.fit_ou(data),
    "swept": lambda client, data: client.sweep(data, entry=[0.5, 1.0], exit=[0.0], lookback=[10]),
    "of a part": lambda client, data: client.tests(data.part(["3", "1"], first_row=100)),
    "extended": lambda client, data: client.append(data, walks(9, 10)).matrix_id,
    "waited for": lambda client, data: client.submit("fit_ou", data, adf_lags=2).result(),
}


def walks(seed, rows):
    """(T, 20) prices around 50."""
    return 50 + np.random.default_rng(seed).normal(size=(rows, len(COLUMNS)))


PRICES = walks(1, 2000)


class Served:
    """A server that is killed and started where it was, with the same state directory or without one."""

    def __init__(self, started, state=None):
        self.address = free_address()
        self._words = () if state is None else ("--state-dir", str(state))
        self._started = started
        self._server = self._start()

    def _start(self):
        return self._started.enter_context(Server(*self._words, listen=self.address))

    def kill_and_start(self):
        self._server.kill()
        self._server = self._start()


@pytest.fixture
def started():
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def alone():
    """The answers of a server that is left alone."""
    with Server() as server, mr.Client(server.address, timeout=PATIENCE_S) as client:
        data = client.put(PRICES)
        return {name: question(client, data) for name, question in QUESTIONS.items()}


def _put_and_extend(address, first, over, acknowledged):
    """Put matrices of one client and extend them; record those that were acknowledged."""
    number = first
    while not over.is_set():
        number += 100
        whole = walks(number, 600)
        with mr.Client(address, timeout=PATIENCE_S) as client:
            try:
                put = client.put(whole[:500])
                acknowledged[put.matrix_id] = whole[:500]
                longer = client.append(put, whole[500:])
                acknowledged[longer.matrix_id] = whole
            except ConnectionFailed:
                pass  # it is not known then whether the matrix is kept


@pytest.mark.timeout(600)
def test_what_was_acknowledged_is_kept_and_nothing_else_has_its_id(tmp_path, started):
    moments, over, acknowledged = random.Random(5), Event(), {}
    served = Served(started, tmp_path / "state")
    with ThreadPoolExecutor(3) as pool:
        load = [pool.submit(_put_and_extend, served.address, first, over, acknowledged) for first in range(3)]
        try:
            for _ in range(6):
                known = len(acknowledged)
                while len(acknowledged) < known + 4:
                    Event().wait(0.01)
                    assert not any(each.done() for each in load), [each.result() for each in load if each.done()]
                Event().wait(moments.uniform(0.0, 0.03))  # in the middle of a put or an append
                served.kill_and_start()
        finally:
            over.set()
        for each in load:
            each.result(PATIENCE_S)
    served.kill_and_start()
    with mr.Client(served.address) as client:
        listed = [kept.matrix_id for kept in client.matrices(limit=1000)]
        assert set(acknowledged) <= set(listed)
        assert len(listed) == len(set(listed))
        for name, values in acknowledged.items():
            assert name == matrix_id(values, COLUMNS)
            by_id = client.fit_ou(client.matrix(name))
            assert by_id == client.fit_ou(values)
        for name in set(listed) - set(acknowledged):
            client.fit_ou(client.matrix(name))  # whole, although nobody was told of it
        files = list((tmp_path / "state" / "matrices").iterdir())
        assert len(files) == len(listed), "a file that no row needs is removed at a start"


def _keep_asking(address, first, expected, over, answered):
    names = list(expected)
    with mr.Client(address, timeout=PATIENCE_S) as client:
        data = client.put(PRICES)
        while not over.is_set():
            name = names[(first + answered[first]) % len(names)]
            assert QUESTIONS[name](client, data) == expected[name], name
            answered[first] += 1


@pytest.mark.timeout(900)
@pytest.mark.parametrize("lasts", [True, False], ids=["with a state directory", "in memory"])
def test_twenty_kills_while_matrices_are_used_cost_no_call(tmp_path, started, alone, lasts):
    """Without a state directory the matrix is gone after each kill, and the client sends it again by itself.

    A job is lost with a server in memory, so no client waits for one there.
    """
    expected = alone if lasts else {name: answer for name, answer in alone.items() if name != "waited for"}
    moments, over, answered = random.Random(7), Event(), Counter()
    served = Served(started, tmp_path / "state" if lasts else None)
    with ThreadPoolExecutor(3) as pool:
        load = [pool.submit(_keep_asking, served.address, first, expected, over, answered) for first in range(3)]
        try:
            for _ in range(20):
                wanted = {first: answered[first] + 1 for first in range(3)}
                while any(answered[first] < count for first, count in wanted.items()):
                    Event().wait(0.02)
                    assert not any(each.done() for each in load), [each.result() for each in load if each.done()]
                Event().wait(moments.uniform(0.0, 0.2))
                served.kill_and_start()
        finally:
            over.set()
        for each in load:
            each.result(PATIENCE_S)
    assert sum(answered.values()) >= 60
