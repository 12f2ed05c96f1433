"""What batch runs cost, measured here, and what follows for larger universes and machines, as docs/scale.md has it.

    PYTHONPATH=.:batch python bench/bench_scale.py --out bench/results

Three steps. The costs of a pair, of a selected pair, of a chunk and of a series are measured with the forecast of
`meanrev batch plan`, with scans and with sweeps, each the best of some rounds, on one worker. A model of sums and
quotients turns them into core seconds and times on 2 and 64 cores, and with GPUs. A simulation of 64 workers, whose
chunks differ and whose workers end at random, runs the product's own rule of who gets which chunk
(`supervise.Docket`). Only the first step measures. Prints JSON and the tables of the page.
"""

import argparse
import heapq
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from bench.bench_batch import per_chunk, universe
from bench.machine import keep
from gpu_kernels.dispatch import using
from meanrev.intake.options import FileOptions
from meanrev_batch import Forecast, forecast, scan
from meanrev_batch.model import Chunk, SeriesList, Tile
from meanrev_batch.options import ScanOptions, SweepOptions
from meanrev_batch.preparation import prepared
from meanrev_batch.store import Folder
from meanrev_batch.supervise import Docket
from meanrev_batch.tiling import block_size, list_size, tiles
from meanrev_batch.work.sweep import grid_of, sweep

DAILY, LONG = 2_520, 20_160
"""Bars of the universes that are measured: the first and its double give a line, the second is in tiles of 16."""

ROUNDS = 3
FULL = SweepOptions(entry="0.5:3:0.1", exit="-0.5:1.5:0.1", lookback=(20, 40, 60, 120), cost=(0.0005, 0.001))
GPU_STEPS = 480e9
"""Bar-steps a second of the sweep's kernel on one large GPU. A model, not a measurement."""


class Costs(NamedTuple):
    """Seconds of one core.

    Attributes:
        test_pair: A pair's test in a large tile, and what a further bar of the train part adds.
        test_small: A bar of a pair's test in a tile of 16 names a side.
        trade_pair: A selected pair's trades, and what a further bar adds.
        gather_pair: Of the driver, to rank and write a selected pair.
        chunk: Of the driver, a chunk.
        price: Of the driver, a price that is read, checked and written into the matrix.
        bar_step: Of a sweep: one bar of one series in one cell.
        walk_step: Of a walk-forward: one train bar of one series in one cell.
        spread: Standard deviation of the logarithm of the seconds of equal chunks.
    """

    test_pair: tuple[float, float]
    test_small: float
    trade_pair: tuple[float, float]
    gather_pair: float
    chunk: float
    price: float
    bar_step: float
    walk_step: float
    spread: float


class Case(NamedTuple):
    """A universe to compute: names, bars, the share of pairs that is selected, and of a sweep its pairs."""

    title: str
    names: int
    bars: int
    selected: float


CASES = (
    Case("5,000 names x 20 years, p < 0.05 (6.3 % pass)", 5_000, 5_040, 0.063),
    Case("the same, q < 0.1 (1 in 80,000 passes)", 5_000, 5_040, 1 / 80_000),
    Case("500 names x 5 years of minutes (3.1 % pass)", 500, 491_400, 0.031),
)


def line(points: list[tuple[int, float]]) -> tuple[float, float]:
    """Return the intercept and the slope of a line through two points; neither is below 0."""
    (x0, y0), (x1, y1) = points
    slope = max(0.0, (y1 - y0) / (x1 - x0))
    return max(0.0, y0 - slope * x0), slope


def measured(folder: Path) -> Costs:
    """Measure the costs."""
    tests, trades = [], []
    for n_bars in (DAILY, 2 * DAILY):
        rounds = forecasts(folder, 600, n_bars, ScanOptions())
        tests.append((round(0.7 * n_bars), min(each.cpu_s["test"] / each.n_pairs for each in rounds)))
        trades.append((n_bars, min(each.cpu_s["trade"] / each.n_selected for each in rounds)))
    small = min(each.cpu_s["test"] / each.n_pairs for each in forecasts(folder, 96, LONG, ScanOptions(memory=1)))
    driver = gathering(folder), per_chunk(folder)["chunk_wall_ms"] / 1e3, reading(folder)
    return Costs(line(tests), small / round(0.7 * LONG), line(trades), *driver, *swept(folder))


