"""Rows 1 and 2: messages that are large, compressed, cut off or nested, and replies that nobody reads."""

import gzip
import time
from collections.abc import Iterator

import grpc
import numpy as np

from bench.faults.rows import MIB, Figure, attack
from bench.faults.trial import Trial, seconds_until
from meanrev_wire import codec, meanrev_pb2, research_pb2
from tests.faults.attacks import Connection
from tests.server import research
from tests.server.serving import SERVICE

PRICES = SERVICE + "ComputeLogReturns"


def code_of(address: str, path: str, data: bytes, **more: object) -> grpc.StatusCode:
    """Return the status of a call whose replies are read and dropped."""
    with grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)]) as channel:
        call = channel.unary_stream(path)(data, timeout=60, **more)
        try:
            for _ in call:
                pass
        except grpc.RpcError:
            pass
        return call.code()


@attack(
    "1.1",
    "gzip bombs: 32 messages of 63 MiB of zeros, 2 MB on the wire",
    "refused, memory flat",
    defence="`server/meanrev_server/transport.py`: no compression",
    test="tests/faults/test_demands.py::test_compression_is_refused",
)
def gzip_bombs() -> Iterator[Figure]:
    bomb = gzip.compress(bytes(63 * MIB))
    with Trial() as trial, Connection(trial.address) as enemy:
        opened = [enemy.open(PRICES, extra=[("grpc-encoding", "gzip")]) for _ in range(32)]
        for stream in opened:
            enemy.message(stream, bomb, compressed=True, end=True)
        refused = enemy.wait_ended(opened)
        code = code_of(trial.address, PRICES, bytes(MIB), compression=grpc.Compression.Gzip)
        yield Figure("calls refused", refused, least=32)
        yield Figure("of one more, UNIMPLEMENTED", code is grpc.StatusCode.UNIMPLEMENTED, least=1)
        yield from trial.figures(growth_mb=64)


@attack(
    "1.2",
    "24 messages of 63 MiB whose last byte is held back",
    "counted, and given up after `message_timeout_s`",
    defence="`message_timeout_s`, `max_bytes_in_flight`; `server/meanrev_server/rpc/overdue.py`",
    test="tests/faults/test_opening.py::test_messages_without_their_end_count_as_if_they_were_whole",
    settings="`message_timeout_s` = 5",
)
def held_back() -> Iterator[Figure]:
    with Trial(message_timeout_s=5) as trial, Connection(trial.address) as enemy:
        opened = [enemy.open(PRICES) for _ in range(24)]
        most = 0
        for stream in opened:
            enemy.message(stream, bytes(63 * MIB - 1), announced=63 * MIB, patience_s=3)
            most = max(most, trial.server.ask("load")[1])
        late = seconds_until(lambda: enemy.ended.issuperset(opened))
        yield Figure("bytes counted at most", most / 1e6, "MB", 512 * MIB / 1e6, least=64)
        yield Figure("last call ended after", late, "s", 5 + 3)
        yield from trial.figures()


