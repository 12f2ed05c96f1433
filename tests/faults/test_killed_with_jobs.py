"""A server with a state directory that is killed again and again under a load of jobs loses none, and no bit of one."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

import meanrev as mr
from meanrev_wire import research_pb2 as wire
from tests.faults.kept_jobs import PATIENCE_S, PRICES, request, results, submitted
from tests.server.research import Research

READY = "listening on "
KILLS = 4
GRID = {"entry": "0.5:2.5:0.1", "exit": "0:0.4:0.1"}
JOBS = [
    *(("SweepThresholds", {**GRID, "lookback": [10 + n], "train": 500, "test": 100}) for n in range(6)),
    *(("ScanPairs", {"alpha": 1.0, "lookback": 20 + n}) for n in range(3)),
    *(("FitOu", {"adf_lags": n}) for n in range(3)),
]


class Server:
    """A `meanrev serve` that is started, killed and started again."""

    def __init__(self, *words):
        self._words = words
        self.process = self.address = None

    def start(self):
        command = [sys.executable, "-m", "meanrev_cli", "serve", "--listen", "127.0.0.1:0", "--backend", "numpy"]
        environ = {**os.environ, "MEANREV_LOG_LEVEL": "error"}
        self.process = subprocess.Popen([*command, *self._words], stdout=subprocess.PIPE, text=True, env=environ)
        line = self.process.stdout.readline()
        assert line.startswith(READY), line
        self.address = line.removeprefix(READY).strip()

    def end(self, number):
        self.process.send_signal(number)
        self.process.stdout.close()
        return self.process.wait(PATIENCE_S)


@contextmanager
def running(*words):
    server = Server(*words)
    server.start()
    try:
        yield server
    finally:
        server.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def expected():
    """The results of a server that is left alone."""
    with running() as server, Research(server.address) as ask:
        return results(ask, submitted(ask, JOBS))


@pytest.mark.timeout(600)
def test_jobs_end_with_the_same_bytes_however_often_their_server_is_killed(tmp_path, expected):
    state = tmp_path / "state"
    with running("--state-dir", str(state)) as server:
        with Research(server.address) as ask:
            ids = submitted(ask, JOBS)
        for kill in range(KILLS):
            # At another moment of the work each time, without waiting for one in particular.
            time.sleep(0.1 + 0.2 * kill)
            assert server.end(signal.SIGKILL) == -signal.SIGKILL
            server.start()
            with Research(server.address) as ask:
                listed = ask("ListJobs", wire.ListJobsRequest(limit=1000)).jobs
                assert {job.job_id for job in listed} == set(ids.values())
        with Research(server.address) as ask:
            assert results(ask, ids) == expected
            assert submitted(ask, JOBS) == ids
        assert server.end(signal.SIGTERM) == 0
        assert [path.name for path in state.glob("*/*") if path.parent.name != "results"] == []
        assert len(list((state / "results").iterdir())) == len(JOBS)
        server.start()
        with Research(server.address) as ask:
            assert results(ask, ids) == expected


@pytest.mark.timeout(300)
def test_a_submission_that_a_kill_cuts_off_is_whole_or_absent(tmp_path, expected):
    """Submitting again after each kill, as a client does, ends with every job once."""
    state = tmp_path / "state"
    with running("--state-dir", str(state)) as server:
        for kill in range(KILLS):
            with Research(server.address) as ask:
                _submit_until_killed(ask, server, after=1 + 3 * kill)
            server.start()
        with Research(server.address) as ask:
            ids = submitted(ask, JOBS)
            assert len(set(ids.values())) == len(JOBS)
            assert results(ask, ids) == expected
            assert len(ask("ListJobs", wire.ListJobsRequest(limit=1000)).jobs) == len(JOBS)


def _submit_until_killed(ask, server, after):
    futures = []
    for method, options in JOBS[:after]:
        call = ask.channel.stream_unary(
            "/meanrev.MeanRevResearch/SubmitJob", lambda message: message.SerializeToString(), wire.Job.FromString
        )
        futures.append(call.future(iter(request(method, options)), timeout=PATIENCE_S))
    futures[0].result()
    server.end(signal.SIGKILL)
    assert {future.code() for future in futures} <= {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}


@pytest.mark.timeout(300)
def test_a_client_that_waits_for_a_result_gets_it_from_the_next_server(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    options = {"entry": "0.5:2.5:0.1", "exit": "0:0.4:0.1", "walk_forward": (500, 100)}
    served = running("--state-dir", str(tmp_path / "state"), "--listen", address)
    with served as server, mr.Client(address) as client, ThreadPoolExecutor(2) as pool:
        jobs = [client.submit("sweep", PRICES, lookback=[10 + n], **options) for n in range(8)]
        waiting = [pool.submit(job.result) for job in jobs[-2:]]
        server.end(signal.SIGKILL)
        server.start()
        found = [each.result(PATIENCE_S) for each in waiting]
        assert found == [client.sweep(PRICES, lookback=[10 + n], **options) for n in (6, 7)]


def test_a_second_server_on_the_same_directory_ends_with_one_clear_line(tmp_path):
    with running("--state-dir", str(tmp_path)) as server:
        command = [
            sys.executable,
            "-m",
            "meanrev_cli",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--state-dir",
            str(tmp_path),
        ]
        second = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "MEANREV_LOG_LEVEL": "error"}
        )
        assert second.returncode == 2
        assert second.stdout == ""
        holder = f"process {server.process.pid}"
        words = f"state_dir '{tmp_path}' is in use by another server ({holder}); name another directory"
        ways = "--state-dir (or MEANREV_STATE_DIR, or state_dir in the --config file) sets it"
        assert second.stderr == f"Error: {words}; {ways}\n"
