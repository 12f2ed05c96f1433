"""Random requests of the methods for many columns: good and bad columns, legal and illegal options."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["MARKED_NAME", "MARKED_VALUE", "Asked", "asked"]

MARKED_NAME = "SECRETTICKER"
"""Part of every column's name: no log may hold it."""
MARKED_VALUE = 7351.190283
"""A price in many columns: no log may hold its digits."""


@dataclass
class Asked:
    """A request.

    Attributes:
        method: Name of the client's method.
        prices: (T, N).
        good: Which columns are series that can be fitted and traded, with T long enough.
        kinds: Of the columns.
        options: Keyword arguments.
        legal: No option breaks a rule.
    """

    method: str
    prices: np.ndarray
    good: list[int]
    kinds: list[str]
    options: dict
    legal: bool
    names: list[str] = field(default_factory=list)


def _good(rng, n):
    x = np.empty(n)
    x[:1] = rng.normal()
    noise = rng.normal(size=n)
    for t in range(1, n):
        x[t] = 0.85 * x[t - 1] + noise[t]
    return 100.0 * np.exp(0.01 * x)


def _with(value):
    def spoilt(rng, n):
        out = _good(rng, n)
        out[rng.integers(0, n, int(rng.integers(1, 3)))] = value
        return out

    return spoilt


def _gap(rng, n):
    out = _good(rng, n)
    first, last = sorted(rng.integers(0, n + 1, 2))
    out[first:last] = np.nan
    return out


def _listed(rng, n):
    out = _good(rng, n)
    out[: int(rng.integers(0, n + 1))] = np.nan
    return out


def _delisted(rng, n):
    return _listed(rng, n)[::-1]


def _walk(rng, n):
    return 100.0 + np.cumsum(rng.normal(size=n))


