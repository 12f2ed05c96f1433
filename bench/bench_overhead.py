"""What guarding and watching a server costs: the token, the limits, the record, the metrics and the log line of a call.

The work is timed where it is done: on the event loop's thread of a gRPC server, with the context of a real call. Rounds
with nothing but the record, with the metrics too, and with the log line too take turns, and beside them the look-up
of a token and the admission of a call. Processor time of the thread is shown, because other work on the machine
disturbs it least. Beside a call of ours, which takes 200 us of the server's processor time and more, differences of a
few microseconds drown in the noise. What gRPC takes to read a message in the handler is not part of it.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import grpc

from bench import rows
from bench.rows import Row
from meanrev_server.admission import Admission
from meanrev_server.authentication import Authentication, authentication_of
from meanrev_server.capacity import Capacity, Demand
from meanrev_server.config import Settings
from meanrev_server.observation.call_log import CallLog, wanted
from meanrev_server.observation.tallies import CallTallies
from meanrev_server.records import Caller, CallObserver, CallRecord, Calls
from meanrev_server.rpc.adapter import Service
from meanrev_server.rpc.exchange import Desk
from meanrev_server.rpc.overdue import Patience
from meanrev_server.rpc.pushback import Pushback
from meanrev_server.rpc.registry import Route
from meanrev_server.telemetry import start_logging

if TYPE_CHECKING:
    from collections.abc import Callable

ROUTE = Route("/meanrev.MeanRevService/PortfolioStats", "PortfolioStats", False, False, None)
DATA = bytes(800)
TIMES = 2_000
ROUNDS = 31


def watched_call(service: Service, context: grpc.aio.ServicerContext) -> None:
    """Do what the adapter does around a unary call, and what a compute thread and the codec add to its record."""
    caller = Caller("alice", context.peer())
    recorded = service._recorded  # noqa: SLF001 - what the adapter does is measured
    with recorded(ROUTE.method, caller, context, streaming=False) as record:
        record.note_phase("decode", 0.0, 0.0)
        record.note_computation(0.0, 0.0001, 0.0002, 0.00001)
        record.sent_bytes = len(DATA)


def admitted_call(desk: Desk, record: CallRecord) -> None:
    """Do what admission adds to a unary call: its limits, its timeouts, what it announces, and its unsent reply."""
    ends: list[Callable[[object], None]] = []
    exchange = desk.open(SimpleNamespace(add_done_callback=ends.append), ROUTE, record)
    exchange.ticket.enter(0)
    exchange.ticket.announce(Demand(work=1_000, peak_bytes=100_000, reply_bytes=len(DATA)))
    exchange.last(DATA)
    ends[0](None)


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

    def __init__(self, authentication: Authentication) -> None:
        self.calls = Calls()
        self.authentication = authentication
        surroundings = SimpleNamespace(settings=Settings(), stopping=asyncio.Event())
        admission = Admission(Capacity())
        self.desk = Desk(admission, Patience())
        self.service_ = Service({}, surroundings, admission, Patience(), Pushback(1), self.calls)
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
            taken.append(timed(admitted_call, self.desk, CallRecord(caller=Caller("alice", "ipv4:127.0.0.1:1"))))
            taken.append(timed(self.authentication.by_token, context.invocation_metadata()))
            self.found.append(tuple(taken))
            await asyncio.sleep(0)
        return b""


async def measured() -> list[float]:
    """Return the median times of a record alone, with metrics, with the line too, of a price, admission and a token."""
    token = "t" * 43
    with tempfile.NamedTemporaryFile("w", suffix=".tokens") as file:
        file.write(f"alice {token}\n")
        file.flush()
        timing = Timing(authentication_of(Settings(token_file=file.name)))
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((timing,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    metadata = (
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("authorization", f"Bearer {token}"),
    )
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
        record, metrics, line, price, admission, token = asyncio.run(measured())
        sys.stderr = shown
    note = f"record {rows.span(record)}, metrics {rows.span(metrics - record)}, line {rows.span(line - metrics)}"
    whole = line + admission + token
    parts = f"watching {rows.span(line)}, admission {rows.span(admission)}, token {rows.span(token)}"

    def section() -> list[Row]:
        return [
            Row("guarding and watching a unary call", whole, "", 0.0, 40e-6, parts),
            Row("watching a unary call", line, "", 0.0, 25e-6, note),
            Row("admitting a unary call", admission, "", 0.0, 10e-6),
            Row("looking up a token", token, "", 0.0, 10e-6),
            Row("watching a streamed price", price, "", 0.0, 1e-6),
        ]

    rows.tell([section], "overhead", chosen.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
