"""Questions whose answers are known without this software: by hand, or published to many digits."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from gpu_kernels import moments, ou, pca, returns, sweep, thresholds, weights
from gpu_kernels.errors import KernelError

__all__ = ["KnownAnswer", "check"]

_TOLERANCE = 1e-9


class KnownAnswer(NamedTuple):
    """One question, answered.

    Attributes:
        question: For a person.
        computed: What this machine computes; NaN where it refuses to.
        expected: What is right.
    """

    question: str
    computed: float
    expected: float

    @property
    def error(self) -> float:
        """Distance from what is right, relative above 1."""
        return abs(self.computed - self.expected) / max(1.0, abs(self.expected))

    @property
    def right(self) -> bool:
        """Whether the answer is right to nine digits."""
        return self.error <= _TOLERANCE


def check() -> Iterator[KnownAnswer]:
    """Compute every known answer."""
    for question, (ask, expected) in _QUESTIONS.items():
        try:
            computed = float(ask())
        except KernelError:
            computed = math.nan
        yield KnownAnswer(question, computed, expected)


def _fitted_speed() -> float:
    """Return theta of eight prices whose lag-one coefficient is 1/6 by hand."""
    return float(ou.fit(np.array([[0.0, 1, 1, 1, 0, 0, 0, 1]])).theta[0])


def _fitted_mean() -> float:
    return float(ou.fit(np.array([[0.0, 1, 1, 1, 0, 0, 0, 1]])).mu[0])


def _entry(objective: str) -> float:
    """Return the optimal entry of the parameter set in Bertram's (2010) example."""
    optimum = thresholds.optimal(180.967, 0.0, 0.1538, 0.001, objective=objective)
    return float(np.ravel(optimum.entry_z)[0])


def _traded() -> float:
    """Return the profit of one long trade, 9 to 12, and of the short that opens on its last bar: 3 fills at 0.25."""
    prices = np.array([[10.0, 8, 9, 12]])
    rules = sweep.Rules(lookback=2, mode="unit")
    return float(sweep.backtest(prices, 0.5, 0.0, 0.25, rules).cumulative_return[0, 0])


def _first_component() -> float:
    crossed = np.array([[1.0, 1], [-1, -1], [2, -2], [-2, 2]])
    return float(pca.fit(crossed).explained_variance_ratio[0])


def _first_weight() -> float:
    return float(weights.cara(np.array([0.1, 0.0]), np.eye(2), gamma=1.0).weights[0])


def _spread() -> float:
    return float(moments.portfolio_stats(np.array([[1.0], [2], [3]])).std_return)


_QUESTIONS: Mapping[str, tuple[Callable[[], float], float]] = {
    "log return of a price that doubles": (lambda: returns.compute(np.array([1.0, 2, 4])).mean, math.log(2)),
    "speed of 0 1 1 1 0 0 0 1": (_fitted_speed, math.log(6)),
    "mean of 0 1 1 1 0 0 0 1": (_fitted_mean, 0.6),
    "entry for most profit": (lambda: _entry("profit"), 0.58325212474392288),
    "entry for the best Sharpe ratio": (lambda: _entry("sharpe"), 1.1652209670860487),
    "profit of three fills": (_traded, 2.25),
    "share of the first component": (_first_component, 0.8),
    "first of two CARA weights": (_first_weight, 0.55),
    "spread of 1 2 3": (_spread, 1.0),
}
