"""The trading rule of the methods that trade: its options beside the lookback, and the levels of one series."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.methods import fields, wire
from meanrev.methods.rates import fraction

__all__ = ["Rate", "Score", "levels_of", "trading_options"]

Score = str | int | Mapping[str, Any] | None
"""Which z-score is traded: "rolling", "online", a fit, its mu and sigma_eq, or the first rows to fit one to."""

Rate = float | str | None
"""A fraction, such as 0.03, or a text of one, such as "3%" or "300bp"."""


def trading_options(
    execution_delay: int | None,
    mode: str | None,
    initial_capital: float | None,
    periods_per_year: float | None,
    stop: float | None,
    borrow: Rate,
    score: Score = None,
    forgetting: float | None = None,
) -> dict[str, Any]:
    """Return the options as they are sent; the server checks all but the rate.

    Args:
        execution_delay: As in backtest, like the arguments that follow.
        mode: As in backtest.
        initial_capital: As in backtest.
        periods_per_year: As in backtest.
        stop: As in backtest; infinity is none.
        borrow: As in backtest.
        score: As in backtest.
        forgetting: As in backtest.

    Raises:
        InvalidInput: borrow is no rate, or score is none.
    """
    return {
        "execution_delay": execution_delay,
        "mode": mode,
        "initial_capital": initial_capital,
        "periods_per_year": periods_per_year,
        "stop": None if stop == math.inf else stop,
        "borrow": None if borrow is None else fraction("borrow", borrow),
        "forgetting": forgetting,
        **_scored(score),
    }


def _scored(score: Score) -> dict[str, Any]:
    """Return the options that say which score is traded."""
    if score is None:
        return {}
    if isinstance(score, str):
        return {"score": score}
    if not isinstance(score, Mapping):
        return {"score": "fixed", "fit_rows": fields.integer("score", score)}
    rule = "must be 'rolling', 'online', a number of rows, or hold mu and sigma_eq, or theta, mu and sigma"
    try:
        mean, known = score["mu"], "sigma_eq" in score
        deviation = score["sigma_eq"] if known else score["sigma"] / np.sqrt(2.0 * np.asarray(score["theta"]))
    except (IndexError, KeyError, TypeError):
        raise InvalidInput("score", rule, value=fields.shown(score)) from None
    return {"score": "fixed", "mu": _levels(mean), "sigma_eq": _levels(deviation)}


def _levels(values: Any) -> Any:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim == 0:
        return float(found)
    return [value if math.isfinite(value) else None for value in found.tolist()]


def levels_of(
    thresholds: Mapping[str, Any] | None, entry_zscore: float | None, exit_zscore: float | None
) -> tuple[float, float]:
    """Return the entry and the exit level of one series.

    Args:
        thresholds: Holds both, in place of the next two.
        entry_zscore: The entry level.
        exit_zscore: The exit level.

    Raises:
        InvalidInput: neither or both are given, or a level is no number.
    """
    if thresholds is not None and entry_zscore is None and exit_zscore is None:
        levels = wire.scalars("thresholds", thresholds, ("entry_zscore", "exit_zscore"))
        entry_zscore, exit_zscore = levels["entry_zscore"], levels["exit_zscore"]
    elif thresholds is not None:
        raise InvalidInput("thresholds", "must be left out where entry_zscore or exit_zscore is given")
    if entry_zscore is None or exit_zscore is None:
        raise InvalidInput("entry_zscore", "and exit_zscore must be given, or thresholds")
    return fields.number("entry_zscore", entry_zscore), fields.number("exit_zscore", exit_zscore)
