"""How often Johansen's tests reject a true rank of random walks, beside the 5 % that their critical values promise.

    PYTHONPATH=. python bench/johansen_size.py --out bench/results

The walks have independent steps, with a drift of half a standard deviation a bar or without one, and the number of
draws and their seed are fixed. Rank 0 is true. With two walks and a third series that follows one of them but for a
residual with autoregression 0.5, rank 1 is true, and the share of draws that accept a rank above it is counted.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from gpu_kernels import johansen

DRAWS = 2000
SEED = 20261130
CASES = [
    # bars, series, lags, det_order, drift
    *((bars, 5, 1, 0, drift) for bars in (100, 250, 1000) for drift in (0.0, 0.5)),
    *((bars, n, 1, 0, 0.0) for bars in (100, 250) for n in (2, 12)),
    (100, 5, 4, 0, 0.0),
    (100, 5, 1, -1, 0.0),
    *((bars, n, 1, 1, 0.5) for bars, n in ((100, 2), (100, 5), (1000, 5))),
]
TRUE_ONE = [(bars, 0, drift) for bars in (250, 1000) for drift in (0.0, 0.5)] + [(1000, -1, 0.0), (1000, 1, 0.5)]


def walks(source: np.random.Generator, bars: int, n_series: int, drift: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Draw random walks (bars, n_series)."""
    return np.cumsum(source.normal(drift, 1.0, (bars, n_series)), axis=0)


def with_a_follower(source: np.random.Generator, bars: int, drift: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Draw two walks, and a series that follows the first one but for a residual that reverts, (bars, 3)."""
    drawn = walks(source, bars, 2, drift)
    residual = np.zeros(bars)
    for t, step in enumerate(source.normal(0.0, 1.0, bars - 1), start=1):
        residual[t] = 0.5 * residual[t - 1] + step
    return np.column_stack([drawn[:, 0] + residual, drawn])


def shares_above(true_rank: int, drawn: list[johansen.Johansen]) -> dict[str, float]:
    """Return the shares of tests that accept a rank above the true one."""
    return {
        "trace": float(np.mean([each.trace_rank > true_rank for each in drawn])),
        "max_eigenvalue": float(np.mean([each.max_eigenvalue_rank > true_rank for each in drawn])),
    }


def measured() -> list[dict[str, Any]]:
    """Return a row for each case: its settings and the shares of draws in which each test rejects the true rank."""
    rows: list[dict[str, Any]] = []
    for bars, n_series, lags, det_order, drift in CASES:
        source = np.random.default_rng(SEED)
        drawn = [
            johansen.fit(walks(source, bars, n_series, drift), det_order=det_order, lags=lags, log=False)
            for _ in range(DRAWS)
        ]
        case = {"bars": bars, "series": n_series, "lags": lags, "det_order": det_order, "drift": drift, "true_rank": 0}
        rows.append(case | shares_above(0, drawn))
    for bars, det_order, drift in TRUE_ONE:
        source = np.random.default_rng(SEED)
        drawn = [
            johansen.fit(with_a_follower(source, bars, drift), det_order=det_order, lags=1, log=False)
            for _ in range(DRAWS)
        ]
        case = {"bars": bars, "series": 3, "lags": 1, "det_order": det_order, "drift": drift, "true_rank": 1}
        rows.append(case | shares_above(1, drawn))
    return rows


def main() -> None:
    """Print a line for each case, and write all of them to a file where a folder is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for the file of results")
    out = parser.parse_args().out
    rows = measured()
    for row in rows:
        print(" ".join(f"{name} {value:g}" for name, value in row.items()))
    if out is not None:
        day = datetime.now(tz=UTC).date().isoformat()
        found = {"nominal": 0.05, "draws": DRAWS, "seed": SEED, "rows": rows}
        (out / f"johansen-size-{day}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
