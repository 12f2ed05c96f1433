"""Rows 14 and 15: machines without a home, a disk or a compiler; clocks, signals, and servers in each other's way."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc

import meanrev as mr
from bench.faults.ends import PRICES, serves
from bench.faults.kept import valued
from bench.faults.requests import refusal
from bench.faults.rows import Figure, attack
from bench.faults.trial import Trial, seconds_until
from meanrev_wire import research_pb2
from tests.faults import test_no_kernels
from tests.faults.servers import Server
from tests.faults.test_signals import SLOW
from tests.server import research
from tests.server.serving import SERVICE

TRACE = re.compile(r"^Traceback", re.MULTILINE)


def without(case: str) -> Iterator[Figure]:
    """Start a server on a machine that lacks something."""
    program, env, reason = test_no_kernels.CASES[case]
    with TemporaryDirectory() as home:
        clean = {"HOME": home, "MEANREV_KERNEL_CACHE": None, "MEANREV_LANES": None, "MEANREV_WORKER": "thread"}
        words = ("--backend", "auto", "--log", "json")
        began = time.monotonic()
        with Server(*words, program=program, env={**clean, **env}, stderr=subprocess.PIPE) as server:
            yield Figure("serving after", time.monotonic() - began, "s", 30)
            with mr.Client(server.address, timeout=60) as client:
                known = client.info()
                yield Figure("answered", client.log_returns([1.0, 2.0]).n_periods, least=1)
            server.stop()
            told = server.process.stderr.read()
        warnings = [each for each in map(json.loads, told.splitlines()) if each["level"] == "warning"]
        yield Figure("warnings in the log", len(warnings), most=1, least=1)
        yield Figure("the reason is in Info", reason in known.backend_reason, least=1)
        yield Figure("tracebacks", len(TRACE.findall(told)), most=0)
        done = subprocess.run(
            [sys.executable, "-c", f"{program}\nfrom meanrev_cli.__main__ import main\nmain(['doctor', '--json'])"],
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
            env={name: value for name, value in {**os.environ, **clean, **env}.items() if value is not None},
        )
        yield Figure("the doctor says so", "not usable: " in done.stdout and not TRACE.search(done.stderr), least=1)


for place, case in enumerate(test_no_kernels.CASES, 1):
    attack(
        f"14.{place}",
        f"a start with {case}",
        "NumPy serves; one clear line in the log, in doctor and in Info",
        defence="`gpu_kernels/backend.py`, `gpu_kernels/kernel_cache.py`",
        test="tests/faults/test_no_kernels.py::test_numpy_serves_and_says_why",
    )(partial(without, case))


@attack(
    "15.1",
    "a price stamped an hour before the one that came before it",
    "it counts, in the order of arrival",
    defence="`server/meanrev_server/marks.py`",
    test="tests/server/state/test_restart.py::test_a_clock_that_is_set_back_changes_no_order",
)
def clock_back() -> Iterator[Figure]:
    now = int(time.time() * 1000)
    with Trial() as trial:
        for stamp, price in ((now, 5.0), (now - 3_600_000, 1.0)):
            request = research_pb2.PublishPricesRequest(asset_ids=["A"], prices=[price], timestamps_ms=[stamp])
            refusal(trial.address, research.SERVICE + "PublishPrices", [request.SerializeToString()])
        yield Figure("value of one asset at the later price", valued(trial.address), most=1, least=1)
        yield from trial.figures(growth_mb=32)


@attack(
    "15.2",
    "SIGTERM and SIGINT without a gap, while a call computes that never ends (grace 300 s)",
    "the second signal ends the server",
    defence="`client/meanrev_cli`: signals of serve",
    test="tests/faults/test_signals.py::test_the_second_ends_the_grace_period",
)
def two_signals() -> Iterator[Figure]:
    with Server("--grace", "300", program=SLOW) as server, grpc.insecure_channel(server.address) as channel:
        answer = channel.unary_unary(SERVICE + "ComputeLogReturns").future(PRICES, timeout=300)
        time.sleep(0.5)
        began = time.monotonic()
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(server.process.pid, number)
        yield Figure("exit code", server.process.wait(60), most=0)
        yield Figure("ended after", time.monotonic() - began, "s", 2)
        answer.cancel()


HALF_A_SECOND = SLOW.replace("time.sleep(300)", "(time.sleep(0.5), compute(*arguments))[1]").replace(
    "host.compute =", "compute = host.compute\nhost.compute ="
)


@attack(
    "15.3",
    "SIGTERM while 6 calls compute (grace 10 s)",
    "all are answered; health says NOT_SERVING; ended within the grace and 1 s",
    defence="`server/meanrev_server/app.py`: stop",
    test="tests/server/test_app.py::test_a_stop_answers_the_calls_in_flight",
)
def stop_under_load() -> Iterator[Figure]:
    with (
        Server("--grace", "10", program=HALF_A_SECOND, env={"MEANREV_COMPUTE_THREADS": "3"}) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        calls = [channel.unary_unary(SERVICE + "ComputeLogReturns").future(PRICES, timeout=60) for _ in range(6)]
        time.sleep(0.2)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        yield Figure("not serving after", seconds_until(lambda: not serves(server.address), 10), "s", 0.5)
        yield Figure("calls answered", sum(call.code() is grpc.StatusCode.OK for call in calls), least=6)
        yield Figure("exit code", server.process.wait(60), most=0)
        yield Figure("ended after", time.monotonic() - began, "s", 11)


@attack(
    "15.4",
    "kill -9 while kernels are built, and the next start after an hour",
    "what it left is removed",
    defence="`gpu_kernels/kernel_cache.py`, swept at the start",
    test="tests/faults/test_killed_builds.py::test_old_ones_go_at_the_start",
)
def killed_build() -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        env = {**os.environ, "MEANREV_KERNEL_CACHE": folder}
        command = [sys.executable, "-m", "meanrev_cli", "serve", "--listen", "127.0.0.1:0", "--backend", "native"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env) as building:
            seconds_until(lambda: list(Path(folder).glob("building-*")), 60)
            building.kill()
        left = list(Path(folder).glob("building-*"))
        yield Figure("folders left by the kill", len(left), least=1)
        for path in left:
            os.utime(path, (time.time() - 7200,) * 2)
        with Server(env={"MEANREV_KERNEL_CACHE": folder}):
            yield Figure("of these after the next start", len([path for path in left if path.exists()]), most=0)


@attack(
    "15.5",
    "a second server on the same port, one on the same state directory, and one on a state directory that is a file",
    "exit code 2 (3 where the port is taken) and one line",
    defence="`server/meanrev_server/listener.py`, `server/meanrev_server/state/folder.py`",
    test="tests/faults/test_killed_with_jobs.py::test_a_second_server_on_the_same_directory_ends_with_one_clear_line",
)
def second_server() -> Iterator[Figure]:
    with TemporaryDirectory() as folder, Server("--state-dir", f"{folder}/state") as first:
        (Path(folder) / "file").write_text("")
        words = (
            ("--listen", first.address),
            ("--listen", "127.0.0.1:0", "--state-dir", f"{folder}/state"),
            ("--listen", "127.0.0.1:0", "--state-dir", f"{folder}/file"),
        )
        ends = [
            subprocess.run(
                [sys.executable, "-m", "meanrev_cli", "serve", "--backend", "numpy", *each],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
                env={**os.environ, "MEANREV_LOG_LEVEL": "error"},
            )
            for each in words
        ]
        yield Figure("exit codes that say so", sum(end.returncode in {2, 3} for end in ends), least=3)
        yield Figure("lines of the longest complaint", max(len(end.stderr.splitlines()) for end in ends), most=1)
