"""The service over a socket, beside a C++ gRPC server that computes nothing: `make bench` runs it after targets.py.

All servers are separate processes and answer the same C++ client, so that the client's cost is the same. A third
server, grpcio with handlers that compute nothing, separates the cost of grpcio from ours. Rounds are interleaved, and
medians are shown. The script needs g++, pkg-config and Debian's libgrpc++-dev and protobuf-compiler-grpc.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench import rows
from bench.rows import Row
from bench.rpc.programs import BUILD, build, missing

ROOT = Path(__file__).resolve().parent.parent
SERVE = (sys.executable, "-m", "meanrev_cli", "serve", "--listen", "127.0.0.1:0")
PEER = "C++ echo"
MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_TOP_PAD_": str(16 << 20),
}
"""As the images and units of deploy set them."""

OPEN_STREAMS = 1_000
STREAMS_A_CONNECTION = 200
SWEEP = {
    "entry": [1.0 + 0.2 * i for i in range(10)],
    "exit": [-0.45 + 0.1 * i for i in range(10)],
    "cost": [0.001],
}
BARS, SERIES = 2_500, 100

Measured = dict[str, float]
Measure = Callable[["Servers"], list[Row]]
MEASURES: list[Measure] = []
ROUNDS = 5


class Servers(NamedTuple):
    """What is measured.

    Attributes:
        ours: Address of `meanrev serve`.
        alone: The same with batching off.
        echo: Address of the C++ server.
        bare: Of grpcio alone.
        pid: Of ours.
        quick: Do a tenth of the long work.
    """

    ours: str
    alone: str
    echo: str
    bare: str
    pid: int
    quick: bool


def measure(function: Measure) -> Measure:
    """Register a function that measures some rows."""
    MEASURES.append(function)
    return function


@contextmanager
def serving(*command: str) -> Iterator[tuple[str, int]]:
    """Run a server; yields the address that it prints, and its process id."""
    environment = {**os.environ, **MALLOC}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as it:
        try:
            yield it.stdout.readline().split()[-1], it.pid
        finally:
            it.kill()


def load(kind: str, address: str, *arguments: object) -> Measured:
    """Run the C++ client once."""
    command = [str(BUILD / "load"), kind, address, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(f"load {kind} against {address}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def beside(kind: str, addresses: tuple[str, ...], *arguments: object) -> list[Measured]:
    """Run the client against each server in turn, round after round; returns the medians of each one's figures."""
    rounds: list[list[Measured]] = [[] for _ in addresses]
    for _ in range(ROUNDS):
        for address, kept in zip(addresses, rounds, strict=True):
            kept.append(load(kind, address, *arguments))
    return [{name: statistics.median(each[name] for each in kept) for name in kept[0]} for kept in rounds]


