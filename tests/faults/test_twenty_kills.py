"""A server that is killed twenty times under a load of calls and jobs costs our clients no answer, no bit of one."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import numpy as np
import pytest

import meanrev as mr
from meanrev_wire import research_pb2
from tests.faults.kept_jobs import PRICES, results, submitted
from tests.faults.servers import Server, free_address
from tests.server.research import Research

KILLS = 20
PATIENCE_S = 300
RETURNS = np.diff(PRICES[:300], axis=0)
GRID = {"entry": "0.5:2.5:0.1", "exit": "0:0.4:0.1"}
QUESTIONS = {
    "unary": lambda client: client.pca(RETURNS, n_components=3),
    "upload": lambda client: client.fit_ou(PRICES),
    "stored": lambda client: client.put_portfolio("mine", {"KO": 1.0}).holdings,
    "waited for": lambda client: client.submit("fit_ou", PRICES, adf_lags=2).result(),
    "swept": lambda client: client.sweep(PRICES[:500], entry=[0.5, 1.0, 1.5], exit=[0.0], lookback=[10, 20]),
}


def _jobs(kill):
    """Return the jobs that are submitted before a kill, others each time."""
    return [
        ("SweepThresholds", {**GRID, "lookback": [10 + kill], "train": 500, "test": 100}),
        ("ScanPairs", {"alpha": 1.0, "lookback": 20 + kill}),
    ]


def _keep_asking(address, first, expected, over, answered):
    names = list(QUESTIONS)
    with mr.Client(address, timeout=PATIENCE_S) as client:
        while not over.is_set():
            name = names[(first + answered[first]) % len(names)]
            assert QUESTIONS[name](client) == expected[name], name
            answered[first] += 1


def _until_more(load, answered):
    """Wait until each client has another answer, and raise what one of them raised."""
    wanted = {first: answered[first] + 1 for first in range(len(load))}
    while any(answered[first] < count for first, count in wanted.items()):
        for each in load:
            assert not each.done() or each.result() is None
        Event().wait(0.05)


@pytest.fixture(scope="module")
def alone():
    """The answers, and the results of all jobs, of a server that is left alone."""
    with Server() as server, mr.Client(server.address, timeout=PATIENCE_S) as client, Research(server.address) as ask:
        answers = {name: question(client) for name, question in QUESTIONS.items()}
        jobs = [job for kill in range(KILLS) for job in _jobs(kill)]
        return answers, results(ask, submitted(ask, jobs, PATIENCE_S), PATIENCE_S)


@pytest.mark.timeout(1800)
def test_twenty_kills_under_load_cost_no_call_and_no_bit_of_a_job(tmp_path, alone):
    answers, expected = alone
    moments, over, answered, address = random.Random(7), Event(), Counter(), free_address()
    ids = {}
    with ExitStack() as started, ThreadPoolExecutor(len(QUESTIONS)) as pool:
        log = started.enter_context((tmp_path / "log").open("a"))
        words = ("--state-dir", str(tmp_path / "state"))
        start = lambda: started.enter_context(Server(*words, listen=address, stderr=log))  # noqa: E731
        server = start()
        load = [pool.submit(_keep_asking, address, first, answers, over, answered) for first in range(len(QUESTIONS))]
        try:
            for kill in range(KILLS):
                with Research(address) as ask:
                    ids |= submitted(ask, _jobs(kill), PATIENCE_S)
                _until_more(load, answered)
                Event().wait(moments.uniform(0.0, 0.5))  # another moment of the work each time
                server.kill()
                server = start()
            _until_more(load, answered)
        finally:
            over.set()
            print((tmp_path / "log").read_text())  # noqa: T201 - what the servers said, where the test fails
        for each in load:
            each.result(PATIENCE_S)
        with Research(address) as ask:
            assert results(ask, ids, PATIENCE_S) == expected
            listed = ask("ListJobs", research_pb2.ListJobsRequest(limit=1000)).jobs
    assert len(ids) == 2 * KILLS
    assert Counter(job.status for job in listed) == {"done": 2 * KILLS + 1}
