"""The figures to reach on a GPU, beside the CPU's compiled kernels in the same run; prints them and writes JSON.

Kernel times are by CUDA events, medians of 20 launches. "End to end" is from host memory to host memory, beside the
same bytes copied there and back without a kernel.
"""

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gpu_kernels import cointegration, device, device_pipeline, dispatch, ou, pca, sweep
from gpu_kernels.errors import DeviceFault


class Row(NamedTuple):
    """One figure.

    Attributes:
        work: What is done.
        seconds: How long it takes.
        beside: What it is compared with; "" for the target alone.
        others: Seconds of that.
        target: Most seconds; or, with a peer, least others / seconds.
        note: What else is to be said.
    """

    work: str
    seconds: float
    beside: str
    others: float
    target: float
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether the target is reached."""
        return self.others / self.seconds >= self.target if self.beside else self.seconds <= self.target


class Sizes(NamedTuple):
    """How large the works are; smaller ones only show that everything runs.

    Attributes:
        rounds: Of a median.
        sweep: Series and bars.
        long: Bars of one long series.
        fits: Series and prices.
        components: Rows and columns.
        stack: Matrices, rows and columns.
        market: Rows and names.
    """

    rounds: int = 5
    sweep: tuple[int, int] = (500, 2_500)
    long: int = 1_000_000
    fits: tuple[int, int] = (10_000, 500)
    components: tuple[int, int] = (2_500, 500)
    stack: tuple[int, int, int] = (64, 500, 50)
    market: tuple[int, int] = (2_520, 1_000)


def wall(run: Callable[[], object], rounds: int) -> float:
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
        with dispatch.using(backend, threads):
            return run()

    return chosen


def kernel_seconds(run: Callable[[], object], rounds: int = 20) -> dict[str, float]:
    """Return each kernel's median seconds a run by CUDA events."""
    cuda = device.arrays().cuda
    taken: dict[str, list[float]] = {}
    plain = device.launch

    def timed(kernel: str, entry: str, items: int, arguments: object) -> None:
        begin, end = cuda.Event(), cuda.Event()
        begin.record()
        plain(kernel, entry, items, arguments)
        end.record()
        end.synchronize()
        spent[entry] = spent.get(entry, 0.0) + cuda.get_elapsed_time(begin, end) / 1e3

    device.launch = timed
    try:
        for _ in range(rounds):
            spent: dict[str, float] = {}
            run()
            for entry, seconds in spent.items():
                taken.setdefault(entry, []).append(seconds)
    finally:
        device.launch = plain
    return {entry: statistics.median(times) for entry, times in taken.items()}


@contextmanager
def parts(count: int) -> Iterator[None]:
    """Cut every request into so many parts."""
    plain, device_pipeline.parts = device_pipeline.parts, lambda n_items, _bytes, _lanes: min(count, n_items)
    try:
        yield
    finally:
        device_pipeline.parts = plain


def copied(up: np.ndarray, down_shape: tuple[int, ...], rounds: int) -> float:
    """Return the seconds that the bytes alone take, up and down."""
    held = device.empty(down_shape)

    def there_and_back() -> None:
        device.stage(up)
        device.fetch(held)

    return wall(there_and_back, rounds)


def on_device(nbytes: int, rounds: int) -> float:
    """Return the seconds that a copy on the device takes to read so many bytes."""
    array = device.empty((nbytes // 8,))

    def copy() -> None:
        array.copy()
        device.arrays().cuda.get_current_stream().synchronize()

    return wall(copy, rounds)


def sweeps(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of threshold sweeps."""
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, sizes.sweep), axis=1))
    entry, leave = (
        grid.ravel() for grid in np.meshgrid(np.linspace(1, 3, 10), np.linspace(-0.5, 0.5, 10), indexing="ij")
    )
    for mode in sweep.MODES:
        name = f"sweep {sizes.sweep[0]} x {sizes.sweep[1]} x 100, {mode}"
        work = on("cuda", lambda mode=mode: sweep.backtest(prices, entry, leave, 1e-3, sweep.Rules(mode=mode)))
        kernels = kernel_seconds(work)
        steps = prices.size * 100 / kernels[f"sweep_{mode}"]
        yield Row(f"{name}, kernel", kernels[f"sweep_{mode}"], "", 0.0, 0.43e-3, f"{steps / 1e9:.0f} G bar-steps/s")
        bytes_alone = copied(prices, (16, prices.shape[0], 100), sizes.rounds)
        for count in (1, 2, 4):
            with parts(count):
                seconds = wall(work, sizes.rounds)
            yield Row(f"{name}, end to end, {count} parts", seconds, "its bytes there and back", bytes_alone, 1 / 1.5)
        cpu = wall(
            on("native", lambda mode=mode: sweep.backtest(prices, entry, leave, 1e-3, sweep.Rules(mode=mode))),
            sizes.rounds,
        )
        yield Row(name, wall(work, sizes.rounds), "native, 16 threads", cpu, 1.0)


def few_lanes(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of works with few lanes: one long series, and the moments of one cell a series."""
    rng = np.random.default_rng(4)
    series = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, (1, sizes.long)), axis=1))
    prices = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, sizes.sweep), axis=1))
    for name, work in (
        (f"sweep 1 x {sizes.long} x 4", lambda: sweep.backtest(series, np.linspace(1.5, 2.5, 4), 0.0, 1e-5)),
        (f"moments {sizes.sweep[0]} x {sizes.sweep[1]}", lambda: sweep.moments(prices, 1.5, 0.0, 1e-3)),
    ):
        kernels = kernel_seconds(on("cuda", work))
        cpu = wall(on("native", work), sizes.rounds)
        note = f"kernels {sum(kernels.values()) * 1e3:.2f} ms"
        yield Row(name, wall(on("cuda", work), sizes.rounds), "native, 16 threads", cpu, 1.0, note)


