"""Optimal portfolio weights: equations and result.

With expected returns m, covariance S, risk aversion g and a riskless rate r, all per period:

- CARA investor with normal returns: maximise the certainty equivalent U(w) = w'm - g/2 w'Sw.
  "unconstrained": w = S^-1 m / g. "budget" (1'w = 1): w = a/1'a + S^-1 (m - c 1)/g with a = S^-1 1 and c = a'm/1'a, the
  same as S^-1 (m - e 1)/g with e = (1'S^-1 m - g)/1'S^-1 1. "long_only": the program max U(w), 1'w = 1, w >= 0.
- Sharpe ratio: maximise (w'm - r 1'w)/sqrt(w'Sw). With t = S^-1 (m - r 1), "budget": w = t/1't, the tangency
  portfolio, if 1't > 0. Otherwise no portfolio of sum 1 attains the supremum, t/1't is the one with the lowest ratio,
  and w = t/sum|t| is returned: the highest ratio, weights that do not sum to 1. "unconstrained": w = t/g.
  "long_only": minimise y'Sy subject to (m - r 1)'y = 1, y >= 0, and w = y/1'y.

Bounds lo <= w <= hi and a leverage cap sum|w| <= L turn either into a quadratic program; for the Sharpe ratio on the
cone over the feasible set, lo k <= y <= hi k and sum|y| <= L k with k = 1'y.
"""

from typing import NamedTuple

from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate, InvalidInput

__all__ = ["MODES", "OBJECTIVES", "Outcome", "Weights"]

MODES = ("budget", "unconstrained", "long_only")
"""Whether weights sum to 1, are free, or sum to 1 without a short position."""

OBJECTIVES = ("cara", "sharpe")
"""What weights maximise: the certainty equivalent, or the Sharpe ratio."""


class Weights(NamedTuple):
    """A portfolio and what it promises, per period.

    Attributes:
        weights: (N,) shares of wealth. Where they do not sum to 1, the rest earns the riskless rate.
        expected_return: w'm.
        expected_volatility: sqrt(w'Sw).
        sharpe_ratio: (w'm - r 1'w)/sqrt(w'Sw); 0 for a portfolio without variance.
        utility: w'm - g/2 w'Sw, the certainty equivalent at the given risk aversion g.
        status: "optimized", or "constrained" where the answer is that of another problem than the one asked.
        reason: Why "constrained"; "" otherwise.
    """

    weights: Floats
    expected_return: float
    expected_volatility: float
    sharpe_ratio: float
    utility: float
    status: str
    reason: str


Outcome = Weights | InvalidInput | Degenerate
"""Of one problem of many: its weights, or the error that the same problem alone would raise."""
