"""The score that research methods trade: the process of each column, given or fitted to the first rows."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import sweep
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep.rolling_loss import lookback_note, lookback_notes
from meanrev_server.research.columns import column_groups
from meanrev_server.research.task import Level, TradingResearchOptions

__all__ = ["LONGEST_NOTE", "SCORE_NAMES", "level", "rolling_notes", "scored"]

LONGEST_NOTE = lookback_note(1_000_000, 1.23e100, (1.23e-100, 1.23e100))
"""As long as a note of rolling_notes can be."""

_ENTRIES_AT_ONCE = 2**19
"""Prices of the columns whose half-lives are estimated at once."""

SCORE_NAMES = {"mean": "metadata.mu", "deviation": "metadata.sigma_eq"}
"""Names of the wire of what the operations call mean and deviation."""

_OF_FIXED = ("mu", "sigma_eq", "fit_rows")


def scored(
    chosen: TradingResearchOptions, rules: sweep.Rules, prices: NDArray[np.float64]
) -> tuple[sweep.Rules, NDArray[np.float64]]:
    """Return the rules with the process of each column, and the prices that are traded.

    Args:
        chosen: The options.
        rules: The same as the operations take them.
        prices: (T, N); those to which a process is fitted come back as NaN.

    Raises:
        InvalidInput: score "fixed" has no process or two, or another score has one.
    """
    if chosen.score != "fixed":
        for name in _OF_FIXED:
            if getattr(chosen, name) is not None:
                raise InvalidInput(f"metadata.{name}", "goes with score 'fixed' alone", value=chosen.score)
        return rules, prices
    n_rows, n_columns = prices.shape
    given, fit_rows = chosen.mu is not None or chosen.sigma_eq is not None, chosen.fit_rows
    if fit_rows is None:
        if not given:
            raise InvalidInput("metadata.fit_rows", "must be given for score 'fixed', or mu and sigma_eq in its place")
        mean, deviation = (
            level(value, name, n_columns) for name, value in (("mu", chosen.mu), ("sigma_eq", chosen.sigma_eq))
        )
        return rules._replace(mean=mean, deviation=deviation), prices
    if given:
        raise InvalidInput("metadata.fit_rows", "must be left out where mu and sigma_eq are given", value=fit_rows)
    if fit_rows >= n_rows:
        rule = f"must be below the {n_rows} rows, of which those behind it are traded"
        raise InvalidInput("metadata.fit_rows", rule, value=fit_rows)
    mean, deviation = sweep.stationary(np.ascontiguousarray(prices[:fit_rows].T))
    traded = prices.copy()
    traded[:fit_rows] = np.nan
    return rules._replace(mean=mean, deviation=deviation), traded


def rolling_notes(
    prices: NDArray[np.float64], chosen: TradingResearchOptions, lookbacks: int | Sequence[int]
) -> list[str]:
    """Return a note on each column whose rolling score has a lookback of too few half-lives, "" for the others.

    Args:
        prices: (T, N) that are traded; their half-lives are estimated from all of them, for the note alone.
        chosen: The options.
        lookbacks: One, or one a column; 0 where a column is not traded.
    """
    n_rows, n_columns = prices.shape
    if chosen.score != "rolling":
        return [""] * n_columns
    windows = np.broadcast_to(np.asarray(lookbacks), n_columns)
    notes = []
    for columns, series in column_groups(prices, max(1, _ENTRIES_AT_ONCE // n_rows)):
        notes += lookback_notes(series, windows[columns])
    return notes


def level(value: Level | None, name: str, n_columns: int) -> NDArray[np.float64]:
    """Return one value for each column, so that a group of columns can take its part.

    Raises:
        InvalidInput: there is none, or not one a column.
    """
    if value is None:
        raise InvalidInput(f"metadata.{name}", "must be given: a number, or a list of one a column")
    values = np.atleast_1d(np.array(value, dtype=np.float64))
    if values.size not in {1, n_columns}:
        rule = f"must be a number, or a list of {n_columns}, one a column"
        raise InvalidInput(f"metadata.{name}", rule, value=values.size)
    return np.broadcast_to(values, n_columns)