def fits(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of Ornstein-Uhlenbeck fits."""
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, sizes.fits), axis=1))
    name = f"ou fit {sizes.fits[0]} x {sizes.fits[1]}"
    kernel = kernel_seconds(on("cuda", lambda: ou.fit(prices)))["ou_sums"]
    # A copy reads and writes, the kernel only reads.
    copy = on_device(prices.nbytes, sizes.rounds) / 2
    yield Row(f"{name}, kernel", kernel, "a read of its bytes, as a copy reads", copy, 0.7)
    seconds = wall(on("cuda", lambda: ou.fit(prices)), sizes.rounds)
    yield Row(f"{name}, end to end", seconds, "its bytes up", copied(prices, (1,), sizes.rounds), 1 / 1.5)
    yield Row(name, seconds, "native, 16 threads", wall(on("native", lambda: ou.fit(prices)), sizes.rounds), 1.0)


def components(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of principal components; the CPU's are with two threads, as the targets have it."""
    rng = np.random.default_rng(2)
    returns, stack = rng.normal(size=sizes.components), rng.normal(size=sizes.stack)

    def one() -> object:
        return pca.fit(returns, n_components=10)

    def all_of_them() -> list[object]:
        return [pca.fit(each, n_components=10) for each in stack]

    for name, work, target in (
        (f"pca {sizes.components[0]} x {sizes.components[1]}", one, 5.0),
        (f"pca {sizes.stack[0]} of {sizes.stack[1]} x {sizes.stack[2]}, one by one", all_of_them, 20.0),
    ):
        cpu = wall(on("native", work, 2), sizes.rounds)
        yield Row(name, wall(on("cuda", work), sizes.rounds), "native, BLAS as it is set", cpu, target)


def markets(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of a scan of all directed pairs."""
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.01, sizes.market), axis=0))
    name = f"pairs {sizes.market[1]} x {sizes.market[0]}, both directions"
    work = on("cuda", lambda: cointegration.scan(prices, lags=1))
    kernel = kernel_seconds(work)["pairs_1"]
    for count in (1, 2, 4):
        with parts(count):
            seconds = wall(work, sizes.rounds)
        yield Row(f"{name}, {count} parts", seconds, "", 0.0, 50e-3, f"kernel {kernel * 1e3:.2f} ms")
    yield Row(name, wall(work, sizes.rounds), "native, 16 threads", wall(on("native", work), sizes.rounds), 1.0)


def rows(sizes: Sizes) -> Iterator[Row]:
    """Measure everything."""
    for section in (sweeps, few_lanes, fits, components, markets):
        yield from section(sizes)


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    chosen = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    try:
        gpu = device.describe()
    except DeviceFault as fault:
        raise SystemExit(f"no GPU to measure: {fault}; {fault.fix}") from None
    device.limit(0, 0.9)
    measured = []
    for row in rows(Sizes()):
        beside = f"{row.beside} {row.others:.3g} s: {row.others / row.seconds:.3g}x of" if row.beside else "at most"
        state = "reached" if row.reached else "SHORT  "
        print(f"{state}  {row.work:55} {row.seconds:10.3g} s  {beside} {row.target:.3g}  {row.note}", flush=True)
        measured.append({**row._asdict(), "reached": row.reached})
    chosen.out.mkdir(parents=True, exist_ok=True)
    path = chosen.out / f"gpu-{datetime.now(UTC):%Y-%m-%d}.json"
    path.write_text(json.dumps({"gpu": gpu, "commit": commit, "rows": measured}, indent=1) + "\n", encoding="utf-8")
    print(f"kept in {path}")


if __name__ == "__main__":
    main()
