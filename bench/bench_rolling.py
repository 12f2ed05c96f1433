"""Weights of many windows in one call, beside a loop of single calls, over a socket and in process.

The client is the Python one, and the server a process of its own. Rounds are interleaved, and medians are shown.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import meanrev as mr
from bench import rows
from bench.bench_rpc import SERVE, serving
from bench.rows import Row
from gpu_kernels import moments, pca, rolling, weights
from gpu_kernels.checks import Floats
from gpu_kernels.performance.sharpe_error import portfolio_error
from meanrev_worker import blas

ASSETS, WINDOW, WINDOWS = 100, 1_000, 100
ROUNDS = 5
STEPS = (1, 21)

Run = Callable[[], object]


def returns_of(step: int) -> Floats:
    """Return (T, N) returns of as many rows as the windows need, with a common factor."""
    rng = np.random.default_rng(step)
    n_rows = WINDOW + (WINDOWS - 1) * step
    return 5e-4 + 0.01 * rng.normal(size=(n_rows, ASSETS)) + 0.005 * rng.normal(size=(n_rows, 1))


def windows_of(returns: Floats, step: int) -> list[Floats]:
    """Return the rows of each window."""
    return [returns[start : start + WINDOW] for start in range(0, len(returns) - WINDOW + 1, step)]


def single(window: Floats) -> object:
    """Find the weights of one window in process, with the error of their Sharpe ratio, as the single method does."""
    estimated = moments.covariance(window)
    found = weights.sharpe(estimated.mean, estimated.matrix)
    return portfolio_error(window, found.weights)


def of_weights(step: int) -> list[Row]:
    """Measure tangency weights."""
    returns = returns_of(step)
    windows = windows_of(returns, step)
    with serving(*SERVE) as (address, _), mr.Client(address) as client:
        data = client.put(returns)
        one_call, by_handle, calls, together, one_by_one = rows.seconds(
            lambda: client.rolling(returns, "sharpe", window=WINDOW, step=step),
            lambda: client.rolling(data, "sharpe", window=WINDOW, step=step),
            lambda: [client.sharpe(window) for window in windows],
            rows.native(lambda: rolling.weights(returns, "sharpe", window=WINDOW, step=step)),
            rows.native(lambda: [single(window) for window in windows]),
            rounds=ROUNDS,
        )
    work = f"weights of {WINDOWS} windows, {ASSETS} x {WINDOW:,}, step {step}"
    return [
        Row(f"{work}, one call", one_call, "a call a window", calls, 5),
        Row(f"{work}, one call by handle", by_handle, "a call a window", calls, 5),
        Row(f"{work}, in process", together, "the operations a window", one_by_one, 1),
    ]


def of_components(step: int) -> list[Row]:
    """Measure three components of each window."""
    returns = returns_of(step)
    windows = windows_of(returns, step)
    with serving(*SERVE) as (address, _), mr.Client(address) as client:
        one_call, calls, together, one_by_one = rows.seconds(
            lambda: client.rolling(returns, "pca", window=WINDOW, step=step, n_components=3),
            lambda: [client.pca(window, n_components=3) for window in windows],
            rows.native(lambda: rolling.components(returns, window=WINDOW, step=step, n_components=3)),
            rows.native(lambda: [pca.fit(window, n_components=3) for window in windows]),
            rounds=ROUNDS,
        )
    work = f"3 components of {WINDOWS} windows, {ASSETS} x {WINDOW:,}, step {step}"
    return [
        Row(f"{work}, one call", one_call, "a call a window", calls, 1),
        Row(
            f"{work}, in process",
            together,
            "the operations a window",
            one_by_one,
            0.8,
            "as much: spectra take the time",
        ),
    ]


def main() -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    chosen = parser.parse_args()
    began = time.perf_counter()
    blas.limit(1)  # as in the server
    sections = [*(lambda step=step: of_weights(step) for step in STEPS), lambda: of_components(STEPS[-1])]
    rows.tell(sections, "rolling", chosen.out)
    print(f"in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