def _step(rng, n):
    return np.where(np.arange(n) < n // 2, 5.0, 6.0)


BAD = {
    "hole": _with(np.nan),
    "infinite": _with(np.inf),
    "minus infinite": _with(-np.inf),
    "zero": _with(0.0),
    "negative": _with(-37.63),
    "marked": _with(MARKED_VALUE),
    "marked negative": _with(-MARKED_VALUE),
    "largest": _with(1.7e308),
    "smallest": _with(5e-324),
    "no price": lambda rng, n: np.full(n, np.nan),
    "constant": lambda rng, n: np.full(n, 7.0),
    "zeros": lambda rng, n: np.zeros(n),
    "ramp": lambda rng, n: np.arange(1.0, n + 1.0),
    "exact": lambda rng, n: 50 + 3 * 0.9 ** np.arange(n),
    "alternating": lambda rng, n: np.where(np.arange(n) % 2, 1.0, 2.0),
    "huge": lambda rng, n: _good(rng, n) * 1e300,
    "tiny": lambda rng, n: _good(rng, n) * 1e-300,
    "dust": lambda rng, n: _good(rng, n) * 1e-12,
    "spread": lambda rng, n: _good(rng, n) - 100.0,
    "offset": lambda rng, n: _good(rng, n) + 1e12,
    "walk": _walk,
    "step": _step,
    "gap": _gap,
    "listed late": _listed,
    "delisted": _delisted,
    "one price": lambda rng, n: np.where(np.arange(n) == n // 2, MARKED_VALUE, np.nan),
    "stale then jump": lambda rng, n: np.r_[np.full(n - 1, 5.0), 6.0],
}

LEGAL: dict[str, dict[str, Any]] = {
    "sweep": {
        "entry": ([1.0], [0.5, 1.5], "1:2:0.5", [1e-9], [50.0]),
        "exit": ([0.0], [-0.5, 0.5], "0:1:0.5", [49.0], [-60.0]),
        "cost_per_side": (0.0, 0.001, [0.0, 0.01], 0.9),
        "lookback": (2, 10, [5, 20], 300),
        "walk_forward": (None, (20, 10), (30, 5, 2), (10, 5), (500, 100)),
        "execution_delay": (None, 0, 1, 3, 10_000),
        "mode": (None, "unit", "compounding"),
        "initial_capital": (None, 1e6, 1e-6),
        "figures": (None, ["sharpe_ratio"], ["max_drawdown", "win_rate"], ["total_costs"]),
    },
    "scan": {
        "alpha": (1.0, 0.05, None),
        "split": (None, 0.5, 0.01, 0.99),
        "lags": (None, 0, 5, 100),
        "log": (None, False),
        "cost_per_side": (None, 0.0, 0.01, 10.0),
        "objective": (None, "profit"),
        "lookback": (10, 2, 500),
        "top": (None, 1, 100),
    },
    "fit_ou": {
        "dt": (None, 0.5, 1e-9, 1e9),
        "bias": (None, "jackknife", "tang_chen"),
        "adf_lags": (None, 0, 3, 100),
        "tests": (None, True, ["kpss", "hurst"]),
        "trend": (None, None, "ct"),
    },
    "ou": {"bias": (None, "jackknife"), "adf_lags": (None, 5), "window": (None, 4, 30), "forgetting": (None,)},
    "backtest": {
        "entry_zscore": (1.0, 0.5, 30.0),
        "exit_zscore": (0.0, -0.4, 0.4),
        "cost_per_side": (0.0, 0.001, 0.5),
        "lookback": (2, 10, 500),
        "mode": (None, "unit"),
        "execution_delay": (None, 0, 5),
    },
    "stats": {},
}
ILLEGAL = {
    "entry": ([-1.0], [float("nan")], "2:1:0.5", "x", [], [float("inf")], "1:2", "1:2:0"),
    "exit": ([float("nan")], "a:b:c", [], [float("inf")]),
    "cost_per_side": (-1.0, float("nan"), float("inf"), "cheap"),
    "lookback": (0, 1, -5, 2.5, "x", 10**7, []),
    "walk_forward": ((0, 0), (-1, 5), (10,), "504/126", (1, 2, 3, 4), (5, 0)),
    "execution_delay": (-1, 10**9, 1.5),
    "mode": ("units", "", 3),
    "initial_capital": (0.0, -1.0, float("inf"), float("nan")),
    "figures": (["sharp"], [], "sharpe_ratio", [MARKED_NAME]),
    "alpha": (0.0, -1.0, 2.0, float("nan")),
    "split": (0.0, 1.0, float("nan"), -3.0),
    "lags": (-1, 101, 0.5),
    "objective": ("kelly", ""),
    "top": (0, -1, 1.5),
    "dt": (0.0, -1.0, float("nan"), float("inf")),
    "bias": ("none at all", "JACKKNIFE"),
    "adf_lags": (-1, 101, "auto"),
    "tests": ("pp", ["dickey"], 3),
    "window": (0, 3, -7),
    "entry_zscore": (-1.0, 0.0, float("nan")),
    "exit_zscore": (float("nan"), 99.0),
}


def asked(rng, methods):
    """Return a random request of one of some methods."""
    method = str(rng.choice(methods))
    n_rows = int(rng.choice([1, 2, 3, 5, 12, 40, 100, 160], p=[0.03, 0.04, 0.04, 0.07, 0.12, 0.3, 0.2, 0.2]))
    n = 1 if method in {"backtest", "stats"} else int(rng.integers(2 if method == "scan" else 1, 7))
    kinds = ["good" if rng.random() < 0.45 else str(rng.choice(list(BAD))) for _ in range(n)]
    columns = [(_good if kind == "good" else BAD[kind])(rng, n_rows) for kind in kinds]
    if n > 1 and rng.random() < 0.1:
        with np.errstate(over="ignore"):  # the largest price, twice
            columns[1], kinds[1] = columns[0] * (1.0 if rng.random() < 0.5 else 2.0), f"copy of {kinds[0]}"
    options = {
        name: values[int(rng.integers(len(values)))]
        for name, values in LEGAL[method].items()
        if rng.random() < 0.5 or method == "backtest"
    }
    legal = rng.random() < 0.75 or not options
    if not legal:
        name = str(rng.choice([name for name in LEGAL[method] if name in ILLEGAL] or list(options)))
        options[name] = ILLEGAL[name][int(rng.integers(len(ILLEGAL[name])))]
    prices = np.column_stack(columns)
    return Asked(
        method=method,
        prices=prices[:, 0] if method in {"backtest", "stats"} else prices,
        good=[i for i, kind in enumerate(kinds) if kind == "good" and n_rows >= 40],
        kinds=kinds,
        options={name: value for name, value in options.items() if value is not None},
        legal=legal,
        names=[f"{MARKED_NAME}{i}" for i in range(n)],
    )
