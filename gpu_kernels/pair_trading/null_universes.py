"""Universes without any pair that reverts, and what the best pair of each looks like after the search for it.

A null universe has the real one's number of names and of train bars. Its names are independent of one another, so that
no pair of them is cointegrated, and it goes through the same steps as the real one, as far as the ranking depends on
them: test and hedge, for rankings by a Sharpe ratio also fit, thresholds and trade. Of B null universes, count those
whose best pair ranks at least as high as a pair:

    p_best = (1 + count) / (B + 1)

For the best pair of a universe without a reverting pair this is below p in a share p of universes, whatever the tests,
fits and trades have in common with one another (Dufour 2006, proposition 2.2: exact, where the universe is one of the
null's). A pair further down is compared with the best of each null universe too, which errs on the high side.

"walks": normal steps without drift, with the deviation of each name's own steps in the train part. Names are taken in
the order of these deviations, so that the order of columns changes nothing. y and x in other units change the hedge
ratio, the residual and its fit by these units, and the test statistic, z-scores and Sharpe ratios not at all, unless
trades cost something. So all deviations are 1 where the ranking is by p-value or the cost is 0, and the null
universes then depend on N, n and the options alone; significance.py keeps what was found of them.
"bootstrap": the steps of each name less their mean, resampled in blocks of random length (the stationary bootstrap),
each name by its own blocks.

References:
    Dufour (2006), Monte Carlo tests with nuisance parameters, Journal of Econometrics 133, section 2.
    White (2000), A reality check for data snooping, section 2, for the null of the best of many.
    Politis and Romano (1994), The stationary bootstrap, section 2.
"""

import math
from typing import NamedTuple

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.data_snooping.bootstrap import draws

__all__ = [
    "DEFAULT_UNIVERSES",
    "FEWEST_BARS",
    "FEWEST_UNIVERSES",
    "KINDS",
    "MOST_UNIVERSES",
    "STEPS_WITHOUT_ASKING",
    "NullPlan",
    "Recipe",
    "draw",
    "plan",
    "recipe_of",
    "shares",
]

KINDS = ("walks", "bootstrap")
"""How the steps of null universes are drawn."""

DEFAULT_UNIVERSES = 199
"""Null universes where the caller does not say how many: the smallest p_best is then 0.005."""

FEWEST_UNIVERSES = 19
"""Fewest null universes: with fewer no p_best can be 0.05."""

MOST_UNIVERSES = 100_000
"""Most null universes that a scan may ask for."""

FEWEST_BARS = 60
"""Fewest bars of the train part: with fewer, the deviations of the steps are known too badly."""

STEPS_WITHOUT_ASKING = 10**10
"""Pairs times bars times universes, some ten seconds, above which a scan has null universes only if asked for them."""


class NullPlan(NamedTuple):
    """How many null universes a scan has.

    Attributes:
        n_universes: 0 where there are none.
        reason: Why there are none; "" where there are, and where none were asked for.
    """

    n_universes: int
    reason: str


class Recipe(NamedTuple):
    """What null universes are drawn from; it can be pickled.

    Attributes:
        n_bars: n of the train part.
        seed: Of all universes.
        start: (N,) first levels.
        deviation: (N,) of the steps, for "walks"; (0,) for "bootstrap".
        steps: (N, n - 1) of the real universe, without their means, for "bootstrap"; (0, 0) for "walks".
    """

    n_bars: int
    seed: int
    start: Floats
    deviation: Floats
    steps: Floats


def plan(n_columns: int, n_rows: int, n_train: int, asked: int | None) -> NullPlan:
    """Return how many null universes a scan has, from its shape alone.

    Args:
        n_columns: N, those that are left out included.
        n_rows: T.
        n_train: Bars of the train part.
        asked: Null universes that the caller asks for; None for as many as take no long time.
    """
    n_universes = DEFAULT_UNIVERSES if asked is None else asked
    if n_universes == 0:
        return NullPlan(0, "")
    if n_universes < FEWEST_UNIVERSES:
        return NullPlan(0, f"p_best needs at least {FEWEST_UNIVERSES} null universes, got {n_universes}")
    if n_train < FEWEST_BARS:
        return NullPlan(0, f"p_best needs at least {FEWEST_BARS} rows in the train part, got {n_train}")
    steps = n_columns * (n_columns - 1) // 2 * n_rows * n_universes
    if asked is None and steps > STEPS_WITHOUT_ASKING:
        what = f"{n_universes} null universes take {steps:.1e} steps, more than {STEPS_WITHOUT_ASKING:.0e}"
        return NullPlan(0, f"{what}; ask for null_universes={n_universes} to have p_best")
    return NullPlan(n_universes, "")


def recipe_of(levels: Floats, kind: str, seed: int, *, starts: bool, free: bool) -> Recipe:
    """Return what null universes are drawn from.

    Args:
        levels: (N, n) train part of the columns that vary.
        kind: One of KINDS.
        seed: Of all universes.
        starts: Whether costs depend on the size of the levels; else all begin at 0.
        free: Whether the ranking does not depend on the deviations.
    """
    steps = np.diff(levels, axis=1)
    steps -= steps.mean(axis=1, keepdims=True)
    deviation = np.sqrt(np.einsum("nt,nt->n", steps, steps) / (steps.shape[1] - 1))
    first = levels[:, 0] if starts else np.zeros(len(levels))
    order = np.lexsort((first, deviation))
    if kind == "bootstrap":
        return Recipe(levels.shape[1], seed, first[order], np.zeros(0), steps[order])
    sized = np.ones(len(levels)) if free else deviation[order]
    return Recipe(levels.shape[1], seed, first[order], sized, np.zeros((0, 0)))


def draw(recipe: Recipe, number: int) -> Floats:
    """Draw one null universe, which depends on the recipe and its number alone.

    Args:
        recipe: What it is drawn from.
        number: From 0 on.

    Returns:
        (N, n) levels.
    """
    source = np.random.SeedSequence(recipe.seed, spawn_key=(number,))
    levels = np.empty((recipe.start.size, recipe.n_bars))
    if recipe.deviation.size:
        np.random.Generator(np.random.PCG64(source)).standard_normal(out=levels)
        levels *= recipe.deviation[:, None]
    else:
        n_steps = recipe.steps.shape[1]
        seed = int(source.generate_state(1, np.uint64)[0])
        periods = draws(n_steps, len(levels), math.isqrt(n_steps), seed)
        levels[:, 1:] = np.take_along_axis(recipe.steps, periods, axis=1)
    levels[:, 0] = recipe.start
    np.cumsum(levels, axis=1, out=levels)
    return levels


def shares(found: Floats, best: Floats) -> Floats:
    """Return p_best of pairs, (P,).

    Args:
        found: (P,) statistics of the pairs; NaN stays.
        best: (B,) the largest of each null universe, -inf where no pair of it was traded.
    """
    ascending = np.sort(best)
    count = best.size - np.searchsorted(ascending, found, side="left")
    return np.where(np.isnan(found), np.nan, (1.0 + count) / (1.0 + best.size))
