"""Rows of figures beside their peers: how they are timed, printed and kept as JSON."""

import json
import os
import statistics
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bench import machine
from gpu_kernels import dispatch

# Idle threads of a peer must sleep between its turns, not spin on the processor that the other one uses.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")

ROUNDS = 15
THREADS = 2


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        work: What is done.
        ours: Seconds of our run.
        peer: Name of the peer; "" where the target is a time.
        theirs: Seconds of the peer's run for the same work.
        target: Least ratio theirs / ours, or most seconds where there is no peer.
        note: What was scaled, and other remarks.
        unit: "s"; or "B", where bytes stand in place of seconds.
    """

    work: str
    ours: float
    peer: str
    theirs: float
    target: float
    note: str = ""
    unit: str = "s"

    @property
    def reached(self) -> bool:
        """Whether the target is reached."""
        return self.theirs / self.ours >= self.target if self.peer else self.ours <= self.target


Section = Callable[[], list[Row]]


def seconds(*runs: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Time functions in turn, round after round; return the median of each."""
    for run in runs:
        run()
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, taken in zip(runs, times, strict=True):
            began = time.perf_counter()
            run()
            taken.append(time.perf_counter() - began)
    return [statistics.median(taken) for taken in times]


def once(run: Callable[[], object]) -> float:
    """Time a slow peer once, warm."""
    run()
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def native(run: Callable[[], object], threads: int = THREADS) -> Callable[[], object]:
    """Return the same run with compiled kernels."""

    def compiled() -> object:
        with dispatch.using("native", threads):
            return run()

    return compiled


def tell(sections: Iterable[Section], name: str, out: Path | None) -> None:
    """Measure sections, print their rows, and keep them in a file of this name."""
    rows = []
    for measure in sections:
        found = measure()
        for row in found:
            print(line(row), flush=True)
        rows += found
    if out:
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"{name}-{datetime.now(UTC):%Y-%m-%d}.json"
        path.write_text(json.dumps(document(rows), indent=1) + "\n", encoding="utf-8")
        print(f"kept in {path}")
    short = [row for row in rows if not row.reached]
    print(f"{len(rows) - len(short)} of {len(rows)} reached")


def line(row: Row) -> str:
    """Return a row as text."""
    amount = memory if row.unit == "B" else span
    beside = f"at most {amount(row.target)}"
    if row.peer:
        beside = f"{row.peer} {amount(row.theirs)}: {row.theirs / row.ours:,.3g}x of {row.target:,.3g}x"
    return f"{'reached' if row.reached else 'SHORT  '}  {row.work:58} {amount(row.ours):>10}  {beside}  {row.note}"


def memory(held: float) -> str:
    """Return bytes in a unit of their size."""
    return f"{held / 2**20:.3g} MiB" if abs(held) >= 2**20 else f"{held / 2**10:.3g} KiB"


def span(taken: float) -> str:
    """Return seconds in a unit of their size."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if taken * factor >= 1:
            return f"{taken * factor:.3g} {unit}"
    return f"{taken * 1e9:.3g} ns"


def document(rows: list[Row]) -> dict[str, object]:
    """Return the table with what it was measured on."""
    packages = (
        *machine.OURS,
        "numba",
        "vectorbt",
        "statsmodels",
        "scikit-learn",
        "PyPortfolioOpt",
        "clarabel",
        "skfolio",
        "cvxportfolio",
    )
    return {
        **machine.facts(packages),
        "threads": THREADS,
        "rows": [{**row._asdict(), "reached": row.reached} for row in rows],
    }
