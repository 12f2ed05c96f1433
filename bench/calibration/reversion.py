"""How often the tests for reversion reject random walks, and how often they find a process that reverts."""

import math
import os
from typing import Any

import numpy as np

from bench.calibration.section import Section, Table
from bench.calibration.unit_root import SEED, Floats, blocks
from gpu_kernels import dispatch, reversion

__all__ = ["BARS", "NAME", "REVERTING", "TESTS", "measured", "rejected"]

NAME = "reversion"
BARS, DRAWS, LEVEL = (100, 250, 500, 1000), 10_000, 0.05
REVERTING = 0.05
"""Theta of the alternative: a half-life of 13.9 steps."""

TESTS = ("adf", "pp", "dfgls", "variance_ratio", "kpss")
"""Names of p-values, less what they end with."""


def found(theta: float, bars: int, trend: str, draws: int) -> dict[str, Floats]:
    """Return the figures of simulated series, (draws,) each."""
    with dispatch.using("native", len(os.sched_getaffinity(0))):
        parts = [reversion.run_tests(prices, trend=trend)._asdict() for prices in blocks(theta, bars, draws)]
    names = [name for name, column in parts[0].items() if isinstance(column, np.ndarray)]
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def rejected(figures: dict[str, Floats]) -> dict[str, float]:
    """Return the share of series that each test rejects at 5 %; NaN for a test without p-values."""
    shares = {}
    for name in TESTS:
        p = figures[f"{name}_p_value"]
        shares[name] = math.nan if np.isnan(p).any() else float(np.mean(p < LEVEL))
    shares["adf, for the length"] = float(np.mean(figures["adf_statistic"] < figures["adf_critical_5"]))
    return shares


def _error(shares: dict[str, float], draws: int) -> float:
    return max(math.sqrt(share * (1.0 - share) / draws) for share in shares.values() if not math.isnan(share))


def _shown(share: float) -> Any:
    return "none" if math.isnan(share) else round(share, 4)


def _table(title: str, text: str, theta: float) -> Table:
    names, rows = ("adf, for the length", *TESTS), []
    for trend in reversion.TRENDS:
        for bars in BARS:
            shares = rejected(found(theta, bars, trend, DRAWS))
            rows.append([trend, bars, *(_shown(shares[name]) for name in names), round(_error(shares, DRAWS), 4)])
    columns = [
        "trend",
        "prices",
        "ADF, critical value",
        "ADF, p",
        "PP",
        "DF-GLS",
        "variance ratio",
        "KPSS",
        "largest se",
    ]
    return Table(title, text, columns, rows)


def _exponents() -> Table:
    rows = []
    for theta in (0.0, REVERTING):
        for bars in BARS:
            figures = found(theta, bars, "c", DRAWS)
            row: list[Any] = ["random walk" if theta == 0.0 else f"theta {theta}", bars]
            for name in ("hurst_rescaled_range", "hurst_increments"):
                column = figures[name]
                deviation = float(column.std())
                row += [round(float(column.mean()), 4), round(deviation / math.sqrt(DRAWS), 4), round(deviation, 3)]
            rows.append(row)
    columns = ["series", "prices", "R/S", "se", "deviation", "increments", "se", "deviation"]
    text = "Mean of both exponents, with its Monte Carlo error, and how far the exponent of one series lies from it."
    return Table("Hurst exponents", text, columns, rows)


def measured() -> Section:
    """Measure the section."""
    size = (
        "Share of random walks with normal steps that each test rejects at 5 %. The null of ADF, PP, DF-GLS and the "
        "variance ratio is true here, so 0.05 is right; that of KPSS is false, so its share is its power. ADF is shown "
        "by the critical value for the sample's length and by its asymptotic p-value."
    )
    power = (
        f"The same for processes that revert, theta {REVERTING} (half-life 13.9), stationary from the first price. The "
        "null of KPSS is true here, and 0.05 right; its default bandwidth is short for so slow a reversion."
    )
    return Section(
        15,
        "Tests for reversion",
        "Sizes and power of the tests of RunTests, with one lagged step, the default bandwidth and two periods; "
        "[reversion](operations/reversion.md) states them. Their statistics are those of arch.",
        {"seed": SEED, "draws": DRAWS},
        [
            _table("Random walks that are rejected at 5 %", size, 0.0),
            _table("Reverting series that are rejected at 5 %", power, REVERTING),
            _exponents(),
        ],
    )
