"""Weights over several periods with costs of trading: equations and result.

With means mu_k, covariances S_k, risk aversion gamma, weights w_k and initial weights w_0:

    proportional   maximise sum_k [mu_k'w_k - gamma/2 w_k'S_k w_k - c |w_k - w_{k-1}|_1]  subject to  1'w_k = 1
    quadratic      w_k = (1 - a/c) w_{k-1} + (a/c) (gamma S_k)^-1 mu_k,  of any sum
                   a = [-(g (1-rho) + c rho) + sqrt((g (1-rho) + c rho)^2 + 4 g c (1-rho)^2)] / (2 (1-rho)),  g = gamma
                   a period's cost is c/2 (w_k - w_{k-1})'S_k (w_k - w_{k-1})

with c = transaction_cost: per unit traded where proportional, and the factor of S_k where quadratic. Weights change in
every f-th period only, f = rebalance_frequency: the periods between make one block, which acts as one period with the
sums of their means and covariances.

A mean that is estimated over the period it is applied to contains its future: such a plan is in-sample, and its
utility is no forecast.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = ["COST_MODELS", "MODES", "Plan"]

COST_MODELS = ("proportional", "quadratic")
"""What a trade costs: c |dw|, or c/2 dw'S dw."""

MODES = ("plan", "mpc")
"""Knowing all periods beforehand, or in each block taking its own mean and covariance for those to come."""


class Plan(NamedTuple):
    """Weights of every period, and what they are expected to do.

    Attributes:
        weights: (K, N) weights held during each period.
        expected_return: (K,) w_k'mu_k, before costs.
        expected_volatility: (K,) sqrt(w_k'S_k w_k).
        sharpe_ratio: (K,) expected_return over expected_volatility; 0 for weights without variance.
        utility: (K,) w_k'mu_k - gamma/2 w_k'S_k w_k, less the period's own cost.
        turnover: (K,) sum |w_k - w_{k-1}|; 0 between rebalances.
        cumulative_utility: Sum of utility.
        avg_turnover: Mean of turnover over the rebalances.
        rebalance_times: (R,) periods, counted from 0, at whose start weights may change.
        status: "optimized".
    """

    weights: Floats
    expected_return: Floats
    expected_volatility: Floats
    sharpe_ratio: Floats
    utility: Floats
    turnover: Floats
    cumulative_utility: float
    avg_turnover: float
    rebalance_times: NDArray[np.int64]
    status: str
