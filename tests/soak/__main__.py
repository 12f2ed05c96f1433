"""Mixed load for a long time, and what it leaves behind: python -m tests.soak --minutes 30.

Honest clients ask, stream, submit jobs, publish prices and store portfolios, while attackers disturb them. Afterwards
the server's memory has not grown since the warm-up, neither what it takes under load nor what is in use at rest, but
for what grpc.aio loses to attackers; its files and threads are as many as before, its counters add up and are those of
the clients, and no honest call failed but for refusals that say when to come again.
--plant NAME plants a fault into the server, which has to be found.
"""

import argparse
import asyncio
import hashlib
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import uvloop

from meanrev_server import heap
from tests.faults.servers import Server, free_address
from tests.soak import counters, hostile
from tests.soak.honest import CLIENTS, METHODS, Counted
from tests.soak.live import PROBE, in_use
from tests.soak.planted import PLANTS

__all__ = ["Found", "main", "soaked"]

TOKENS = {"honest": "t-" + "1" * 40, "enemy": "t-" + "2" * 40}
SETTINGS = {"LOG_LEVEL": "error", "MAX_JOBS": "50", "MESSAGE_TIMEOUT_S": "10", "WRITE_TIMEOUT_S": "10"}
GLANCE_S = 0.5

CPUS = len(os.sched_getaffinity(0))
POOLED = min(32, CPUS + 4) + CPUS + 1 + 4
"""Most threads of the pools (asyncio's, for computing, for files), which start one by one as they are needed."""


@dataclass
class Found:
    """What a soak found.

    Attributes:
        minutes: How long it took, the warm-up included.
        calls: Honest calls by "method code".
        refused: Refusals among them.
        attacks: How often each attack was made.
        resident_mib: Memory of the server from the warm-up on, in equal steps of time.
        growth: By what fraction its last tenth is above its first.
        in_use_mib: What of it is in use at rest, before and after the load.
        lost_mib: What of that grpc.aio may have lost at most.
        files: Open files before and after the load.
        threads: Threads, likewise.
        median_ms: Of the honest calls that were answered.
        p99_ms: Likewise.
        reasons: The server's outcomes by reason, attackers included.
        faults: What may not be.
    """

    minutes: float = 0.0
    calls: dict = field(default_factory=dict)
    refused: int = 0
    attacks: dict = field(default_factory=dict)
    resident_mib: list = field(default_factory=list)
    growth: float = 0.0
    in_use_mib: list = field(default_factory=list)
    lost_mib: float = 0.0
    files: list = field(default_factory=list)
    threads: list = field(default_factory=list)
    median_ms: float = 0.0
    p99_ms: float = 0.0
    reasons: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)


async def _loaded(address, seconds, pace_s, process=None):
    """Load a server; returns the honest clients, the attacks, and samples of its memory."""
    clients = [Counted(address, TOKENS["honest"]) for _ in CLIENTS]
    attacks, sizes, until = Counter(), [], time.monotonic() + seconds

    async def ask(questions, client):
        number = 0
        while time.monotonic() < until:
            await questions(client, number)
            await asyncio.sleep(pace_s)
            number += 1

    async def attack():
        number = 0
        while time.monotonic() < until:
            attacks[await asyncio.to_thread(hostile.attack, address, TOKENS["enemy"], number)] += 1
            await asyncio.sleep(pace_s)
            number += 1

    async def watch():
        while process and time.monotonic() < until:
            sizes.append(process.memory_info().rss)
            await asyncio.sleep(GLANCE_S)

    try:
        asking = (ask(questions, client) for questions, client in zip(CLIENTS, clients, strict=True))
        await asyncio.gather(*asking, attack(), watch())
    finally:
        for client in clients:
            await client.close()
    return clients, attacks, sizes


def _at_rest(process, metrics, folder, patience_s, most=None):
    """Wait until nothing is in flight and at most so much is held; returns files, threads and bytes in use."""
    give_up = time.monotonic() + patience_s
    while time.monotonic() < give_up:
        held = [process.num_fds(), process.num_threads(), in_use(folder)]
        busy = sum(counters.read(metrics).in_flight.values())
        if not busy and (most is None or all(now <= before for now, before in zip(held, most, strict=True))):
            break
        time.sleep(0.2)
    return held


