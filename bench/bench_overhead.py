"""What watching a server costs: the record, the metrics and the log line of each call; `make bench` runs it.

The work is timed where it is done: on the event loop's thread of a gRPC server, with the context of a real call. Rounds
with nothing but the record, with the metrics too, and with the log line too take turns. Processor time of the thread is
shown, because other work on the machine disturbs it least. Beside a call of ours, which takes 200 us of the server's
processor time and more, differences of a few microseconds drown in the noise.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import grpc

from bench import rows
from bench.rows import Row
from meanrev_server.config import Settings
from meanrev_server.observation.call_log import CallLog, wanted
from meanrev_server.observation.tallies import CallTallies
from meanrev_server.records import CallObserver, CallRecord, Calls
from meanrev_server.rpc.adapter import Service
from meanrev_server.rpc.registry import Route
from meanrev_server.telemetry import start_logging

ROUTE = Route("/meanrev.MeanRevService/PortfolioStats", "PortfolioStats", False, False, None)
DATA = bytes(800)
TIMES = 2_000
ROUNDS = 31


def watched_call(service: Service, context: grpc.aio.ServicerContext) -> None:
    """Do what the adapter does around a unary call, and what a compute thread and the codec add to its record."""
    with service._recorded(ROUTE, context) as record:  # noqa: SLF001 - what the adapter does is measured
        record.note_phase("decode", 0.0, 0.0)
        record.note_computation(0.0, 0.0001, 0.0002, 0.00001)
        record.sent_bytes = len(DATA)


def watched_price(record: CallRecord) -> None:
    """Do what a streamed price and its reply add to a record."""
    record.received_bytes += 20
    began = time.monotonic()
    record.note_phase("decode", began, time.monotonic())
    record.sent_bytes += 190


def timed(run, *arguments) -> float:
    """Return the thread's processor time of one run, the mean of many."""
    before = time.thread_time()
    for _ in range(TIMES):
        run(*arguments)
    return (time.thread_time() - before) / TIMES


class Timing(grpc.GenericRpcHandler):
    """Answers a call by timing, within it, what watching a call costs."""

    def __init__(self) -> None:
        self.calls = Calls()
        surroundings = SimpleNamespace(settings=Settings(), stopping=asyncio.Event())
        self.service_ = Service({}, surroundings, None, None, self.calls)
        self.log = CallLog(wanted(Settings(log="json")))
        self.found: list[tuple[float, ...]] = []

    def service(self, _details):
        return grpc.unary_unary_rpc_method_handler(self.answer)

    async def answer(self, _request, context):
        tallies = CallTallies()
        watching: tuple[list[CallObserver], ...] = ([], [tallies], [tallies, self.log])
        for _ in range(ROUNDS):
            taken = []
            for observers in watching:
                self.calls.observers = observers
                taken.append(timed(watched_call, self.service_, context))
                self.log.flush()
            taken.append(timed(watched_price, CallRecord()))
            self.found.append(tuple(taken))
            await asyncio.sleep(0)
        return b""


async def measured() -> list[float]:
    """Return the median times of a record alone, with metrics, with the line too, and of a price."""
    timing = Timing()
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((timing,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    metadata = (("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await channel.unary_unary("/bench/Watching")(b"", metadata=metadata)
    await server.stop(0)
    return [statistics.median(each) for each in zip(*timing.found, strict=True)]


def main() -> int:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    chosen = parser.parse_args()
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        shown, sys.stderr = sys.stderr, nowhere
        start_logging("json", "info")
        record, metrics, line, price = asyncio.run(measured())
        sys.stderr = shown
    note = f"record {rows.span(record)}, metrics {rows.span(metrics - record)}, line {rows.span(line - metrics)}"

    def section() -> list[Row]:
        return [
            Row("watching a unary call", line, "", 0.0, 25e-6, note),
            Row("watching a streamed price", price, "", 0.0, 1e-6),
        ]

    rows.tell([section], "overhead", chosen.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
