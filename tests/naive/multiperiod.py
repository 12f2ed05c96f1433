"""Multiperiod plans by Clarabel, block by block, and what an optimum must satisfy, by bounded least squares."""

import clarabel
import numpy as np
from scipy import optimize, sparse


def blocks(means, covariances, frequency):
    """Return the sums over blocks, and their lengths."""
    starts = range(0, len(means), frequency)
    lengths = [len(means[s : s + frequency]) for s in starts]
    return (
        [sum(means[s : s + frequency]) for s in starts],
        [sum(covariances[s : s + frequency]) for s in starts],
        lengths,
    )


def objective(weights, means, covariances, gamma, cost, initial):
    total, before = 0.0, initial
    for w, m, S in zip(weights, means, covariances, strict=True):
        total += w @ m - 0.5 * gamma * w @ S @ w - cost * np.abs(w - before).sum()
        before = w
    return total


def plan(means, covariances, gamma, cost, initial, lower, upper):
    """Return the (J, N) weights of the best plan."""
    J, N = len(means), len(means[0])
    n = J * N
    step = sparse.eye(n) - sparse.eye(n, k=-N)
    P = sparse.block_diag([sparse.block_diag([gamma * S for S in covariances]), sparse.csc_matrix((n, n))])
    q = np.concatenate([-np.concatenate(means), np.full(n, cost)])
    start = np.zeros(n)
    start[:N] = initial
    eye, none = sparse.eye(n), sparse.csc_matrix((n, n))
    lo, hi = np.tile(lower, J), np.tile(upper, J)
    low, high = np.flatnonzero(np.isfinite(lo)), np.flatnonzero(np.isfinite(hi))
    inequalities = [
        sparse.hstack([step, -eye]),
        sparse.hstack([-step, -eye]),
        sparse.hstack([-eye, none]).tocsr()[low],
        sparse.hstack([eye, none]).tocsr()[high],
    ]
    budget = sparse.hstack([sparse.kron(sparse.eye(J), np.ones((1, N))), sparse.csc_matrix((J, n))])
    A = sparse.vstack([budget, *inequalities]).tocsc()
    b = np.concatenate([np.ones(J), start, -start, -lo[low], hi[high]])
    cones = [clarabel.ZeroConeT(J), clarabel.NonnegativeConeT(len(b) - J)]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-12
    solution = clarabel.DefaultSolver(sparse.triu(P).tocsc(), q, A, b, cones, settings).solve()
    return np.array(solution.x)[:n].reshape(J, N)


def stationarity(weights, means, covariances, gamma, cost, initial, lower, upper, near=1e-8):
    """Return the least violation of stationarity that multipliers of the right signs leave, relative to its terms."""
    J, N = weights.shape
    slope = np.array([gamma * S @ w - m for w, m, S in zip(weights, means, covariances, strict=True)])
    columns, bottom, top = [], [], []

    def add(column, least, most):
        columns.append(column.reshape(-1))
        bottom.append(least)
        top.append(most)

    for j in range(J):
        budget = np.zeros((J, N))
        budget[j] = 1.0
        add(budget, -np.inf, np.inf)
        for i in range(N):
            at = np.zeros((J, N))
            at[j, i] = 1.0
            trade = at.copy()
            if j:
                trade[j - 1, i] = -1.0
            moved = weights[j, i] - (weights[j - 1, i] if j else initial[i])
            if abs(moved) > near:
                slope += cost * np.sign(moved) * trade
            elif cost > 0:
                add(trade, -cost, cost)
            if weights[j, i] - lower[i] < near:
                add(-at, 0.0, np.inf)
            if upper[i] - weights[j, i] < near:
                add(at, 0.0, np.inf)
    force = max(np.abs(slope).max(), cost, *(np.abs(m).max() for m in means))
    result = optimize.lsq_linear(
        np.column_stack(columns), -slope.reshape(-1) / force, (np.array(bottom) / force, np.array(top) / force), "bvls"
    )
    return np.abs(result.fun).max()


def first_trade(mean, variance, gamma, cost, rho, before, horizon=600):
    """Return the first position of one asset under quadratic costs, from the first-order conditions of all periods.

    maximise sum_t (1-rho)^{t+1} (x_t m - gamma/2 s x_t^2) - (1-rho)^t cost/2 s (x_t - x_{t-1})^2
    """
    discount = (1 - rho) ** np.arange(horizon)
    A, b = np.zeros((horizon, horizon)), np.zeros(horizon)
    for t in range(horizon):
        gain, move = discount[t] * (1 - rho), discount[t] * cost * variance
        A[t, t] += gain * gamma * variance + move
        b[t] += gain * mean
        if t:
            A[t - 1, t - 1] += move
            A[t, t - 1] -= move
            A[t - 1, t] -= move
        else:
            b[t] += move * before
    scale = 1 / np.sqrt(np.diag(A))
    return (scale * np.linalg.solve(A * np.outer(scale, scale), scale * b))[0]
