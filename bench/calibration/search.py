"""How often a scan calls the best pair of a universe without a reverting one significant, and whether it finds planted pairs."""

import math
from collections.abc import Callable

import numpy as np

from bench.calibration.section import Section, Table
from gpu_kernels import dispatch, pair_trading
from gpu_kernels.checks import Floats

__all__ = ["NAME", "measured", "planted", "universes"]

NAME = "search"

_UNIVERSES, _NULLS, _NAMES, _BARS = 400, 199, 20, 1_500
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
        text="What `p_best` of a scan says of its best pair. [scans](operations/pair_trading.md) states the method. All "
        "scans have the default options but for what a row names.",
        settings={"seeds": "the rows' numbers, from 1 on", "null universes": _NULLS, "names": _NAMES},
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
    rows = []
    drawn = universes(_NAMES, _BARS)
    for number, (name, draw) in enumerate(drawn.items(), start=1):
        for kind in ("walks", "bootstrap"):
            found, scores = _best(draw, number, _UNIVERSES, null_kind=kind)
            share = float(np.mean(found < 0.05))
            error = math.sqrt(share * (1.0 - share) / _UNIVERSES)
            halves = [float(np.mean(found < level)) for level in (0.2, 0.5)]
            rows.append([name, kind, share, error, *halves, float(np.mean(scores > 0.95))])
    return Table(
        title="Universes without a reverting pair",
        text=f"{_UNIVERSES} universes of {_NAMES} names and {_BARS:,} bars a row: the share in which the best pair has a "
        "`p_best` below 0.05, 0.2 and 0.5; beside them that of a deflated Sharpe ratio above 0.95.",
        columns=["steps", "null_kind", "below 0.05", "se", "below 0.2", "below 0.5", "deflated Sharpe above 0.95"],
        rows=rows,
    )


def _best(draw: Draw, seed: int, n_universes: int, **options: object) -> tuple[Floats, Floats]:
    """Return p_best of the best pair and the largest deflated Sharpe ratio of each universe; 1 and 0 without a pair."""
    source = np.random.default_rng(seed)
    found, scores = np.ones(n_universes), np.zeros(n_universes)
    for place in range(n_universes):
        table = _scanned(draw(source), seed=place, **options)
        if table.null_universes:
            found[place], scores[place] = np.nanmin(table.p_best), np.nanmax(table.deflated_sharpe)
    return found, scores


def _power() -> Table:
    rows = []
    for number, (n_bars, step) in enumerate([(b, s) for b in (1_000, 1_500) for s in (0.005, 0.01, 0.02)], start=101):
        source = np.random.default_rng(number)
        first, pairs = np.zeros(_UNIVERSES // 2), np.zeros(_UNIVERSES // 2)
        for place in range(first.size):
            table = _scanned(planted(source, _NAMES, n_bars, step), seed=place)
            real = (np.maximum(table.y, table.x) - np.minimum(table.y, table.x) == 1) & (np.minimum(table.y, table.x) % 2 == 0)
            real &= np.maximum(table.y, table.x) < 2 * _PLANTED
            sure = table.p_best < 0.05
            first[place] = bool(sure.any()) and bool(real[np.nanargmin(table.p_best)])
            pairs[place] = np.count_nonzero(sure & real) / _PLANTED
        share = float(first.mean())
        rows.append([n_bars, step, share, math.sqrt(share * (1.0 - share) / first.size), float(pairs.mean())])
    return Table(
        title="Universes with three planted pairs",
        text=f"{_UNIVERSES // 2} universes of {_NAMES} names a row, walks with steps of {_STEP}, of which three pairs have a "
        f"spread with a half-life of {_HALF_LIFE:g} bars: the share in which the best pair is planted and has a `p_best` "
        "below 0.05, and the share of the planted pairs that have one.",
        columns=["bars", "steps of the spread", "found", "se", "planted pairs found"],
        rows=rows,
    )


def _scanned(logs: Floats, **options: object) -> pair_trading.PairTable:
    return pair_trading.scan(np.exp(logs), null_universes=_NULLS, **options)  # type: ignore[arg-type]
