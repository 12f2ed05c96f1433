"""What watching a server costs: the record, the metrics and the log line of each call; `make bench` runs it.

One server does everything that it does by default with JSON logs and metrics. The other keeps no record, has no metrics
and writes no line; nothing else differs. Both are processes of their own and answer the same calls in turn, round after
round. The figures are processor time of all threads of the server, which other work on the machine disturbs least.
"""

import argparse
import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import grpc
import numpy as np

from bench import rows
from bench.bench_rpc import serving
from bench.rows import Row
from meanrev_wire import codec, meanrev_pb2

LOG_RETURNS = "/meanrev.MeanRevService/ComputeLogReturns"
ESTIMATE = "/meanrev.MeanRevService/EstimateOUParams"
WATCHED = ("serve", "--listen", "127.0.0.1:0", "--backend", "numpy", "--log", "json", "--metrics", "127.0.0.1:0")
BARE = """
from contextlib import contextmanager
from meanrev_cli.__main__ import main
from meanrev_server.records import CallRecord
from meanrev_server.rpc.adapter import Service

@contextmanager
def no_record(self, route, data, context):
    yield CallRecord()

Service._recorded = no_record
main(["serve", "--listen", "127.0.0.1:0", "--backend", "numpy", "--log", "json"])
"""
TOGETHER = 32
ROUNDS = 9


def processor_seconds(pid: int) -> float:
    """Return the processor time that all threads of a process have used."""
    taken = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        taken += int((task / "schedstat").read_text().split()[0])
    return taken * 1e-9


def unary(channel: grpc.Channel, calls: int) -> None:
    """Make calls, so many at a time."""
    call = channel.unary_unary(LOG_RETURNS)
    request = codec.encode(meanrev_pb2.ReturnsRequest, prices=np.arange(1.0, 101.0))
    for _ in range(calls // TOGETHER):
        for answer in [call.future(request) for _ in range(TOGETHER)]:
            answer.result()


def streamed(channel: grpc.Channel, prices: int) -> None:
    """Send prices, each of which gets a reply."""
    messages = [meanrev_pb2.PriceUpdate(price=100.0 + number % 7).SerializeToString() for number in range(prices)]
    for _ in channel.stream_stream(ESTIMATE)(iter(messages)):
        pass


def added(load: Callable[[grpc.Channel, int], None], units: int, servers: list[tuple[str, int]]) -> tuple[float, ...]:
    """Return the processor time of one unit on each server, the median of all rounds, and that of the differences."""
    kept: list[list[float]] = []
    with ExitStack() as stack:
        channels = [stack.enter_context(grpc.insecure_channel(address)) for address, _ in servers]
        for channel in channels:
            load(channel, units)
        for _ in range(ROUNDS):
            taken = []
            for channel, (_, pid) in zip(channels, servers, strict=True):
                before = processor_seconds(pid)
                load(channel, units)
                taken.append((processor_seconds(pid) - before) / units)
            kept.append(taken)
    watched, bare = (statistics.median(each) for each in zip(*kept, strict=True))
    return watched, bare, statistics.median(one - other for one, other in kept)


def main() -> int:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    chosen = parser.parse_args()

    def section() -> list[Row]:
        with ExitStack() as stack:
            watched = stack.enter_context(serving(sys.executable, "-m", "meanrev_cli", *WATCHED))
            bare = stack.enter_context(serving("env", "MEANREV_CALL_LOG=off", sys.executable, "-c", BARE))
            found = []
            for name, load, units, most in (
                ("a unary call", unary, 1600, 25e-6),
                ("a streamed price", streamed, 5_000, 1e-6),
            ):
                ours, without, more = added(load, units, [watched, bare])
                note = f"{rows.span(ours)} with, {rows.span(without)} without"
                found.append(Row(f"watching {name}, processor time", more, "", 0.0, most, note))
            return found

    rows.tell([section], "overhead", chosen.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