def _of_memory(sizes):
    """Return the growth of the last tenth over the first, and twenty samples in MiB."""
    tenth = max(1, len(sizes) // 10)
    growth = statistics.median(sizes[-tenth:]) / statistics.median(sizes[:tenth]) - 1
    return growth, [round(nbytes / 2**20, 1) for nbytes in sizes[:: max(1, len(sizes) // 20)]]


def _most(before, growth):
    """Return the files, the threads and the memory in use that there may be after the load.

    Args:
        before: What there was.
        growth: By how much the memory in use may grow; in its unit.
    """
    files, threads, used = before
    return [files, threads + POOLED, used + growth]


def _judge(found, clients, counted, most_growth):
    ours = sum((client.calls for client in clients), Counter())
    found.faults += [fault for client in clients for fault in client.wrong]
    found.faults += counted.imbalances()
    found.faults += counters.differences(ours, counted, METHODS)
    if sum(counted.in_flight.values()):
        found.faults.append(f"{+counted.in_flight} are in flight when all clients have left")
    # The server gives free memory back beyond that, and cannot give back what grpc.aio has lost.
    spare = (heap.SPARE_BYTES / 2**20 + found.lost_mib) / found.resident_mib[0]
    if found.growth > most_growth + spare:
        found.faults.append(f"the memory grew by {found.growth:.1%}, and may by {most_growth:.0%} and {spare:.0%}")
    held = zip(found.files, found.threads, found.in_use_mib, strict=True)
    before, after = next(held), next(held)
    for name, was, now, most in zip(
        ("files", "threads", "MiB in use"),
        before,
        after,
        _most(before, most_growth * found.resident_mib[0] + found.lost_mib),
        strict=True,
    ):
        if now > most:
            found.faults.append(f"{now} {name} are left of {was} before the load")
    if internal := counted.reasons["internal"]:
        found.faults.append(f"{internal:g} calls ended by a fault of the server")


def soaked(seconds, warm_s, *, plant="", pace_s=0.1, most_growth=0.05, patience_s=60):
    """Load a server; returns a Found.

    Args:
        seconds: How long, after the warm-up.
        warm_s: Seconds of the warm-up, after which memory, files and threads are those to compare with.
        plant: Fault to plant, one of PLANTS.
        pace_s: Seconds that each client rests between its questions.
        most_growth: Fraction by which the memory may grow.
        patience_s: Seconds for the server to come to rest once its clients have left.
    """
    began, found, metrics = time.monotonic(), Found(), free_address()
    with tempfile.TemporaryDirectory() as folder:
        tokens = Path(folder) / "tokens"
        lines = (f"{name} sha256:{hashlib.sha256(token.encode()).hexdigest()}\n" for name, token in TOKENS.items())
        tokens.write_text("".join(lines), encoding="ascii")
        tokens.chmod(0o600)
        words = ("--backend", "auto", "--metrics", metrics, "--token-file", str(tokens))
        env = {f"MEANREV_{name}": value for name, value in SETTINGS.items()}
        env |= {"SOAK_ASKED": str(Path(folder) / "asked"), "SOAK_ANSWER": str(Path(folder) / "answer")}
        state = ("--state-dir", str(Path(folder) / "state"))
        with (
            Server(*words, *state, env=env, program=PROBE + PLANTS[plant]) as server,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            process = psutil.Process(server.process.pid)
            warm, _, _ = runner.run(_loaded(server.address, warm_s, pace_s))
            before = _at_rest(process, metrics, Path(folder), patience_s)
            clients, attacks, sizes = runner.run(_loaded(server.address, seconds, pace_s, process))
            lost = sum(hostile.LOST_BYTES[name] * times for name, times in attacks.items())
            room = most_growth * process.memory_info().rss + lost
            after = _at_rest(process, metrics, Path(folder), patience_s, _most(before, room))
            counted = counters.read(metrics)
            if server.stop() != 0:
                found.faults.append("the server does not stop in good order")
    took = sorted(taken for client in clients for taken in client.took)
    found.minutes = round((time.monotonic() - began) / 60, 2)
    found.growth, found.resident_mib = _of_memory(sizes)
    found.files, found.threads, used = ([before[place], after[place]] for place in range(3))
    found.lost_mib = round(lost / 2**20, 2)
    found.in_use_mib = [round(nbytes / 2**20, 2) for nbytes in used]
    found.attacks, found.reasons = dict(attacks), {reason or "ok": n for reason, n in counted.reasons.items()}
    found.median_ms, found.p99_ms = (round(1e3 * took[int(share * len(took))], 2) for share in (0.5, 0.99))
    found.refused = sum(client.refused.total() for client in clients)
    every = (*warm, *clients)
    found.calls = {" ".join(key): n for key, n in sum((client.calls for client in every), Counter()).items()}
    _judge(found, every, counted, most_growth)
    return found


def main(words=None):
    """Soak a server; returns 1 where it did what it may not."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--warm", type=float, default=3.0, help="minutes of the warm-up, before those")
    parser.add_argument("--pace", type=float, default=0.1, help="seconds that each client rests between its questions")
    parser.add_argument("--plant", choices=sorted(PLANTS), default="", help="fault to plant into the server")
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    chosen = parser.parse_args(words)
    found = soaked(60 * chosen.minutes, 60 * chosen.warm, plant=chosen.plant, pace_s=chosen.pace)
    for name, value in vars(found).items():
        print(f"{name}: {value}")  # noqa: T201 - the result
    if chosen.out:
        from bench import machine  # the wheel's tests have no benchmarks beside them

        machine.keep("soak", vars(found), chosen.out)
    return int(bool(found.faults))


if __name__ == "__main__":
    sys.exit(main())
