"""The trading rule of the methods that trade: its options beside the lookback, and the levels of one series."""

import math
from collections.abc import Mapping
from typing import Any

from meanrev.errors import InvalidInput
from meanrev.methods import fields, wire
from meanrev.methods.rates import fraction

__all__ = ["Rate", "levels_of", "trading_options"]

Rate = float | str | None
"""A fraction, such as 0.03, or a text of one, such as "3%" or "300bp"."""


def trading_options(
    execution_delay: int | None,
    mode: str | None,
    initial_capital: float | None,
    periods_per_year: float | None,
    stop: float | None,
    borrow: Rate,
) -> dict[str, Any]:
    """Return the options as they are sent; the server checks all but the rate.

    Args:
        execution_delay: As in backtest, like the arguments that follow.
        mode: As in backtest.
        initial_capital: As in backtest.
        periods_per_year: As in backtest.
        stop: As in backtest; infinity is none.
        borrow: As in backtest.

    Raises:
        InvalidInput: borrow is no rate.
    """
    return {
        "execution_delay": execution_delay,
        "mode": mode,
        "initial_capital": initial_capital,
        "periods_per_year": periods_per_year,
        "stop": None if stop == math.inf else stop,
        "borrow": None if borrow is None else fraction("borrow", borrow),
    }


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
