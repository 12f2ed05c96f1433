"""Random requests of every method against a server in a process of its own: python -m tests.fuzz --count 100000.

What may never happen: a code that is no refusal, unless the client itself ended the call; an answer that tells of the
server's files, classes or modules, or of what another request carries; a log with a caller's data, or with an error; a
server that is gone. Each request follows from the seed and its number, so that one can be sent again:
--first NUMBER --count 1. What became of finished blocks is kept in --progress, and a later run goes on from there.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

import grpc

from tests.fuzz.made import KINDS
from tests.fuzz.methods import METHODS
from tests.fuzz.sending import TOKENS, Tally, block
from tests.fuzz.verdict import REFUSALS
from tests.fuzz.watched import fuzzed, health, resident

__all__ = ["main"]

BLOCK = 2_000
MOST_REFUSAL_MS = 2.0
ALONE = 400


class Progress:
    """Which blocks of numbers are finished, and what became of them.

    Attributes:
        tally: Of all finished blocks.
        done: First numbers of the finished blocks.
        seconds: Time that all runs took together.
    """

    def __init__(self, path, chosen):
        self._path = path
        self._of = [chosen.seed, chosen.first, chosen.backend]
        self.tally, self.done, self.seconds = Tally(), [], 0.0
        if path and path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["of"] != self._of:
                raise SystemExit(f"{path} is of seed, first number and backend {kept['of']}, not of {self._of}")
            self.done, self.seconds = kept["done"], kept["seconds"]
            self.tally.calls.update({tuple(key): count for *key, count in kept["calls"]})
            self.tally.wrong.update({short: tuple(found) for short, found in kept["wrong"].items()})

    def finish(self, first, tally):
        """Add a block."""
        self.tally.join(tally)
        self.done.append(first)

    def keep(self):
        """Write it down."""
        if self._path:
            calls = [[*key, count] for key, count in self.tally.calls.items()]
            kept = {
                "of": self._of,
                "done": self.done,
                "seconds": self.seconds,
                "calls": calls,
                "wrong": self.tally.wrong,
            }
            self._path.write_text(json.dumps(kept), encoding="utf-8")


def _send(server, chosen, progress):
    """Send all blocks that are not finished, from several processes."""
    last = chosen.first + chosen.count
    firsts = [first for first in range(chosen.first, last, BLOCK) if first not in set(progress.done)]
    context, began, before = multiprocessing.get_context("spawn"), time.monotonic(), progress.seconds
    with ProcessPoolExecutor(chosen.processes, context) as pool:
        open_blocks = {}
        while firsts or open_blocks:
            while firsts and len(open_blocks) < chosen.processes:
                first = firsts.pop(0)
                size = min(BLOCK, last - first)
                open_blocks[pool.submit(block, server.address, chosen.seed, first, size)] = first
            for finished in wait(open_blocks, return_when=FIRST_COMPLETED).done:
                progress.finish(open_blocks.pop(finished), finished.result())
            progress.seconds = before + time.monotonic() - began
            progress.keep()
            _say(progress)
            if server.process.poll() is not None or time.monotonic() - began > 60 * chosen.minutes:
                firsts.clear()


def _say(progress):
    sent = progress.tally.calls.total()
    rate, wrong = sent / progress.seconds, len(progress.tally.wrong)
    print(f"{sent} calls, {progress.seconds:.0f} s, {rate:.0f} a second, {wrong} kinds of faults", flush=True)  # noqa: T201


def _alone(server):
    """Return the median milliseconds of refusals that are sent one by one to a server that has nothing else to do."""
    took, empty = [], ("OptimalThresholds", "PcaPortfolios", "PortfolioStats", "GenerateSignals", "FitPair")
    with grpc.insecure_channel(server.address) as channel:
        for number in range(ALONE):
            began = time.perf_counter()
            try:
                ask = channel.unary_unary(METHODS[empty[number % len(empty)]].paths[0])
                ask(b"", timeout=60, metadata=[("authorization", f"Bearer {TOKENS['one']}")])
            except grpc.RpcError as refusal:
                if refusal.code().name in REFUSALS:
                    took.append(time.perf_counter() - began)
    return 1e3 * statistics.median(took)


def table(calls):
    """Return the lines of a table: calls by method and code, and by kind and code."""
    codes = sorted({code for _, _, code in calls}, key=lambda code: (code != "OK", code))
    rows = [[method, *(_total(calls, code, method=method) for code in codes)] for method in METHODS]
    rows += [[f"kind: {kind}", *(_total(calls, code, kind=kind) for code in codes)] for kind in KINDS]
    rows.append(["all", *(_total(calls, code) for code in codes)])
    widths = [max(len(str(row[place])) for row in [["method", *codes], *rows]) for place in range(1 + len(codes))]
    return [
        "  ".join(
            str(cell).rjust(width) if place else str(cell).ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [["method", *codes], *rows]
    ]


def _total(calls, code, method=None, kind=None):
    return sum(n for key, n in calls.items() if key[2] == code and method in {None, key[0]} and kind in {None, key[1]})


def _parsed(words):
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first request, to send one again")
    # The last requests of a block wait for seconds, while the other processes send theirs.
    parser.add_argument("--processes", type=int, default=4, help="that send")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="after which no further block is begun")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--progress", type=Path, help="file of what is finished; a run goes on from there")
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    return parser.parse_args(words)


def main(words=None):
    """Send many requests; returns 1 where something happened that may not."""
    chosen = _parsed(words)
    progress = Progress(chosen.progress, chosen)
    with fuzzed(chosen.backend) as (server, log):
        memory = [resident(server)]
        _send(server, chosen, progress)
        state = health(server) if server.process.poll() is None else "gone"
        alone = _alone(server) if state == "SERVING" else None
        memory += [resident(server)] if state != "gone" else []
    faults = [f"{times} x, --first {n} --count 1: {what}" for times, n, what in progress.tally.wrong.values()]
    faults += [f"log: {what}" for what in log.wrong]
    if state != "SERVING":
        faults.append(f"the server is {state or 'silent'} at the end")
    for line in (*table(progress.tally.calls), *faults):
        print(line)  # noqa: T201 - the result
    if chosen.out:
        from bench import machine  # the wheel's tests have no benchmarks beside them

        codes = Counter()
        for (_, _, code), count in progress.tally.calls.items():
            codes[code] += count
        found = {
            "seed": chosen.seed,
            "backend": chosen.backend,
            "calls": progress.tally.calls.total(),
            "seconds": round(progress.seconds),
            "calls_a_second": round(progress.tally.calls.total() / progress.seconds),
            "codes": dict(codes),
            "by_method": {
                method: {code: _total(progress.tally.calls, code, method=method) for code in codes}
                for method in METHODS
            },
            "median_refusal_ms_alone": alone and round(alone, 3),
            "median_refusal_within_ms": {"target": MOST_REFUSAL_MS, "reached": bool(alone and alone < MOST_REFUSAL_MS)},
            "load_average": round(os.getloadavg()[0], 1),
            "median_refusal_ms_under_load": log.median_refusal_ms(),
            "log_lines": log.lines,
            "resident_mib": [round(nbytes / 2**20) for nbytes in memory],
            "faults": faults,
        }
        machine.keep("fuzz", found, chosen.out)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
