"""How many of the pairs with a low q-value of a scan do not revert."""

import math

import numpy as np
from statsmodels.stats.multitest import multipletests

from bench.calibration.section import Section, Table
from gpu_kernels import dispatch, pair_trading
from gpu_kernels.checks import Floats

__all__ = ["NAME", "measured"]

NAME = "discoveries"

_UNIVERSES, _NAMES, _BARS, _PLANTED, _STEP = 200, 40, 800, 6, 0.01
_SEED, _LEVEL = 20261201, 0.1


def measured() -> Section:
    """Simulate, and return the section of the page."""
    with dispatch.using("native", 2):
        rows = [_row(0.0, 0), *(_row(half_life, number) for number, half_life in enumerate((3.0, 10.0), start=1))]
    return Section(
        place=35,
        title="False discoveries",
        text="What `q_value` of a scan says of the pairs that it lets through. [scans](operations/pair_trading.md) "
        "states the method.",
        settings={"seed": _SEED, "universes": _UNIVERSES},
        tables=[
            Table(
                title=f"False pairs among those with a q-value below {_LEVEL:g}",
                text=f"Universes of {_NAMES} walks and {_BARS} bars, in which {_PLANTED} pairs have a spread that "
                "reverts with the half-life, or none does. The share of false pairs is a mean over universes, 0 where "
                "no pair is let through, and the rate that is controlled. Beside it stands that of the q-values of "
                "statsmodels from the same p-values, which do not count the two directions of a pair.",
                columns=["half-life", "false", "se", "planted pairs found", "one direction: false", "se", "found"],
                rows=rows,
            )
        ],
    )


def _row(half_life: float, number: int) -> list[object]:
    source = np.random.default_rng(_SEED + number)
    shares = np.array([_counted(_universe(source, half_life), planted=half_life > 0) for _ in range(_UNIVERSES)])
    means, errors = shares.mean(axis=0), shares.std(axis=0, ddof=1) / math.sqrt(_UNIVERSES)
    found = [float(mean) if half_life > 0 else "none is planted" for mean in means[[1, 3]]]
    false = [float(value) for pair in zip(means[[0, 2]], errors[[0, 2]], strict=True) for value in pair]
    return [half_life or "none", *false[:2], found[0], *false[2:], found[1]]


def _counted(logs: Floats, *, planted: bool) -> tuple[float, float, float, float]:
    """Return the shares of false pairs and of planted ones that are found, by our q-values and by one direction's."""
    table = pair_trading.scan(np.exp(logs), alpha=1.0, null_universes=0)
    y, x = np.asarray(table.y), np.asarray(table.x)
    true = (np.minimum(y, x) % 2 == 0) & (np.abs(y - x) == 1) & (np.maximum(y, x) < 2 * _PLANTED) & planted
    counts = []
    for q_values in (table.q_value, multipletests(table.p_value, method="fdr_bh")[1]):
        chosen = q_values < _LEVEL
        counts += [np.sum(chosen & ~true) / max(np.sum(chosen), 1), np.sum(chosen & true) / _PLANTED]
    return counts[0], counts[1], counts[2], counts[3]


def _universe(source: np.random.Generator, half_life: float) -> Floats:
    logs = 4.0 + np.cumsum(_STEP * source.standard_normal((_BARS, _NAMES)), axis=0)
    if half_life > 0:
        decay, warm = 2.0 ** (-1.0 / half_life), 200
        for pair in range(_PLANTED):
            spread = 0.5 * _STEP * source.standard_normal(_BARS + warm)
            for bar in range(1, _BARS + warm):
                spread[bar] += decay * spread[bar - 1]
            logs[:, 2 * pair + 1] = 0.4 + 0.9 * logs[:, 2 * pair] + spread[warm:]
    return logs
