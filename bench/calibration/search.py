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
_HALF_LIFE, _PLANTED = 10.0, 3
_STEP = 0.01

Draw = Callable[[np.random.Generator], Floats]


def measured() -> Section:
    """Simulate, and return the section of the page."""
    with dispatch.using("native", 2):
        tables = [_size(), _power()]
    return Section(
        place=30,
        title="The search for pairs",
        text="What `p_best` of a scan says of its best pair. [scans](operations/pair_trading.md) states the method. "
        "All scans have the default options but for what a row names. By default null universes do not depend on the "
        "prices, so that all universes of a row share them.",
        settings={"seeds": "the rows' numbers, from 1 on", "names": _NAMES},
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
    asked = [(name, {}) for name in drawn]
    asked += [("normal steps", {"rank_by": "train_sharpe"}), ("normal steps", {"rank_by": "deflated_sharpe"})]
    asked += [(name, {"null_kind": "bootstrap"}) for name in list(drawn)[2:3]]
    for number, (name, options) in enumerate(asked, start=1):
        # Where null universes depend on the prices they are drawn anew for each universe, and fewer do.
        n_nulls = 39 if options else _NULLS
        found, scores = _best(drawn[name], number, null_universes=n_nulls, **options)
        share = float(np.mean(found < 0.0501))
        halves = [float(np.mean(found < level)) for level in (0.2001, 0.5001)]
        how = ", ".join(options.values()) or "default"
        rows.append([name, how, n_nulls, share, _error(share, found.size), *halves, float(np.mean(scores > 0.95))])
    return Table(
        title="Universes without a reverting pair",
        text=f"{_UNIVERSES} universes of {_NAMES} names and {_BARS:,} bars a row: the share in which `p_best` of the "
        "best pair is at most 0.05, 0.2 and 0.5; beside them that of a deflated Sharpe ratio above 0.95.",
        columns=["steps", "options", "null universes", "0.05", "se", "0.2", "0.5", "deflated Sharpe above 0.95"],
        rows=rows,
    )


def _error(share: float, n: int) -> float:
    return math.sqrt(share * (1.0 - share) / n)


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
    asked: list[tuple[int, float, dict[str, Any]]] = [(n, s, {}) for n in (1_000, 1_500) for s in (0.005, 0.01, 0.02)]
    asked += [(1_500, 0.01, {"rank_by": name}) for name in ("train_sharpe", "deflated_sharpe")]
    for number, (n_bars, step, options) in enumerate(asked, start=101):
        n_nulls = 39 if options else _NULLS
        source = np.random.default_rng(number)
        first, pairs = np.zeros(_UNIVERSES), np.zeros(_UNIVERSES)
        for place in range(_UNIVERSES):
            prices = np.exp(planted(source, _NAMES, n_bars, step))
            table = pair_trading.scan(prices, seed=number, null_universes=n_nulls, **options)
            low, high = np.minimum(table.y, table.x), np.maximum(table.y, table.x)
            real, sure = (high == low + 1) & (low % 2 == 0) & (high < 2 * _PLANTED), table.p_best < 0.0501
            first[place] = bool(sure.any()) and bool(real[np.nanargmin(table.p_best)])
            pairs[place] = np.count_nonzero(sure & real) / _PLANTED
        share = float(first.mean())
        how = ", ".join(options.values()) or "p_value"
        rows.append([n_bars, step, how, share, _error(share, first.size), float(pairs.mean())])
    return Table(
        title="Universes with three planted pairs",
        text=f"{_UNIVERSES} universes of {_NAMES} names a row, walks with steps of {_STEP}, of which three pairs have "
        f"a spread with a half-life of {_HALF_LIFE:g} bars: the share in which the best pair is planted and its "
        "`p_best` at most 0.05, and the share of the planted pairs for which it is.",
        columns=["bars", "steps of the spread", "rank_by", "found", "se", "planted pairs found"],
        rows=rows,
    )