def forecasts(folder: Path, n_names: int, n_bars: int, options: ScanOptions) -> list[Forecast]:
    """Return the forecasts of some rounds."""
    path = str(universe(folder, n_names, n_bars))
    return [forecast(path, options, workers=1) for _ in range(ROUNDS)]


def gathering(folder: Path) -> float:
    """Return the seconds of the driver a selected pair, from scans that select few and many."""
    found = []
    for select in ("p<0.0001", "p<0.2"):
        path, options = str(universe(folder, 600, DAILY)), ScanOptions(select=select)
        reports = [scan(path, folder / f"gathered-{select}-{number}", options) for number in range(ROUNDS)]
        found.append((reports[0].n_selected, min(report.seconds["gather"]["wall"] for report in reports)))
    return line(found)[1]


def reading(folder: Path) -> float:
    """Return the seconds of the driver a price, from two universes."""
    found = []
    for n_names in (600, 2_400):
        path, seconds = str(universe(folder, n_names, DAILY)), []
        for number in range(ROUNDS):
            target = Folder(folder / f"read-{n_names}-{number}").made()
            began = time.perf_counter()
            prepared(path, FileOptions(), ScanOptions(), target, None, backend="native", mode="same")
            seconds.append(time.perf_counter() - began)
        found.append((n_names * DAILY, min(seconds)))
    return line(found)[1]


def swept(folder: Path) -> tuple[float, float, float]:
    """Sweep 64 series on one core; returns seconds a bar-step, one of a walk-forward, and the spread of rounds."""
    prices = pl.read_parquet(universe(folder, 64, DAILY)).drop("date").to_numpy().T
    nothing = np.full(64, np.nan)
    series = SeriesList(np.arange(64), np.full(64, -1), nothing, nothing)
    n_cells = int(np.count_nonzero(grid_of(FULL, of_pairs=False).cells.valid))
    walking = SweepOptions(
        **{name: getattr(FULL, name) for name in ("entry", "exit", "lookback", "cost")}, walk_forward=(504, 126)
    )
    n_steps = (DAILY - 504 - 126) // 126 + 1
    plain, walked = [], []
    with using("native", 1):
        for _ in range(ROUNDS + 2):
            for options, seconds in ((FULL, plain), (walking, walked)):
                began = time.process_time()
                sweep(prices, series, options)
                seconds.append(time.process_time() - began)
    return (
        min(plain) / (64 * n_cells * DAILY),
        (min(walked) - min(plain)) / (64 * n_cells * n_steps * 504),
        float(np.log(plain).std(ddof=1)),
    )


def modelled(costs: Costs, case: Case) -> dict[str, Any]:
    """Return what a scan takes by the model: core seconds of each part, and times with some cores."""
    n_pairs, n_train = case.names * (case.names - 1) // 2, round(0.7 * case.bars)
    n_selected = n_pairs * case.selected
    block = block_size(512_000_000, n_train, case.names)
    a_test = costs.test_pair[0] + costs.test_pair[1] * n_train if block > 16 else costs.test_small * n_train
    test = n_pairs * a_test
    trade = n_selected * (costs.trade_pair[0] + costs.trade_pair[1] * case.bars)
    n_chunks = len(tiles(case.names, block)) + n_selected / list_size(case.bars)
    serial = case.names * case.bars * costs.price + n_selected * costs.gather_pair
    times = {
        cores: serial + max((test + trade) / cores, n_chunks * costs.chunk, (test + trade) / n_chunks)
        for cores in (2, 64)
    }
    return {
        "case": case.title,
        "pairs": n_pairs,
        "chunks": round(n_chunks),
        "test_s": test,
        "trade_s": trade,
        "driver_s": serial + n_chunks * costs.chunk,
        "on_2_cores_s": times[2],
        "on_64_cores_s": times[64],
        "with_8_gpus_s": serial + max(trade / 64, n_chunks * costs.chunk),
        "saturates": "reading, ranking and writing" if serial > (test + trade) / 64 else "the cores",
    }


