"""Scans in chunks beside the scan of one matrix in this process, by turns.

    PYTHONPATH=.:batch python bench/bench_batch.py --out bench/results

Targets: the driver takes at most 1.5 ms of CPU a chunk, two workers are at least 1.7 times as fast as one, and a worker
takes at most 400 MB over 8,000 names. Prints JSON, and ends with 1 where one is missed. The two scans must agree. A
scan of one matrix of thousands of names takes gigabytes, so the largest universe has no row beside it.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench.machine import keep
from gpu_kernels import dispatch, pair_trading
from meanrev_batch import scan
from meanrev_batch.options import ScanOptions

MOST_CHUNK_MS = 1.5
LEAST_SPEEDUP = 1.7
MOST_WORKER_MB = 400.0
ROUNDS = 3
FEW, SOME, MANY = (500, 2_520), (1_500, 2_520), (8_000, 2_520)


def universe(folder: Path, n_names: int, n_bars: int) -> Path:
    """Write a wide Parquet file of prices whose logarithms are random walks; a twentieth of them revert to another."""
    source = np.random.default_rng(1)
    walks = 4 + np.cumsum(source.normal(0, 0.01, (n_bars, n_names)), axis=0)
    for column in range(0, n_names - 1, 20):
        spread = source.normal(0, 0.01, n_bars)
        for bar in range(1, n_bars):
            spread[bar] += 0.9 * spread[bar - 1]
        walks[:, column + 1] = 0.8 * walks[:, column] + spread
    days = np.datetime64("2010-01-01") + np.arange(n_bars)
    path = folder / f"{n_names}.parquet"
    pl.DataFrame({"date": days, **{f"N{i:04d}": np.exp(walks[:, i]) for i in range(n_names)}}).write_parquet(path)
    return path


def run(path: Path, out: Path, options: ScanOptions, workers: int) -> dict[str, Any]:
    """Scan in chunks; returns wall and driver's CPU seconds, the chunks, and what the report says."""
    began, busy = time.perf_counter(), time.process_time()
    report = scan(str(path), out, options, workers=workers, fresh=True)
    wall, cpu = time.perf_counter() - began, time.process_time() - busy
    if report.state != "complete":
        raise SystemExit(f"the run ended as {report.state}: {report.failed}")
    stages = [report.seconds[stage] for stage in ("test", "trade")]
    return {
        "wall_s": wall,
        "driver_cpu_s": cpu,
        "stages_wall_s": sum(stage["wall"] for stage in stages),
        "stages_cpu_s": sum(stage["cpu"] for stage in stages),
        "chunks": sum(counts["total"] for counts in report.chunks.values()),
        "n_pairs": report.n_pairs,
        "n_selected": report.n_selected,
        "worker_mb": report.peak_rss_bytes / 1e6,
    }


def in_process(path: Path) -> tuple[float, Any]:
    """Scan one matrix on one lane thread; returns seconds and the table."""
    began = time.perf_counter()
    prices = pl.read_parquet(path).drop("date").to_numpy()
    with dispatch.using("native", 1):
        table = pair_trading.scan(prices, alpha=0.02, null_universes=0)
    return time.perf_counter() - began, table


def beside(folder: Path) -> dict[str, Any]:
    """Measure in process, with one worker and with two, by turns; the best round of each counts."""
    path, options = universe(folder, *SOME), ScanOptions(select="p<0.02")
    rounds: dict[str, list[Any]] = {"in_process": [], "one": [], "two": []}
    for _ in range(2):
        seconds, table = in_process(path)
        rounds["in_process"].append(seconds)
        rounds["one"].append(run(path, folder / "one", options, 1))
        rounds["two"].append(run(path, folder / "two", options, 2))
    found = pl.read_parquet(folder / "two/pairs.parquet")
    for name in ("p_value", "q_value", "test_sharpe"):
        np.testing.assert_allclose(found[name].to_numpy(), getattr(table, name), rtol=1e-8)
    assert (folder / "one/pairs.parquet").read_bytes() == (folder / "two/pairs.parquet").read_bytes()
    one, two = (min(rounds[name], key=lambda each: each["stages_wall_s"]) for name in ("one", "two"))
    return {
        "names_and_bars": SOME,
        "in_process_s": min(rounds["in_process"]),
        "one_worker": one,
        "two_workers": two,
        "speedup": one["stages_wall_s"] / two["stages_wall_s"],
    }


def per_chunk(folder: Path) -> dict[str, Any]:
    """Measure what a chunk costs the driver: the same names in tiles as small as they get, less a run of few tiles."""
    path, small = universe(folder, *FEW), ScanOptions(memory=1, select="p<0.0001")
    large = ScanOptions(select="p<0.0001")
    pairs = [(run(path, folder / "small", small, 1), run(path, folder / "large", large, 1)) for _ in range(ROUNDS)]
    costs = [(a["driver_cpu_s"] - b["driver_cpu_s"]) / (a["chunks"] - b["chunks"]) for a, b in pairs]
    waits = [
        (a["wall_s"] - a["stages_cpu_s"] - b["wall_s"] + b["stages_cpu_s"]) / (a["chunks"] - b["chunks"])
        for a, b in pairs
    ]
    return {"chunks": pairs[0][0]["chunks"], "chunk_cpu_ms": 1e3 * min(costs), "chunk_wall_ms": 1e3 * min(waits)}


def main() -> int:
    """Measure, print JSON, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    parser.add_argument("--names", type=int, default=MANY[0], help="of the largest universe; 0 for none")
    chosen = parser.parse_args()
    found: dict[str, Any] = {"cpus": len(os.sched_getaffinity(0))}
    with tempfile.TemporaryDirectory(prefix="meanrev-bench-") as temporary:
        folder = Path(temporary)
        found |= beside(folder) | per_chunk(folder)
        if chosen.names:
            path = universe(folder, chosen.names, MANY[1])
            many = run(path, folder / "many", ScanOptions(select="p<0.001"), 2)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
            found |= {"many_names": (chosen.names, MANY[1]), "many": {**many, "driver_peak_mb": peak}}
    print(json.dumps(found, indent=1))
    if chosen.out is not None:
        keep("batch", found, chosen.out)
    worker_mb = found.get("many", found["two_workers"])["worker_mb"]
    met = found["chunk_cpu_ms"] <= MOST_CHUNK_MS, found["speedup"] >= LEAST_SPEEDUP, worker_mb <= MOST_WORKER_MB
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
