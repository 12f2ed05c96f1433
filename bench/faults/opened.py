"""Rows 5.1 and 5.2, 9 and 13: calls and connections that are opened and left alone, health and reflection."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import psutil
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from bench.faults.rows import MIB, Figure, attack
from bench.faults.trial import Trial, seconds_until
from meanrev_wire import codec, meanrev_pb2, research_pb2
from tests.faults import servers
from tests.faults.attacks import Connection
from tests.faults.test_connections import FEW_FILES
from tests.server.research import SERVICE as RESEARCH
from tests.server.serving import SERVICE

PRICES = SERVICE + "ComputeLogReturns"
WATCH = "/grpc.health.v1.Health/Watch"
OPENING = "tests/faults/test_opening.py::"
PROBES = "tests/faults/test_probes.py::"


@attack(
    "5.1",
    "17 connections with 256 calls each that are headers alone, for 5 s",
    "honest callers are served meanwhile",
    defence="calls without a message do not count; `server/meanrev_server/rpc/overdue.py`",
    test=OPENING + "test_calls_without_a_message_keep_nobody_out",
)
def headers_alone() -> Iterator[Figure]:
    with Trial() as trial, contextlib.ExitStack() as stack:
        enemies = [stack.enter_context(Connection(trial.address)) for _ in range(17)]
        for enemy in enemies:
            for _ in range(256):
                enemy.open(PRICES)
        time.sleep(5)

        def still() -> int:
            return sum(256 - len(enemy.ended) for enemy in enemies)

        yield Figure("a quarter of them is left after 5 s and", seconds_until(lambda: still() <= 1024, 30), "s", 3)
        yield from trial.figures(growth_mb=128)


@attack(
    "5.2",
    "16 FitOu streams that announce 80 MB each and then say nothing",
    "honest callers are served; given up after `message_timeout_s`",
    defence="`message_timeout_s`, `max_bytes_in_flight`",
    test=OPENING + "test_a_matrix_that_does_not_go_on_is_given_up_and_its_bytes_are_free",
    settings="`message_timeout_s` = 5",
)
def silent_matrices() -> Iterator[Figure]:
    first = codec.encode(research_pb2.MatrixChunk, block=np.ones((10, 1000)), total_rows=10_000)
    with Trial(message_timeout_s=5) as trial, Connection(trial.address) as enemy:
        opened = [enemy.open(RESEARCH + "FitOu") for _ in range(16)]
        for stream in opened:
            enemy.message(stream, first)
        seconds_until(lambda: trial.server.ask("load")[1] >= 80e6, 5)
        yield Figure("bytes counted", trial.server.ask("load")[1] / 1e6, "MB", 512 * MIB / 1e6, least=80)
        yield Figure("bytes free after", seconds_until(lambda: trial.server.ask("load")[1] == 0), "s", 5 + 3)
        yield from trial.figures(growth_mb=128)


@attack(
    "9.1",
    "a peer with an open call that answers no pings",
    "closed within 45 s",
    defence="`server/meanrev_server/transport.py`: keepalive and ping timeouts",
    test="tests/faults/test_connections.py::test_a_peer_that_answers_no_pings_is_given_up",
)
def no_pings() -> Iterator[Figure]:
    with Trial() as trial, Connection(trial.address, answer_pings=False) as enemy:
        enemy.open(SERVICE + "EstimateOUParams")
        yield Figure("connection closed after", seconds_until(enemy.closed.is_set, 100), "s", 45)
        yield from trial.figures(growth_mb=32)


@attack(
    "9.2",
    "an idle connection, and an open call without a message",
    "closed after `connection_idle_s`; ended after `message_timeout_s`",
    defence="`connection_idle_s`, `message_timeout_s`",
    test=OPENING + "test_an_idle_connection_is_closed",
    settings="`connection_idle_s` = 2, `message_timeout_s` = 2",
)
def idle() -> Iterator[Figure]:
    with Trial(connection_idle_s=2, message_timeout_s=2) as trial:
        with Connection(trial.address) as quiet, Connection(trial.address) as opening:
            began = time.monotonic()
            stream = opening.open(PRICES)
            opening.wait_ended([stream], 60)
            yield Figure("call ended after", time.monotonic() - began, "s", 2 + 3)
            seconds_until(quiet.closed.is_set)
            yield Figure("connection closed after", time.monotonic() - began, "s", 2 + 3)
        yield from trial.figures(growth_mb=32)


@attack(
    "9.3",
    "5,000 connections",
    "at most `max_connections`; callers that are connected are served",
    defence="`max_connections`",
    test=OPENING + "test_connections_have_a_cap_and_a_closed_one_makes_room",
)
def many_connections() -> Iterator[Figure]:
    with Trial() as trial, contextlib.ExitStack() as stack:
        held = []
        for _ in range(5000):
            with contextlib.suppress(OSError):
                held.append(stack.enter_context(Connection(trial.address)))
        time.sleep(1)
        yield Figure("connections held", sum(not each.closed.is_set() for each in held), most=4096, least=3000)
        yield from trial.figures()


@attack(
    "9.4",
    "`ulimit -n 160`, and 100 connections; a start with `ulimit -n 64`",
    "a warning at the start, fewer connections, and those that are connected are served; one line, exit code 3",
    defence="`server/meanrev_server/transport.py`: RLIMIT_NOFILE is read at the start",
    test="tests/faults/test_connections.py::test_few_files_allow_few_connections",
)
def few_files() -> Iterator[Figure]:
    with servers.Server("--log", "json", program=FEW_FILES.format(160), stderr=subprocess.PIPE) as server:
        with grpc.insecure_channel(server.address) as probe, contextlib.ExitStack() as stack:
            check = health_pb2_grpc.HealthStub(probe).Check
            check(health_pb2.HealthCheckRequest(), timeout=10)
            held = [stack.enter_context(Connection(server.address)) for _ in range(100)]
            seconds_until(lambda: sum(each.closed.is_set() for each in held) >= 69, 10)
            yield Figure("connections held", sum(not each.closed.is_set() for each in held), most=32)
            began = time.monotonic()
            check(health_pb2.HealthCheckRequest(), timeout=10)
            yield Figure("probe answered after", 1e3 * (time.monotonic() - began), "ms", 1000)
        server.stop()
        warned = "the limit of open files allows fewer connections" in server.process.stderr.read()
        yield Figure("warned at the start", warned, least=1)
    with servers.Server(program=FEW_FILES.format(64), stderr=subprocess.PIPE) as server:
        yield Figure("exit code with 64 files", server.process.wait(60), most=3, least=3)
        yield Figure("lines that say so", len(server.process.stderr.read().splitlines()), most=1, least=1)


def watches(server: Any, number: int, stack: contextlib.ExitStack) -> list[Connection]:
    """Open watches of health, 250 on a connection."""
    held = [stack.enter_context(Connection(server.address)) for _ in range(number // 250)]
    for enemy in held:
        for _ in range(250):
            enemy.message(enemy.open(WATCH), b"", end=True)
    return held


@attack(
    "13.1",
    "256 watches of health while the server stops",
    "closed at once: no part of the 20 s of grace",
    defence="`server/meanrev_server/rpc/probes.py`",
    test=PROBES + "test_a_watch_ends_when_the_server_stops_and_keeps_it_from_nothing",
)
def watched_stop() -> Iterator[Figure]:
    with servers.Server("--grace", "20") as server, contextlib.ExitStack() as stack:
        held = watches(server, 250, stack)
        seconds_until(lambda: all(len(each.received) == 250 for each in held), 10)
        yield Figure("watches open", len(held[0].received), least=250)
        began = time.monotonic()
        code = server.stop()
        yield Figure("server ended after", time.monotonic() - began, "s", 2)
        yield Figure("its exit code", code, most=0)


@attack(
    "13.2",
    "3,000 watches of health",
    "at most 256; checks are answered",
    defence="`server/meanrev_server/rpc/probes.py`",
    test=PROBES + "test_watches_have_a_cap_and_checks_are_answered",
)
def many_watches() -> Iterator[Figure]:
    with Trial() as trial, contextlib.ExitStack() as stack:
        held = watches(trial, 3000, stack)
        seconds_until(lambda: sum(len(each.ended) for each in held) >= 3000 - 256, 20)
        with grpc.insecure_channel(trial.address) as channel:
            began = time.monotonic()
            health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=30)
        yield Figure("check answered after", 1e3 * (time.monotonic() - began), "ms", 1000)
        yield Figure("watches open", 3000 - sum(len(each.ended) for each in held), most=256)
        yield from trial.figures(growth_mb=64)


@attack(
    "13.3",
    "a flood of questions about the services from 8 streams, for 3 s",
    "a small share of a core",
    defence="`server/meanrev_server/rpc/probes.py`: 100 answers a second",
    test=PROBES + "test_questions_about_the_services_are_answered_one_after_the_other",
)
def reflection_flood() -> Iterator[Figure]:
    asked = [reflection_pb2.ServerReflectionRequest(list_services="")] * 2000
    with Trial() as trial, grpc.insecure_channel(trial.address) as channel:
        before = psutil.Process(trial.server.pid).cpu_times()
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        calls = [stub.ServerReflectionInfo(iter(asked), timeout=3) for _ in range(8)]
        time.sleep(3)
        after = psutil.Process(trial.server.pid).cpu_times()
        busy = (after.user + after.system - before.user - before.system) / 3
        yield Figure("share of a core, with the honest calls", busy, most=0.5)
        for call in calls:
            call.cancel()
        yield from trial.figures(growth_mb=32)


@attack(
    "13.4",
    "400 streams of a portfolio's health that ask for a report every millisecond, for 3 s",
    "at most 10 reports a second each; half of the honest calls within 50 ms",
    defence="`server/meanrev_server/handlers/portfolio_health_stream.py`: 100 ms at least",
    test="tests/faults/test_replies.py::test_a_report_comes_every_tenth_of_a_second_at_most",
)
def fast_reports() -> Iterator[Figure]:
    ask = meanrev_pb2.HealthRequest(asset_ids=["A"], update_frequency_ms=1)
    with Trial() as trial, contextlib.ExitStack() as stack, grpc.insecure_channel(trial.address) as channel:
        reports = channel.unary_stream(SERVICE + "PortfolioHealthStream")(ask.SerializeToString(), timeout=30)
        next(reports)  # the first one has a note that others have not
        size = len(next(reports)) + 5
        enemies = [stack.enter_context(Connection(trial.address, window=2**31 - 1)) for _ in range(2)]
        for enemy in enemies:
            enemy.widen()
            for _ in range(200):
                enemy.message(enemy.open(SERVICE + "PortfolioHealthStream"), ask.SerializeToString(), end=True)
        time.sleep(1)
        before = sum(sum(enemy.received.values()) for enemy in enemies)
        time.sleep(3)
        sent = sum(sum(enemy.received.values()) for enemy in enemies) - before
        yield Figure("reports a second and stream", sent / size / 3 / 400, most=11, least=1)
        yield Figure("median honest call", 1e3 * trial.finish().median_s, "ms", 50)
        yield from trial.figures(growth_mb=64)


@attack(
    "13.5",
    "rapid reset: 20,000 calls on 4 connections that are cancelled at once",
    "no honest call fails",
    defence="gRPC's own; `max_concurrent_streams`",
    test="tests/faults/test_connections.py::test_calls_that_are_reset_at_once_keep_nobody_out",
)
def rapid_reset() -> Iterator[Figure]:
    with Trial() as trial, contextlib.ExitStack() as stack:
        enemies = [stack.enter_context(Connection(trial.address)) for _ in range(4)]
        with contextlib.suppress(OSError):
            for _ in range(5000):
                for enemy in enemies:
                    enemy.reset(enemy.open(PRICES))
        yield from trial.figures(growth_mb=64)