@attack(
    "1.3",
    "a message of 63 MiB that is nothing but empty submessages",
    "counted on its bytes, not parsed; lag < 20 ms",
    defence="`proto/meanrev_wire/codec.py`: fields are counted first",
    test="tests/faults/test_demands.py::test_too_many_submessages_are_counted_not_parsed",
)
def submessages() -> Iterator[Figure]:
    with Trial() as trial:
        code = code_of(trial.address, SERVICE + "MultiperiodOptimize", b"\x0a\x00" * (63 * MIB // 2))
        yield Figure("INVALID_ARGUMENT", code is grpc.StatusCode.INVALID_ARGUMENT, least=1)
        yield from trial.figures(growth_mb=400, lag_ms=20)


@attack(
    "1.4",
    "an honest message of 63 MiB",
    "answered; lag < 20 ms",
    defence="decoding and encoding in a compute thread; `max_message_bytes`",
    test="tests/faults/test_large_messages.py::test_a_large_message_is_parsed_beside_the_event_loop",
)
def large_message() -> Iterator[Figure]:
    data = codec.encode(meanrev_pb2.ReturnsRequest, prices=np.full(63 * MIB // 8, 2.0))
    with Trial() as trial:
        code = code_of(trial.address, PRICES, data)
        yield Figure("answered", code is grpc.StatusCode.OK, least=1)
        yield from trial.figures(lag_ms=20)


@attack(
    "1.5",
    "a message of 65 MiB, and 1 MB of metadata",
    "RESOURCE_EXHAUSTED, memory flat",
    defence="`max_message_bytes`; `server/meanrev_server/transport.py`: metadata of 16 KiB",
    test="tests/server/test_app.py::test_a_message_above_the_limit_is_refused_and_the_next_one_answered",
)
def oversize() -> Iterator[Figure]:
    with Trial() as trial:
        codes = [
            code_of(trial.address, PRICES, bytes(65 * MIB)),
            code_of(trial.address, PRICES, b"", metadata=[("note", "x" * 1_000_000)]),
        ]
        refused = sum(code is grpc.StatusCode.RESOURCE_EXHAUSTED for code in codes)
        yield Figure("calls refused", refused, least=2)
        yield from trial.figures(growth_mb=96)


STATS = codec.encode(meanrev_pb2.PortfolioStatsRequest, returns=np.random.default_rng(1).normal(size=(2, 1900)))
"""30 kB that are answered by 58 MB."""


@attack(
    "2.1",
    "40 replies of 58 MB, for 1.2 MB sent, that are never read",
    "at most `max_reply_bytes_in_flight`; the connection is closed after `write_timeout_s`",
    defence="`max_reply_bytes_in_flight`, `write_timeout_s`; `server/meanrev_server/rpc/connections.py`",
    test="tests/faults/test_replies.py::test_replies_that_nobody_reads_have_a_budget_and_then_their_time",
    settings="`write_timeout_s` = 2, and 2 more for each 16 MiB",
)
def unread_replies() -> Iterator[Figure]:
    with Trial(write_timeout_s=2) as trial, Connection(trial.address, window=0) as enemy:
        began = time.monotonic()
        for stream in [enemy.open(SERVICE + "PortfolioStats") for _ in range(40)]:
            enemy.message(stream, STATS, end=True)
        most = 0

        def closed() -> bool:
            nonlocal most
            most = max(most, trial.server.ask("load")[3])
            return enemy.closed.is_set()

        seconds_until(closed)
        yield Figure("replies held at most", most / 1e6, "MB", 128 * MIB / 1e6, least=60)
        yield Figure("connection closed after", time.monotonic() - began, "s", 2 * (1 + 4) + 5)
        seconds_until(lambda: trial.server.ask("load") == [0, 0, 0, 0], 10)
        yield Figure("calls held afterwards", trial.server.ask("load")[0], most=3)
        yield from trial.figures()


@attack(
    "2.2",
    "100 streams of results with the widest windows, on a connection whose socket is not read",
    "memory grows by less than 128 MB; closed after `write_timeout_s`",
    defence="replies of at most 256 KiB on streams; `write_timeout_s`",
    test="tests/faults/test_replies.py::test_streams_that_nobody_reads_hold_one_reply_each_and_then_their_time",
    settings="`write_timeout_s` = 2",
)
def unread_streams() -> Iterator[Figure]:
    with Trial(write_timeout_s=2) as trial, Connection(trial.address, window=2**31 - 1) as enemy:
        with research.Research(trial.address) as ask:
            grid = {"entry": "0.5:2.5:0.01", "exit": "0:0.4:0.01", "lookback": [10]}
            job = ask("SubmitJob", research.chunks(research.universe(100, 60), method="SweepThresholds", **grid))
            assert list(ask("WatchJob", research_pb2.JobRequest(job_id=job.job_id)))[-1].status == "done"
        before = trial.memory.restart()
        enemy.widen()
        request = research_pb2.JobRequest(job_id=job.job_id).SerializeToString()
        opened = [enemy.open(research.SERVICE + "FetchResult") for _ in range(100)]
        enemy.stop_reading()
        began = time.monotonic()
        for stream in opened:
            enemy.message(stream, request, end=True)
        seconds_until(lambda: trial.server.ask("load")[0] == 0)
        yield Figure("calls ended after", time.monotonic() - began, "s", 2 + 5)
        yield Figure("resident before", before / 1e6, "MB")
        yield from trial.figures(growth_mb=128)
