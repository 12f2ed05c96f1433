"""A sweep whose answer is far larger than a message: time, and the peak memory of the server and of the client.

    PYTHONPATH=. python bench/bench_answers.py --megabytes 400

Server and client are separate processes. The memory of each is its growth from the end of a small sweep to its peak
(VmHWM of Linux, reset in between). The targets are at most twice the answer for the client, and at most the answer and
64 MiB for the server. The script prints JSON and ends with 1 if a target is missed.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import meanrev as mr

SERVE = (sys.executable, "-m", "meanrev_cli", "serve", "--listen", "127.0.0.1:0")
BARS, COLUMNS, FIGURES = 60, 1_000, ("sharpe_ratio", "cumulative_return", "max_drawdown", "num_trades")
MIB = 1024**2


@contextmanager
def serving() -> Iterator[tuple[str, int]]:
    """Run a server; yields its address and process id."""
    with subprocess.Popen(SERVE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process.stdout.readline().split()[-1], process.pid
        finally:
            process.terminate()


def forget_peak(pid: int | str) -> int:
    """Reset the peak memory of a process; return its memory now, in bytes."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    return memory(pid, "VmRSS")


def memory(pid: int | str, name: str) -> int:
    """Return a figure of a process's memory in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


def grid(n_cells: int) -> dict[str, object]:
    """Return a grid of about so many cells."""
    side = max(2, round(n_cells**0.5))
    return {
        "entry": np.linspace(1.0, 3.0, side),
        "exit": np.linspace(-0.9, 0.9, side),
        "cost_per_side": 0.0005,
        "lookback": 10,
        "figures": FIGURES,
    }


def measured(megabytes: float) -> dict[str, object]:
    """Sweep once; return what it took."""
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, (BARS, COLUMNS)), axis=0))
    cells = megabytes * 1e6 / (8 * len(FIGURES) * COLUMNS)
    with serving() as (address, pid), mr.Client(address) as client:
        client.sweep(prices, **grid(100))
        estimate: Any = client.sweep(prices, dry_run=True, **grid(cells))
        before = forget_peak(pid), forget_peak("self")
        began = time.perf_counter()
        found = client.sweep(prices, **grid(cells))
        seconds = time.perf_counter() - began
        grown = memory(pid, "VmHWM") - before[0], memory("self", "VmHWM") - before[1]
    answer = sum(values.nbytes for values in found.figures.values() if values is not None)
    return {
        "answer_mib": answer / MIB,
        "estimated_mib": estimate.reply_bytes / MIB,
        "seconds": seconds,
        "estimated_s": estimate.seconds,
        "server_grew_mib": grown[0] / MIB,
        "server_most_mib": answer / MIB + 64,
        "estimated_peak_mib": estimate.peak_bytes / MIB,
        "client_grew_mib": grown[1] / MIB,
        "client_most_mib": 2 * answer / MIB,
        "cpus": len(os.sched_getaffinity(0)),
    }


def cpu() -> str:
    """Return the processor's name, as Linux reports it."""
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in facts if line.startswith("model name")), "")


def main() -> int:
    """Measure, print JSON, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=400.0, help="of the answer")
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    chosen = parser.parse_args()
    found = measured(chosen.megabytes)
    text = json.dumps({"cpu": cpu(), **{name: round(value, 2) for name, value in found.items()}}, indent=1)
    print(text)
    if chosen.out is not None:
        (chosen.out / f"answers-{datetime.now(UTC):%Y-%m-%d}.json").write_text(f"{text}\n", encoding="utf-8")
    within = (
        found["server_grew_mib"] <= found["server_most_mib"] and found["client_grew_mib"] <= found["client_most_mib"]
    )
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
