"""Makes gpu_kernels/residuals/noise.csv: how fast sums of residuals of white noise seem to revert.

    PYTHONPATH=. python bench/residuals_noise_table.py gpu_kernels/residuals/noise.csv

The sums of residuals with an intercept begin and end at 0, so that they seem to revert even where the residuals are
white noise. For each number of returns in LENGTHS, DRAWS series of normal noise are simulated with a fixed seed, less
their mean, summed and fitted by least squares. A row of the table has the number of pairs n = L - 1, and the quantiles
of n (1 - b) that are exceeded with the probabilities of the first row. Regressing on further factors changes them
little. The script prints which share of the noise passes the filter of Avellaneda and Lee, 1/theta < L/2.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]

LENGTHS = (20, 25, 30, 40, 60, 90, 120, 180, 252, 400, 600, 1000)
EXCEEDED = (
    *(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.125, 0.15),
    *(0.175, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975),
    *(0.99, 0.995, 0.998, 0.999, 0.9999),
)
SEED, DRAWS, _AT_ONCE = 20261201, 400_000, 4_000_000


def distances(n_returns: int, draws: int, seed: int = SEED) -> Floats:
    """Return n (1 - b) of sums of white noise, (draws,)."""
    source = np.random.default_rng((seed, n_returns))
    rows = max(1, _AT_ONCE // n_returns)
    found = []
    for start in range(0, draws, rows):
        noise = source.standard_normal((min(rows, draws - start), n_returns))
        noise -= noise.mean(axis=1, keepdims=True)
        np.cumsum(noise, axis=1, out=noise)
        lags, steps = noise[:, :-1], np.diff(noise, axis=1)
        lags = lags - lags.mean(axis=1, keepdims=True)
        slope = np.einsum("bt,bt->b", lags, steps) / np.einsum("bt,bt->b", lags, lags)
        found.append(-(n_returns - 1) * slope)
    return np.concatenate(found)


def main() -> None:
    """Simulate, print what passes the filter, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--draws", type=int, default=DRAWS)
    given = parser.parse_args()
    rows = ["," + ",".join(f"{each:g}" for each in EXCEEDED)]
    for n_returns in LENGTHS:
        found = distances(n_returns, given.draws)
        slowest = -(n_returns - 1) * np.expm1(-2.0 / n_returns)
        passing = np.mean((found > slowest) & (found < n_returns - 1))
        print(f"L = {n_returns}: {100.0 * passing:.2f} % of the noise passes", flush=True)
        quantiles = np.quantile(found, 1.0 - np.array(EXCEEDED))
        rows.append(f"{n_returns - 1}," + ",".join(f"{each:.4f}" for each in quantiles))
    given.file.write_text("\n".join([*rows, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