def modelled_sweep(costs: Costs, n_series: int, n_bars: int) -> list[dict[str, Any]]:
    """Return what a sweep takes by the model, without and with a walk-forward."""
    n_cells = int(np.count_nonzero(grid_of(FULL, of_pairs=True).cells.valid))
    plain = n_series * n_cells * n_bars
    walk = n_series * n_cells * 504 * ((n_bars - 630) // 126 + 1)
    seconds = {"sweep": plain * costs.bar_step, "walk-forward 504/126": walk * costs.walk_step}
    return [
        {
            "case": f"{title}, {n_series:,} pairs x {n_cells:,} cells x {n_bars:,} bars",
            "core_s": core_s,
            "on_2_cores_s": core_s / 2,
            "on_64_cores_s": core_s / 64,
            "with_8_gpus_s": plain / (8 * GPU_STEPS) if title == "sweep" else None,
        }
        for title, core_s in seconds.items()
    ]


def simulated(
    costs: Costs, seconds: float, n_chunks: int, n_workers: int, ends_each_s: float, seed: int
) -> dict[str, Any]:
    """Simulate a stage whose workers end at random, with the product's rule of who gets which chunk.

    Args:
        costs: What the driver takes a chunk, and how much equal chunks differ.
        seconds: Of a chunk, on the average.
        n_chunks: Of the stage.
        n_workers: That compute at a time.
        ends_each_s: Mean time after which a worker ends; infinite for never.
        seed: Of the random numbers.
    """
    rng = np.random.default_rng(seed)
    docket = Docket([Chunk(str(number), "test", "", Tile(0, 2, 0, 2), 1.0) for number in range(n_chunks)])
    clock, driver_free, n_lost, n_poison, busy = 0.0, 0.0, 0, 0, 0.0
    running: list[tuple[float, int, bool, Any]] = []

    def begin(worker: int, now: float) -> None:
        chunk = docket.take()
        if chunk is None:
            return
        takes = seconds * float(np.exp(rng.normal(-(costs.spread**2) / 2, costs.spread)))
        until_end = rng.exponential(ends_each_s) if np.isfinite(ends_each_s) else np.inf
        heapq.heappush(running, (now + min(takes, until_end), worker, until_end < takes, chunk))

    for worker in range(n_workers):
        begin(worker, 0.0)
    while running:
        clock, worker, has_ended, chunk = heapq.heappop(running)
        if has_ended:
            n_lost += 1
            n_poison += not docket.lost(chunk)
            begin(worker, clock + 0.5)  # a new process, which imports
            continue
        driver_free = max(driver_free, clock) + costs.chunk
        busy += seconds
        begin(worker, driver_free)
    whole = max(clock, driver_free)
    return {
        "wall_s": whole,
        "ideal_s": n_chunks * seconds / n_workers,
        "lost": n_lost,
        "poison": n_poison,
        "used": busy / (n_workers * whole),
    }


def schedules(costs: Costs) -> list[dict[str, Any]]:
    """Simulate 64 workers over 20,000 chunks of two lengths; workers end never, or after an hour or six minutes."""
    rows = []
    for seconds in (0.5, 0.05):
        for ends_each_s in (np.inf, 3_600.0, 360.0):
            runs = [simulated(costs, seconds, 20_000, 64, ends_each_s, seed) for seed in range(5)]
            means = {name: float(np.mean([each[name] for each in runs])) for name in runs[0]}
            rows.append({"chunk_s": seconds, "ends_each_s": None if np.isinf(ends_each_s) else ends_each_s} | means)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Return rows as lines of Markdown."""
    names = list(rows[0])

    def shown(value: Any) -> str:
        return f"{value:,.3g}" if isinstance(value, float) else str(value)

    head = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    return "\n".join([*head, *(f"| {' | '.join(shown(row[name]) for name in names)} |" for row in rows)])


def main() -> int:
    """Measure, model and simulate; print JSON and tables, and keep the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="meanrev-bench-") as temporary:
        costs = measured(Path(temporary))
    scans = [modelled(costs, case) for case in CASES]
    sweeps = modelled_sweep(costs, 790_000, 5_040)
    found = {"cpus": len(os.sched_getaffinity(0)), "costs": costs._asdict(), "scans": scans, "sweeps": sweeps}
    found["schedules"] = schedules(costs)
    print(json.dumps(found, indent=1))
    print("\n\n".join(table(rows) for rows in (scans, sweeps, found["schedules"])))
    if chosen.out is not None:
        keep("scale", found, chosen.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
