"""The figures to reach on a GPU, beside the CPU's compiled kernels in the same run; prints them and writes JSON.

Kernel times are by CUDA events, medians of 20 launches; end to end is from host memory to host memory.
"""

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from gpu_kernels import device, ou, pca, selection, sweep, weights


def wall(run: Callable[[], object], rounds: int = 5) -> float:
    """Return the median of seconds, warm."""
    run()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def on(backend: str, run: Callable[[], object], threads: int = 16) -> Callable[[], object]:
    """Return the same run on a backend."""

    def chosen() -> object:
        with selection.using(backend, threads):
            return run()

    return chosen


def kernel_seconds(run: Callable[[], object]) -> dict[str, float]:
    """Return each kernel's median seconds by CUDA events, over the launches of 20 runs."""
    import cupy

    taken: dict[str, list[float]] = {}
    plain = device.launch

    def timed(kernel: str, entry: str, items: int, arguments: object) -> None:
        begin, end = cupy.cuda.Event(), cupy.cuda.Event()
        begin.record()
        plain(kernel, entry, items, arguments)
        end.record()
        end.synchronize()
        taken.setdefault(entry, []).append(cupy.cuda.get_elapsed_time(begin, end) / 1e3)

    device.launch = timed
    try:
        for _ in range(20):
            run()
    finally:
        device.launch = plain
    return {entry: statistics.median(times) for entry, times in taken.items()}


def rows() -> dict[str, object]:
    """Measure everything."""
    rng = np.random.default_rng(0)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (500, 2_500)), axis=1))
    entry, leave = (
        grid.ravel() for grid in np.meshgrid(np.linspace(1, 3, 10), np.linspace(-0.5, 0.5, 10), indexing="ij")
    )
    series = prices[:, :500].repeat(20, axis=0)
    returns = rng.normal(size=(2_500, 500))
    panels = 0.01 * rng.normal(size=(4_000, 120, 40))
    covariances, means = np.matmul(panels.transpose(0, 2, 1), panels) / 120, 1e-3 * rng.normal(size=(4_000, 40))
    works = {
        "sweep 500 x 2,500 x 100": lambda: sweep.backtest(prices, entry, leave, 1e-3),
        "ou fit 10,000 x 500": lambda: ou.fit(series),
        "pca 2,500 x 500": lambda: pca.fit(returns, n_components=10),
        "long-only weights, 4,000 of N = 40": lambda: weights.batch(means, covariances, mode="long_only"),
    }
    found: dict[str, object] = {}
    for name, work in works.items():
        found[name] = {
            "cuda_s": wall(on("cuda", work)),
            "native_s": wall(on("native", work)),
            "kernels_s": kernel_seconds(on("cuda", work)),
        }
        print(name, json.dumps(found[name]), flush=True)
    return found


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    chosen = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    try:
        gpu = device.describe()
    except device.DeviceFault as fault:
        raise SystemExit(f"no GPU to measure: {fault}; {fault.fix}") from None
    document = {"gpu": gpu, "commit": commit, "rows": rows()}
    chosen.out.mkdir(parents=True, exist_ok=True)
    path = chosen.out / f"gpu-{datetime.now(UTC):%Y-%m-%d}.json"
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"kept in {path}")


if __name__ == "__main__":
    main()
