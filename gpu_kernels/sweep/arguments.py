"""Checks of the arguments that the sweep's functions share: each names the field, the value and the rule."""

import math

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.checks import Floats, array, at_least, non_negative, one_of, positive
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep.model import MODES, SCORES, Rules, ThresholdPairs

__all__ = ["checked_pairs", "checked_rules", "has_bars", "optional_pairs", "own_pairs", "scored_rules", "stops_above"]


def own_pairs(entry_z: ArrayLike, exit_z: ArrayLike, cost: ArrayLike, n_series: int) -> ThresholdPairs:
    """Return thresholds and costs, (B,) each: every series has its own, or all have one.

    Raises:
        InvalidInput: one is NaN or out of its range, or they are neither one nor B.
    """
    pairs = checked_pairs(entry_z, exit_z, cost)
    if pairs.entry_z.size not in {1, n_series}:
        rule = f"must hold one value, or one for each of the {n_series} series, like exit_z and cost"
        raise InvalidInput("entry_z", rule, value=pairs.entry_z.size)
    return ThresholdPairs(*(np.broadcast_to(column, n_series) for column in pairs))


def optional_pairs(entry_z: ArrayLike, exit_z: ArrayLike, cost: ArrayLike, n_series: int) -> ThresholdPairs:
    """Return the same, where a series may have no thresholds: NaN in an array, and NaN as its entry_z then.

    Raises:
        InvalidInput: as own_pairs.
    """
    entry = array("entry_z", np.atleast_1d(entry_z), ndim=1, shape="(B,)")
    leave = array("exit_z", np.atleast_1d(exit_z), ndim=1, shape="(B,)")
    fit = entry.size == leave.size or 1 in {entry.size, leave.size}
    if not (fit and (np.ndim(entry_z) or np.ndim(exit_z))):
        return own_pairs(entry, leave, cost, n_series)
    without = np.isnan(entry) | np.isnan(leave)
    pairs = own_pairs(np.where(without, 1.0, entry), np.where(without, 0.0, leave), cost, n_series)
    return pairs._replace(entry_z=np.where(without, np.nan, pairs.entry_z))


def has_bars(prices: Floats) -> None:
    """Refuse prices without a bar.

    Raises:
        InvalidInput: they are such prices.
    """
    if prices.shape[-1] == 0:
        raise InvalidInput("prices", "must have at least one bar", value=prices.shape)


def checked_rules(rules: Rules) -> Rules:
    """Return what all lanes share, as Python numbers.

    Raises:
        InvalidInput: an option is out of its range.
    """
    if not rules.stop > 0:
        raise InvalidInput("stop", "must be above every entry_z, or infinite for none", value=rules.stop)
    return Rules(
        at_least("lookback", rules.lookback, 2),
        at_least("execution_delay", rules.execution_delay, 0),
        one_of("mode", rules.mode, MODES),
        positive("initial_capital", rules.initial_capital),
        positive("periods_per_year", rules.periods_per_year),
        float(rules.stop),
        non_negative("borrow", rules.borrow),
        one_of("score", rules.score, SCORES),
        rules.mean,
        rules.deviation,
        _forgetting(rules.forgetting),
    )


def scored_rules(rules: Rules, n_series: int) -> Rules:
    """Return checked rules whose mean and deviation, for score "fixed", are those of each series, (B,).

    Raises:
        InvalidInput: they are missing, of another number of series, NaN or infinite, or a deviation is not above 0.
    """
    if rules.score != "fixed":
        for name in ("mean", "deviation"):
            if getattr(rules, name) is not None:
                raise InvalidInput(name, "goes with score 'fixed' alone", value=rules.score)
        return rules
    found = []
    for name in ("mean", "deviation"):
        if getattr(rules, name) is None:
            raise InvalidInput(name, "must be given for score 'fixed'")
        values = np.atleast_1d(np.asarray(getattr(rules, name), dtype=np.float64))
        if values.ndim != 1 or values.size not in {1, n_series}:
            raise InvalidInput(name, f"must be a number, or one for each of the {n_series} series", value=values.size)
        # Of many series, one may have no process: it has no scores, and never trades.
        _refuse(name, values, np.isfinite(values) | (np.isnan(values) & (values.size > 1)), "must be finite")
        found.append(np.ascontiguousarray(np.broadcast_to(values, n_series)))
    _refuse("deviation", found[1], ~(found[1] <= 0), "must be > 0")
    return rules._replace(mean=found[0], deviation=found[1])


def _forgetting(value: float) -> float:
    if not 0.0 < value <= 1.0:
        raise InvalidInput("forgetting", "must be above 0 and at most 1", value=value)
    return float(value)


def stops_above(entry_z: ArrayLike, rules: Rules) -> None:
    """Refuse a stop that is not above each entry level; a NaN among these is no level.

    Raises:
        InvalidInput: it is not.
    """
    if rules.stop == math.inf:
        return
    highest = float(np.fmax.reduce(np.atleast_1d(entry_z), initial=-np.inf))
    if not rules.stop > highest:
        raise InvalidInput(
            "stop", f"must be above every entry level, of which the highest is {highest!r}", value=rules.stop
        )


def checked_pairs(entry_z: ArrayLike, exit_z: ArrayLike, cost: ArrayLike) -> ThresholdPairs:
    """Return thresholds and costs, (G,) each; one number applies to all.

    Raises:
        InvalidInput: one is NaN or out of its range, or shapes do not fit.
    """
    given = {"entry_z": entry_z, "exit_z": exit_z, "cost": cost}
    columns = {name: array(name, np.atleast_1d(values), ndim=1, shape="(G,)") for name, values in given.items()}
    size = max(column.size for column in columns.values())
    for name, column in columns.items():
        if column.size not in {1, size}:
            raise InvalidInput(name, f"must hold one value, or one for each of the {size} pairs", value=column.size)
    pairs = ThresholdPairs(*(np.broadcast_to(column, size) for column in columns.values()))
    _refuse("entry_z", pairs.entry_z, (pairs.entry_z > 0) & np.isfinite(pairs.entry_z), "must be finite and > 0")
    inside = (pairs.exit_z >= -pairs.entry_z) & (pairs.exit_z < pairs.entry_z)
    _refuse("exit_z", pairs.exit_z, inside, "must be at least -entry_z and below entry_z")
    _refuse("cost", pairs.cost, (pairs.cost >= 0) & np.isfinite(pairs.cost), "must be finite and >= 0")
    return pairs


def _refuse(field: str, values: Floats, good: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], rule: str) -> None:
    if not good.all():
        place = int(np.argmin(good))
        raise InvalidInput(field, rule, value=values[place], index=place)
