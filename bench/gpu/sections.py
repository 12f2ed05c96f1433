"""The sections of the benchmark: what is measured of each operation, beside the CPU's lanes in the same run."""

import os
from collections.abc import Callable, Iterator

import numpy as np

from bench.gpu.rows import Row, Sizes
from bench.gpu.timing import crossing, device_rate, kernel_seconds, on, one_part, wall
from gpu_kernels import cointegration, ou, pca, reversion, sweep
from gpu_kernels.errors import KernelError

__all__ = ["components", "few_lanes", "fits", "markets", "sweeps"]

Runs = list[Callable[[], object]]


def sweeps(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of threshold sweeps."""
    levels = np.meshgrid(np.linspace(1, 3, 10), np.linspace(-0.5, 0.5, 10), indexing="ij")
    entry, leave = (grid.ravel() for grid in levels)
    n_series, n_bars = sizes.sweep
    for mode in sweep.MODES:
        name, rules = f"sweep {n_series} x {n_bars} x 100, {mode}", sweep.Rules(mode=mode)
        runs: Runs = [
            lambda prices=prices, rules=rules: sweep.backtest(prices, entry, leave, 1e-3, rules)
            for prices in _walks(sizes.sweep, 3 * 8, sizes)
        ]
        kernels = kernel_seconds(runs, sizes)
        rate = n_series * n_bars * 100 / kernels[f"sweep_{mode}"]
        yield Row(f"{name}, kernel", kernels[f"sweep_{mode}"], target=0.43e-3, note=f"{rate / 1e9:.0f} G bar-steps/s")
        yield Row(f"{name}, scores", kernels["rolling_z"])
        alone = crossing(8 * n_series * n_bars, 8 * 16 * n_series * 100, sizes)
        for count in (1, 2, 4):
            with one_part(count):
                seconds = wall(on("cuda", runs[0]), sizes.rounds)
            yield Row(f"{name}, end to end, {count} parts", seconds, "its bytes there and back", alone, 1 / 1.5)
        yield from _beside_the_lanes(name, runs[0], sizes)


def few_lanes(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of works with few lanes: one long series, and the moments of one cell a series."""
    long = [lambda prices=prices: sweep.backtest(prices, np.linspace(1.5, 2.5, 4), 0.0, 1e-5)
            for prices in _walks((1, sizes.long), 8, sizes, 1e-3)]  # fmt: skip
    cells = [lambda prices=prices: sweep.moments(prices, 1.5, 0.0, 1e-3) for prices in _walks(sizes.sweep, 16, sizes)]
    tests = [lambda prices=prices: reversion.run_tests(prices) for prices in _walks(sizes.sweep, 16, sizes)]
    for name, runs in (
        (f"sweep 1 x {sizes.long} x 4", long),
        (f"moments {sizes.sweep[0]} x {sizes.sweep[1]}", cells),
        (f"tests of reversion {sizes.sweep[0]} x {sizes.sweep[1]}", tests),
    ):
        for entry, seconds in kernel_seconds(runs, sizes).items():
            yield Row(f"{name}, {entry}", seconds)
        yield from _beside_the_lanes(name, runs[0], sizes)


def fits(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of Ornstein-Uhlenbeck fits."""
    name = f"ou fit {sizes.fits[0]} x {sizes.fits[1]}"
    nbytes = 8 * sizes.fits[0] * sizes.fits[1]
    runs: Runs = [lambda prices=prices: ou.fit(prices, adf_lags=1) for prices in _walks(sizes.fits, 8, sizes)]
    kernels, rate = kernel_seconds(runs, sizes), device_rate(sizes)
    read = "a read of its bytes at the rate of a copy"
    yield Row(f"{name}, sums", kernels["ou_sums"], read, nbytes / rate, 0.7)
    yield Row(f"{name}, Dickey-Fuller with a lag", kernels["dickey_fuller"], read, nbytes / rate)
    yield Row(f"{name}, verdicts", kernels["ou_verdicts"])
    seconds = wall(on("cuda", runs[0]), sizes.rounds)
    yield Row(f"{name}, end to end", seconds, "its bytes up", crossing(nbytes, 0, sizes), 1 / 1.5)
    yield from _beside_the_lanes(name, runs[0], sizes)


def components(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of principal components; their targets are beside two threads."""
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
        yield from _beside_the_lanes(name, work, sizes, target)


def markets(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of a scan of all directed pairs."""
    n_rows, n_names = sizes.market
    name = f"pairs {n_names} x {n_rows}, both directions"
    runs: Runs = [
        lambda prices=prices.T: cointegration.scan(prices, lags=1)
        for prices in _walks((n_names, n_rows), 8, sizes._replace(rotated=0))
    ]
    yield Row(f"{name}, kernel", kernel_seconds(runs, sizes)["pairs_1"])
    for count in (1, 2, 4):
        with one_part(count):
            seconds = wall(on("cuda", runs[0]), sizes.rounds)
        yield Row(f"{name}, {count} parts", seconds, target=50e-3)
    yield from _beside_the_lanes(name, runs[0], sizes)


def _walks(shape: tuple[int, int], bytes_a_price: int, sizes: Sizes, deviation: float = 0.01) -> list[np.ndarray]:
    """Return price matrices whose work on the device is larger than its caches together."""
    count = max(1, -(-sizes.rotated // (bytes_a_price * shape[0] * shape[1])))
    draws = np.random.default_rng(0)
    return [100 * np.exp(np.cumsum(draws.normal(0, deviation, shape), axis=1)) for _ in range(min(count, 16))]


def _beside_the_lanes(name: str, work: Callable[[], object], sizes: Sizes, target: float = 1.0) -> Iterator[Row]:
    """Yield a work from host memory to host memory beside the CPU's lanes, with two threads and with many."""
    ours = wall(on("cuda", work), sizes.rounds)
    for threads in (2, min(16, len(os.sched_getaffinity(0)))):
        peer = f"native, {threads} threads"
        try:
            others = wall(on("native", work, threads), sizes.rounds)
        except KernelError as error:
            yield Row(name, ours, peer, note=f"no peer: {' '.join(str(error).split())[:200]}")
            continue
        yield Row(name, ours, peer, others, target)
