"""A server inside an application's own event loop, which also does other work and calls the server.

The application decides when the server ends: it cancels the task, and the calls in flight are answered first.
"""

import asyncio
import contextlib
import socket

import numpy as np

import meanrev as mr
from meanrev_server import run_grpc_server


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def series(seed: int, n_bars: int) -> np.ndarray:
    """Return (n_bars,) prices that revert to 100; half of a deviation is gone after 6.6 bars."""
    rng = np.random.default_rng(seed)
    prices = np.full(n_bars, 100.0)
    for t in range(1, n_bars):
        prices[t] = 100 + 0.9 * (prices[t - 1] - 100) + rng.normal(0, 1)
    return prices


async def other_work(ticks: list[float]) -> None:
    """Stand for what the application does besides: it is never kept waiting by a computation."""
    while True:
        ticks.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.01)


async def main() -> None:
    """Serve, call, and do other work, all in this loop."""
    port, ticks = free_port(), list[float]()
    server = asyncio.create_task(run_grpc_server("127.0.0.1", port))
    work = asyncio.create_task(other_work(ticks))
    async with mr.AsyncClient(f"127.0.0.1:{port}", timeout=60) as client:  # it waits until the server listens
        fits = await asyncio.gather(*(client.ou(series(seed, 2_000)) for seed in range(20)))
        table = np.column_stack([series(seed, 2_000) for seed in range(20)])
        swept = await client.sweep(table, entry="0.5:3:0.25", exit="0:1:0.25", cost_per_side=0.0005)
    print(f"{len(fits)} fits at once: half-lives of {min(fit.half_life for fit in fits):.1f} to ", end="")
    print(f"{max(fit.half_life for fit in fits):.1f} bars")
    print(f"a sweep of {len(swept.best.column)} series in {swept.n_cells} cells each")
    print(f"the loop did its other work meanwhile: {len(ticks) > 10}")
    for task in (work, server):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    print("the server has ended with the application")


if __name__ == "__main__":
    asyncio.run(main())
