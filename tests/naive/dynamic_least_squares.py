"""Oracle of dynamic least squares: the regression by a general solver, the long-run variance term by term."""

import math
from itertools import pairwise

import numpy as np


def dynamic_slope(y, x):
    """Return the slope and its standard error."""
    leads = min(12, math.ceil(4 * (len(y) / 100) ** 0.25))
    rows = range(leads + 1, len(y) - leads)
    left = np.array([y[t] for t in rows])
    right = np.array([[x[t], 1.0, *(x[t + j] - x[t + j - 1] for j in range(-leads, leads + 1))] for t in rows])
    solution = np.linalg.lstsq(right, left, rcond=None)[0]
    residual = left - right @ solution
    n, k = right.shape
    variance = long_run_variance(residual.tolist()) * n / (n - k)
    return solution[0], math.sqrt(variance * np.linalg.pinv(right.T @ right)[0, 0])


def long_run_variance(v):
    """Return it with Parzen's weights, after a first-order autoregression that is corrected for bias."""
    r = slope(v)
    r = min(r + (2 + 6 * r) / len(v), 1 - 2 / len(v))
    white = [now - r * before for before, now in pairwise(v)]
    rest = slope(white)
    bandwidth = 2.6614 * (4 * rest**2 / (1 - rest) ** 4 * len(white)) ** 0.2
    total = 0.0
    for s, a in enumerate(white):
        for t, b in enumerate(white):
            total += parzen(abs(s - t) / bandwidth) * a * b
    return total / len(white) / (1 - r) ** 2


def slope(v):
    """Return the coefficient of the regression of v on its value before, without a constant."""
    return sum(a * b for a, b in pairwise(v)) / sum(a * a for a in v[:-1])


def parzen(share):
    """Return the weight at a lag that is this share of the bandwidth."""
    if share >= 1:
        return 0.0
    return 2 * (1 - share) ** 3 if share > 0.5 else 1 - 6 * share**2 + 6 * share**3
