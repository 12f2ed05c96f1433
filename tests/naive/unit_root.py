"""Oracle of the inference near a unit root: exact probabilities of the least-squares estimate, by another integral.

b^ < r where sum of lambda_j z_j^2 < 0, with z_j standard normal. Its characteristic function is inverted by the
formula of Gil-Pelaez with SciPy's adaptive quadrature, and the form comes from a path of unit steps.
"""

import numpy as np
from scipy import integrate


def probability_below(bound, decay, n_pairs):
    """P(b^ < bound) for a Gaussian AR(1) with a constant, stationary at the start; from a fixed price with decay 1."""
    steps = np.eye(n_pairs + 1)
    prices = np.zeros((n_pairs + 1, n_pairs + 1))
    prices[0] = steps[0] / np.sqrt(1 - decay**2) if decay < 1 else 0.0
    for t in range(n_pairs):
        prices[t + 1] = decay * prices[t] + steps[t + 1]
    lags, nexts = prices[:-1], prices[1:]
    centring = np.eye(n_pairs) - 1.0 / n_pairs
    form = lags.T @ centring @ nexts - bound * lags.T @ centring @ lags
    values = np.linalg.eigvalsh((form + form.T) / 2)
    values = values / np.abs(values).max()

    def integrand(u):
        return (1.0 / np.prod(np.sqrt(1 - 2j * u * values))).imag / u

    return 0.5 - integrate.quad(integrand, 0, np.inf, limit=400)[0] / np.pi


def fieller(prices, reach):
    """The m on a fine grid at which a t test of "the expected step at m is 0" does not reject, by numpy."""
    lags, steps = prices[:-1], np.diff(prices)
    grid = np.linspace(prices.mean() - 50 * prices.std(), prices.mean() + 50 * prices.std(), 200_001)
    design = np.column_stack([np.ones_like(lags), lags])
    beta, sse = np.linalg.lstsq(design, steps)[:2]
    covariance = np.linalg.inv(design.T @ design) * sse[0] / (lags.size - 2)
    step = beta[0] + beta[1] * grid
    spread = covariance[0, 0] + 2 * grid * covariance[0, 1] + grid**2 * covariance[1, 1]
    return grid[step**2 <= reach**2 * spread]
