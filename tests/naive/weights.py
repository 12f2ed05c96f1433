"""Optimal weights the slow way: exact rational elimination, every active set in turn, and grids."""

import itertools
from fractions import Fraction

import numpy as np

__all__ = [
    "best_of_all_active_sets",
    "best_of_two_assets",
    "budget",
    "kkt_residual",
    "ratio",
    "tangency",
    "unconstrained",
    "utility",
]


def solve(matrix, right):
    """Solve a small system exactly, by elimination on fractions."""
    rows = [[Fraction(x) for x in row] + [Fraction(r)] for row, r in zip(matrix, right, strict=True)]
    n = len(rows)
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k] != 0)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(n):
            if i != k and rows[i][k] != 0:
                factor = rows[i][k] / rows[k][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [rows[i][n] / rows[i][i] for i in range(n)]


def unconstrained(means, matrix, gamma):
    return np.array([float(x / Fraction(gamma)) for x in solve(matrix.tolist(), means.tolist())])


def budget(means, matrix, gamma):
    """Solve the optimality conditions [gamma S, 1; 1', 0] (w, eta) = (m, 1)."""
    n = len(means)
    system = [[Fraction(gamma) * Fraction(x) for x in row] + [Fraction(1)] for row in matrix.tolist()]
    system.append([Fraction(1)] * n + [Fraction(0)])
    return np.array([float(x) for x in solve(system, [*means.tolist(), 1])[:n]])


def tangency(means, matrix, rate):
    """Return S^-1 (m - r 1) scaled to sum 1, and its sum before that."""
    scaled = solve(matrix.tolist(), [Fraction(m) - Fraction(rate) for m in means.tolist()])
    total = sum(scaled)
    return np.array([float(x / total) for x in scaled]), float(total)


def utility(weights, means, matrix, gamma):
    n = len(weights)
    variance = sum(weights[i] * matrix[i, j] * weights[j] for i in range(n) for j in range(n))
    return sum(weights[i] * means[i] for i in range(n)) - gamma / 2 * variance


def ratio(weights, means, matrix, rate):
    n = len(weights)
    variance = sum(weights[i] * matrix[i, j] * weights[j] for i in range(n) for j in range(n))
    return sum(weights[i] * (means[i] - rate) for i in range(n)) / np.sqrt(variance)


def best_of_all_active_sets(means, matrix, gamma, low, high):
    """Maximise the utility with sum 1 within bounds: 3^N equality-constrained problems, the best feasible one."""
    n = len(means)
    best, best_utility = None, -np.inf
    for states in itertools.product((0, 1, 2), repeat=n):
        held = [i for i in range(n) if states[i]]
        free = [i for i in range(n) if not states[i]]
        weights = np.array([(0.0, low[i], high[i])[states[i]] for i in range(n)])
        if not np.isfinite(weights).all():
            continue
        if free:
            system = np.zeros((len(free) + 1, len(free) + 1))
            system[:-1, :-1] = gamma * matrix[np.ix_(free, free)]
            system[-1, :-1] = system[:-1, -1] = 1.0
            right = np.append(means[free] - gamma * matrix[np.ix_(free, held)] @ weights[held], 1.0 - weights.sum())
            weights[free] = np.linalg.solve(system, right)[:-1]
        feasible = abs(weights.sum() - 1) < 1e-9 and (weights > low - 1e-12).all() and (weights < high + 1e-12).all()
        if feasible and utility(weights, means, matrix, gamma) > best_utility:
            best, best_utility = weights, utility(weights, means, matrix, gamma)
    return best


def best_of_two_assets(objective, low, high, leverage, points=20001):
    """Maximise an objective of weights (w, 1 - w) on a grid; returns the best value and its weights."""
    first = np.linspace(max(low[0], 1 - high[1]), min(high[0], 1 - low[1]), points)
    allowed = [w for w in first if abs(w) + abs(1 - w) <= leverage + 1e-12]
    values = [objective(np.array([w, 1 - w])) for w in allowed]
    place = int(np.argmax(values))
    return values[place], np.array([allowed[place], 1 - allowed[place]])


def kkt_residual(weights, gradient, low, high, *, summing, cap):
    """Return the largest violation of max gradient'w over the constraints, None at a vertex.

    At an optimum the gradient is nu + lam sign(w) for free weights, below it at a lowest weight, above it at a highest
    one, and within lam of nu for a weight of zero while the cap on sum|w| binds.
    """
    binding = abs(np.abs(weights).sum() - cap) <= 1e-9 * cap if np.isfinite(cap) else False
    tiny = 1e-12 * max(1.0, np.abs(weights).max())
    at_low, at_high = weights <= low + tiny, weights >= high - tiny
    at_zero = binding & (np.abs(weights) <= tiny)
    free = ~(at_low | at_high | at_zero)
    columns = ([np.ones(len(weights))] if summing else []) + ([np.sign(weights)] if binding else [])
    multipliers = np.zeros(2)
    if columns:
        table = np.stack(columns, axis=1)
        if np.linalg.matrix_rank(table[free]) < len(columns):
            return None  # a vertex: many multipliers would do
        multipliers = np.linalg.lstsq(table[free], gradient[free])[0]
    rest = gradient - (np.stack(columns, axis=1) @ multipliers if columns else 0.0)
    lam = multipliers[-1] if binding else 0.0
    room = np.where(at_zero, lam, 0.0)
    over = np.where(at_high, 0.0, np.maximum(rest - room, 0.0))
    under = np.where(at_low, 0.0, np.maximum(-rest - room, 0.0))
    return max(over.max(), under.max(), -lam)
