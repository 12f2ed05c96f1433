"""What p_best says of universes without a reverting pair, and of planted pairs."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.calibration.section import Section, Table
from gpu_kernels import dispatch, pair_trading
from gpu_kernels.checks import Floats

__all__ = ["NAME", "measured", "planted", "universes"]

NAME = "search"

_UNIVERSES, _NULLS, _NAMES, _BARS = 200, 499, 20, 1_500

_OWN_NULLS, _OWN_UNIVERSES = 99, 100
"""Null universes where each universe has its own, because they depend on its prices; and universes with planted pairs
of which each has them."""

_HALF_LIFE, _PLANTED = 10.0, 3
_STEP = 0.01

Draw = Callable[[np.random.Generator], Floats]


def measured() -> Section:
    """Simulate, and return the section of the page."""
    with dispatch.using("native", 2):
        tables = [_size(), _power(), _size_of_own(), _power_of_own()]
    return Section(
        place=30,
        title="The search for pairs",
        text="What `p_best` of a scan says of its best pair. [scans](operations/pair_trading.md) states the method. "
        "With the default options null universes do not depend on the prices, so that all universes of a row share "
        f"{_NULLS} of them. Bootstrapped ones, and those of rankings by a Sharpe ratio, do: each universe then has "
        f"{_OWN_NULLS} of its own.",
        settings={"seeds": "1, 101, 201 and 301, and up by one a row of each table"},
        tables=tables,
    )


def universes(n_names: int, n_bars: int) -> dict[str, Draw]:
    """Return functions that draw log prices (T, N) of universes in which no pair reverts, by what sets them apart."""

    def walked(steps: Floats) -> Floats:
        return 4.0 + np.cumsum(steps, axis=0)

    def common(source: np.random.Generator) -> Floats:
        market = source.standard_normal((n_bars, 1))
        return walked(_STEP * (math.sqrt(0.4) * market + math.sqrt(0.6) * source.standard_normal((n_bars, n_names))))

    def of_many_sizes(source: np.random.Generator) -> Floats:
        return walked(np.geomspace(0.003, 0.03, n_names) * source.standard_normal((n_bars, n_names)))

    def drifting(source: np.random.Generator) -> Floats:
        drift = 0.0004 * source.uniform(0.0, 2.0, n_names)
        return walked(_STEP * source.standard_normal((n_bars, n_names)) + drift)

    return {
        "normal steps": lambda source: walked(_STEP * source.standard_normal((n_bars, n_names))),
        "deviations from 0.003 to 0.03": of_many_sizes,
        "heavy tails (t of 4)": lambda source: walked(_STEP * source.standard_t(4, (n_bars, n_names)) / math.sqrt(2.0)),
        "drifts of 0 to 20 % a year": drifting,
        "a market of 40 % of the variance": common,
    }


def planted(source: np.random.Generator, n_names: int, n_bars: int, step: float) -> Floats:
    """Draw log prices (T, N) of walks, where names 1, 3 and 5 revert to those before them.

    Args:
        source: Of random numbers.
        n_names: N.
        n_bars: T.
        step: Deviation of the steps of the spreads.
    """
    logs = 4.0 + np.cumsum(_STEP * source.standard_normal((n_bars, n_names)), axis=0)
    decay, warm = 2.0 ** (-1.0 / _HALF_LIFE), 200
    for pair in range(_PLANTED):
        shocks = step * source.standard_normal(n_bars + warm)
        for bar in range(1, n_bars + warm):
            shocks[bar] += decay * shocks[bar - 1]
        logs[:, 2 * pair + 1] = 0.4 + 0.9 * logs[:, 2 * pair] + shocks[warm:]
    return logs


def _size() -> Table:
    drawn, rows = universes(_NAMES, _BARS), []
    for number, (name, draw) in enumerate(drawn.items(), start=1):
        found, scores = _best(draw, number, null_universes=_NULLS)
        rows.append([name, *_shares(found), float(np.mean(scores > 0.95))])
    return Table(
        title="Universes without a reverting pair",
        text=f"{_UNIVERSES} universes of {_NAMES} names and {_BARS:,} bars a row: the share in which `p_best` of the "
        "best pair is at most 0.05, 0.2 and 0.5; beside them that of a deflated Sharpe ratio above 0.95.",
        columns=["steps", "0.05", "se", "0.2", "0.5", "deflated Sharpe above 0.95"],
        rows=rows,
    )


def _error(share: float, n: int) -> float:
    return math.sqrt(share * (1.0 - share) / n)


def _shares(found: Floats) -> list[float]:
    """Return how often p_best is at most 0.05, with the error of that, and at most 0.2 and 0.5."""
    share = float(np.mean(found < 0.0501))
    return [share, _error(share, found.size), *(float(np.mean(found < level)) for level in (0.2001, 0.5001))]


def _best(draw: Draw, seed: int, **options: Any) -> tuple[Floats, Floats]:
    """Return the least p_best and the largest deflated Sharpe ratio of each universe; 1 and 0 without a pair."""
    source = np.random.default_rng(seed)
    found, scores = np.ones(_UNIVERSES), np.zeros(_UNIVERSES)
    for place in range(_UNIVERSES):
        table = pair_trading.scan(np.exp(draw(source)), seed=seed, **options)
        if table.null_universes:
            found[place], scores[place] = np.nanmin(table.p_best), np.nanmax(table.deflated_sharpe)
    return found, scores


def _power() -> Table:
    rows = []
    asked = [(n_bars, step) for n_bars in (1_000, 1_500) for step in (0.005, 0.01, 0.02)]
    for number, (n_bars, step) in enumerate(asked, start=101):
        rows.append([n_bars, step, *_found(n_bars, step, number, null_universes=_NULLS)])
    return Table(
        title="Universes with three planted pairs",
        text=f"{_UNIVERSES} universes of {_NAMES} names a row, walks with steps of {_STEP}, of which three pairs have "
        f"a spread with a half-life of {_HALF_LIFE:g} bars: the share in which the best pair is planted and its "
        "`p_best` at most 0.05, and the share of the planted pairs for which it is.",
        columns=["bars", "steps of the spread", "found", "se", "planted pairs found"],
        rows=rows,
    )


def _found(n_bars: int, step: float, seed: int, n_universes: int = _UNIVERSES, **options: Any) -> list[float]:
    """Return how often the best pair is planted and significant, the error of that, and the share of such pairs."""
    source = np.random.default_rng(seed)
    first, pairs = np.zeros(n_universes), np.zeros(n_universes)
    for place in range(n_universes):
        table = pair_trading.scan(np.exp(planted(source, _NAMES, n_bars, step)), seed=seed, **options)
        if table.null_universes == 0:
            continue
        low, high = np.minimum(table.y, table.x), np.maximum(table.y, table.x)
        real, sure = (high == low + 1) & (low % 2 == 0) & (high < 2 * _PLANTED), table.p_best < 0.0501
        first[place] = bool(sure.any()) and bool(real[np.nanargmin(table.p_best)])
        pairs[place] = np.count_nonzero(sure & real) / _PLANTED
    share = float(first.mean())
    return [share, _error(share, first.size), float(pairs.mean())]


_OWN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("p-value, bootstrap", {"null_kind": "bootstrap"}),
    ("train Sharpe ratio, walks", {"rank_by": "train_sharpe"}),
    ("deflated Sharpe ratio, walks", {"rank_by": "deflated_sharpe"}),
)
"""Rankings and null universes that are no defaults."""


def _size_of_own() -> Table:
    drawn, rows = universes(_NAMES, _BARS), []
    others = ("normal steps", "heavy tails (t of 4)", "a market of 40 % of the variance")
    asked = [(name, *_OWN[0]) for name in others] + [("normal steps", *each) for each in _OWN[1:]]
    for number, (name, kind, options) in enumerate(asked, start=201):
        found, _ = _best(drawn[name], number, null_universes=_OWN_NULLS, **options)
        rows.append([kind, name, *_shares(found)])
    return Table(
        title="Universes without a reverting pair, by other rankings and null universes",
        text="As above.",
        columns=["ranking and null universes", "steps", "0.05", "se", "0.2", "0.5"],
        rows=rows,
    )


def _power_of_own() -> Table:
    rows = []
    for number, (kind, options) in enumerate((("p-value, walks", {}), *_OWN), start=301):
        rows.append([kind, *_found(_BARS, _STEP, number, _OWN_UNIVERSES, null_universes=_OWN_NULLS, **options)])
    return Table(
        title="Universes with three planted pairs, by other rankings and null universes",
        text=f"As above, {_OWN_UNIVERSES} universes of {_BARS:,} bars with steps of the spread of {_STEP}.",
        columns=["ranking and null universes", "found", "se", "planted pairs found"],
        rows=rows,
    )