def resident(pid: int) -> int:
    """Return a process's resident memory in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


@measure
def unary(servers: Servers) -> list[Row]:
    three = (servers.ours, servers.echo, servers.bare)
    ours, theirs, bare = beside("unary", three, 1_000, 1, 500)
    large, their_large = beside("unary", three[:2], 1_000_000, 1, 10)
    many, _ = beside("unary", three[:2], 1_000, 16, 2_000)
    floor = f"grpcio alone {rows.span(bare['p50'])}"
    tail = f"p99 {rows.span(ours['p99'])}"
    return [
        Row("unary, 1,000 doubles, 1 client, p50", ours["p50"], PEER, theirs["p50"], 1 / 3.2, floor),
        Row("unary, 1,000 doubles, 1 client, p50: the promise", ours["p50"], "", 0.0, 2e-3, tail),
        Row("unary, 8 MB each way, p50", large["p50"], PEER, their_large["p50"], 1 / 3.2, "no target"),
        Row("unary, 1,000 doubles, 16 clients, a call", many["a_call"], "", 0.0, 1e-3, "no target"),
    ]


@measure
def streams(servers: Servers) -> list[Row]:
    three = (servers.ours, servers.echo, servers.bare)
    messages = 10_000 if servers.quick else 30_000
    each = beside("stream", three, messages, 1, 1)
    few = beside("stream", three, 2 * messages, 1, 100)
    blocks = beside("stream", three, messages // 15, 1_000, 1)
    turn, their_turn, bare_turn = beside("turns", three, 2_000)

    def note(measured: list[Measured], prices: int = 1) -> str:
        ours, echo, bare = (prices / taken["a_message"] for taken in measured)
        return f"{ours:,.0f}/s; {PEER} {echo:,.0f}/s, grpcio alone {bare:,.0f}/s"

    one, hundredth, block = (measured[0]["a_message"] for measured in (each, few, blocks))
    return [
        Row("stream, a price a message, one to one", one, "", 0.0, 1 / 15_000, note(each)),
        Row("stream, a reply in a hundred", hundredth, "", 0.0, 1 / 40_000, note(few)),
        Row("stream, a reply in a hundred: the promise", hundredth, "", 0.0, 1 / 10_000),
        Row("stream, 1,000 prices a message, a price", block / 1_000, "", 0.0, 1 / 3e6, note(blocks, 1_000)),
        Row(
            "stream, a price and its reply, p50: the promise",
            turn["p50"],
            "",
            0.0,
            5e-3,
            f"p99 {rows.span(turn['p99'])}; {PEER} {rows.span(their_turn['p50'])}, "
            f"grpcio alone {rows.span(bare_turn['p50'])}",
        ),
    ]


@measure
def growth(servers: Servers) -> list[Row]:
    blocks = 1_000 if servers.quick else 10_000
    # The buffers of the transport reach their size with the first streams.
    load("stream", servers.ours, 3_000, 1_000, 1)
    before = resident(servers.pid)
    load("stream", servers.ours, blocks, 1_000, 1)
    held = resident(servers.pid) - before
    return [Row(f"memory after a stream of {blocks // 1_000} M prices", held, "", 0.0, 5e6, "after one of 3 M", "B")]


@contextmanager
def idle_streams(address: str, streams: int, a_connection: int) -> Iterator[Callable[[str], Measured]]:
    """Yield a function that has the client open streams ("open") or time unary calls, and returns its answer."""
    command = [str(BUILD / "load"), "open", address, str(streams), str(a_connection)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:

        def tell(line: str) -> Measured:
            client.stdin.write(line + "\n")
            client.stdin.flush()
            return json.loads(client.stdout.readline())

        client.stdout.readline()
        yield tell
        client.stdin.close()


def memory_of_each(a_connection: int) -> float:
    """Return what an open stream adds to a server that has just begun, so many streams sharing a connection."""
    with serving(*SERVE) as (address, pid), idle_streams(address, OPEN_STREAMS, a_connection) as tell:
        before = resident(pid)
        opened = tell("open")["open"]
        return (resident(pid) - before) / opened


@measure
def open_streams(servers: Servers) -> list[Row]:
    idle, busy = [], []
    for _ in range(ROUNDS):
        with idle_streams(servers.ours, OPEN_STREAMS, STREAMS_A_CONNECTION) as tell:
            idle.append(tell("300")["p50"])
            tell("open")
            busy.append(tell("300")["p50"])
    streams, connections = memory_of_each(STREAMS_A_CONNECTION), memory_of_each(1)
    alone, beside_them = statistics.median(idle), statistics.median(busy)
    return [
        Row("1,000 open streams, memory of each", streams, "", 0.0, 30 * 1024, unit="B"),
        Row("1,000 open streams, unary p50 beside them", beside_them, "idle", alone, 1 / 1.7),
        Row("1,000 connections, memory of each: the promise", connections, "", 0.0, 2**20, unit="B"),
    ]


@measure
def batching(servers: Servers) -> list[Row]:
    both = (servers.ours, servers.alone)
    on, off = beside("thresholds", both, 64, 1_280 if servers.quick else 2_560)
    one, one_off = beside("thresholds", both, 1, 300)
    return [
        Row("64 clients, optimal thresholds, a call", on["a_call"], "batching off", off["a_call"], 3),
        Row("1 client, optimal thresholds, p50", one["p50"], "batching off", one_off["p50"], 1 / 1.5),
    ]


@measure
def whole_sweep(servers: Servers) -> list[Row]:
    from gpu_kernels import threshold_grid

    rng = np.random.default_rng(0)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (SERIES, BARS)), axis=1))
    axes = (*(np.array(SWEEP[name]) for name in ("entry", "exit", "cost")), np.array([20]))
    cells = threshold_grid.expand(*axes)
    shape = tuple(axis.size for axis in axes)

    def whole() -> None:
        metrics = threshold_grid.sweep(prices, cells)
        threshold_grid.choose(metrics, cells, shape, BARS, prices=prices)

    calls, rpc, kernel, both = 10, [], [], []
    for _ in range(ROUNDS):
        rpc.append(load("sweep", servers.ours, BARS, SERIES, calls, json.dumps(SWEEP))["p50"])
        taken = rows.seconds(rows.native(lambda: threshold_grid.sweep(prices, cells)), rows.native(whole), rounds=calls)
        kernel.append(taken[0])
        both.append(taken[1])
    ours = statistics.median(rpc)
    work = f"SweepThresholds {SERIES} x {BARS:,} x 100"
    return [
        Row(f"{work}, p50", ours, "sweep and choice in process", statistics.median(both), 1 / 1.15),
        Row(f"{work}, p50", ours, "sweep alone in process", statistics.median(kernel), 1 / 1.15),
    ]


def main() -> int:
    """Build, measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of: {', '.join(each.__name__ for each in MEASURES)}")
    parser.add_argument("--quick", action="store_true", help="shorter streams")
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    chosen = parser.parse_args()
    lacking = missing()
    if lacking:
        print(f"rpc: skipped, this machine lacks {lacking} (apt-get install libgrpc++-dev protobuf-compiler-grpc)")
        return 0
    build()
    began = time.perf_counter()
    with ExitStack() as stack:
        ours, pid = stack.enter_context(serving(*SERVE))
        alone, _ = stack.enter_context(serving("env", "MEANREV_MAX_BATCH_SIZE=1", *SERVE))
        echo, _ = stack.enter_context(serving(str(BUILD / "echo_server")))
        bare, _ = stack.enter_context(serving(sys.executable, str(ROOT / "bench" / "rpc" / "bare_server.py")))
        servers = Servers(ours, alone, echo, bare, pid, chosen.quick)
        wanted = [each for each in MEASURES if not chosen.names or each.__name__ in chosen.names]
        rows.tell([lambda each=each: each(servers) for each in wanted], "rpc", chosen.out)
    print(f"in {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
