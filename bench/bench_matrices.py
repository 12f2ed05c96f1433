"""Matrices that stay on the server, beside uploads and the same work in process: `make bench` runs it after targets.py.

The client is the Python one. Rounds are interleaved, and medians are shown. Peaks of memory are those of servers that
have just begun.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import meanrev as mr
from bench import rows
from bench.bench_rpc import SERVE, SWEEP, serving
from bench.rows import Row
from gpu_kernels import threshold_grid
from gpu_kernels.checks import Floats

BARS = 2_500
ROUNDS = 5
GRID = {"entry": SWEEP["entry"], "exit": SWEEP["exit"], "cost_per_side": SWEEP["cost"], "lookback": 20}
LARGE = (2_048, 32_768)
"""T and N of 512 MiB."""

Measure = Callable[[], list[Row]]


def walks(n_bars: int, n_series: int) -> Floats:
    """Return prices of shape (T, N), a row after the other, as a frame of them is read."""
    steps = np.random.default_rng(0).normal(0, 0.01, (n_bars, n_series))
    np.cumsum(steps, axis=0, out=steps)
    return np.exp(steps, out=steps)


def in_process(prices: Floats) -> Callable[[], object]:
    """Return the sweep of all columns and the choice of their best cells, without a server."""
    axes = (*(np.array(SWEEP[name]) for name in ("entry", "exit", "cost")), np.array([20]))
    cells, shape = threshold_grid.expand(*axes), tuple(axis.size for axis in axes)
    columns = np.ascontiguousarray(prices.T)

    def whole() -> None:
        metrics = threshold_grid.sweep(columns, cells)
        threshold_grid.choose(metrics, cells, shape, columns.shape[1], prices=columns)

    return rows.native(whole)


def sweeps(n_series: int) -> list[Row]:
    """Measure a sweep by upload and by handle, and five of them."""
    prices = walks(BARS, n_series)
    with serving(*SERVE) as (address, _), mr.Client(address) as client:
        data = client.put(prices)

        def five_uploads() -> None:
            for _ in range(5):
                client.sweep(prices, **GRID)

        def one_upload() -> None:
            client.drop(data)
            kept = client.put(prices)
            for _ in range(5):
                client.sweep(kept, **GRID)

        upload, handle, alone, uploads, kept_once = rows.seconds(
            lambda: client.sweep(prices, **GRID),
            lambda: client.sweep(data, **GRID),
            in_process(prices),
            five_uploads,
            one_upload,
            rounds=ROUNDS,
        )
    work = f"SweepThresholds {n_series:,} x {BARS:,} x 100"
    return [
        Row(f"{work}, by upload", upload, "sweep and choice in process", alone, 1 / 1.15),
        Row(f"{work}, by handle", handle, "sweep and choice in process", alone, 1 / 1.05),
        Row(f"{work}, one upload and five", kept_once, "five uploads", uploads, 1),
    ]


def fits() -> list[Row]:
    """Measure the fits of many columns, whose work is short beside their upload."""
    prices = walks(BARS, 4_000)
    with serving(*SERVE) as (address, _), mr.Client(address) as client, mr.Client(address, cache=True) as cached:
        data = client.put(prices)
        upload, handle, hashed = rows.seconds(
            lambda: client.fit_ou(prices), lambda: client.fit_ou(data), lambda: cached.fit_ou(prices), rounds=ROUNDS
        )
    work = f"FitOu 4,000 x {BARS:,}"
    return [
        Row(f"{work}, by handle", handle, "by upload", upload, 1),
        Row(f"{work}, with cache=True, kept already", hashed, "by upload", upload, 1),
    ]


def peak(run: Callable[[mr.Client], object]) -> float:
    """Return the most memory that a server which has just begun has resident while it answers."""
    with serving(*SERVE) as (address, pid), mr.Client(address) as client:
        run(client)
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def memory() -> list[Row]:
    """Measure the peaks of 512 MiB."""
    prices = walks(*LARGE)
    few = {"entry": [1.0, 2.0], "exit": [0.0], "lookback": 20, "figures": ["sharpe_ratio"]}
    gigabyte = 1e9
    return [
        Row("FitOu of 512 MiB, peak", peak(lambda client: client.fit_ou(prices)), "", 0, gigabyte, unit="B"),
        Row("put and FitOu of 512 MiB, peak", peak(lambda c: c.fit_ou(c.put(prices))), "", 0, gigabyte, unit="B"),
        Row(
            "SweepThresholds of 512 MiB x 2, peak",
            peak(lambda client: client.sweep(prices, **few)),
            "",
            0,
            1.7e9,
            "no target was set; this is what a prototype took",
            unit="B",
        ),
    ]


MEASURES: dict[str, Measure] = {
    "sweeps": lambda: [*sweeps(100), *sweeps(1_000)],
    "fits": fits,
    "memory": memory,
}


def main() -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*MEASURES, []], help="some of them; all by default")
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    chosen = parser.parse_args()
    began = time.perf_counter()
    rows.tell([MEASURES[name] for name in chosen.names or MEASURES], "matrices", chosen.out)
    print(f"in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
