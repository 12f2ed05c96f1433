"""The NumPy twin of multiperiod."""

from typing import NamedTuple

import numpy as np

from gpu_kernels import linear
from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate
from gpu_kernels.magnitude import LARGEST_MAGNITUDE
from gpu_kernels.multiperiod.banded import BandedSystem
from gpu_kernels.multiperiod.model import Plan
from gpu_kernels.multiperiod.polish import polished
from gpu_kernels.weights.interior import Optimum, minimise

__all__ = ["Problem", "optimize"]

_NEAR = 1e-8
_TOLERANCE = 1e-11
_LEAST_UNIT = 1e-200
"""Divides the square of the largest weights without overflow."""

_ACCEPTED = 1e-9
"""Residual above which no optimum was found: the program is unbounded."""


class Problem(NamedTuple):
    """A checked request.

    Attributes:
        means: (K, N).
        covariances: (K, N, N), symmetric.
        gamma: Risk aversion.
        cost: Transaction cost.
        frequency: Periods of a block.
        initial: (N,) weights before the first period.
        lower: (N,) lower bounds, -inf where there is none.
        upper: (N,) upper bounds.
        cost_model: One of COST_MODELS.
        mode: One of MODES.
        rho: Discount rate of the quadratic model.
    """

    means: Floats
    covariances: Floats
    gamma: float
    cost: float
    frequency: int
    initial: Floats
    lower: Floats
    upper: Floats
    cost_model: str
    mode: str
    rho: float


def optimize(problem: Problem) -> Plan:
    """Find the weights of every block, and value them period by period; see the contract."""
    times = np.arange(0, len(problem.means), problem.frequency, dtype=np.int64)
    lengths = np.diff(times, append=len(problem.means))
    means = np.add.reduceat(problem.means, times)
    covariances = np.add.reduceat(problem.covariances, times)
    if problem.cost_model == "quadratic":
        held = _quadratic(problem, means, covariances)
    elif problem.mode == "plan":
        held = _planned(problem, means, covariances, problem.initial)
    else:
        held = _rolling(problem, means, covariances, lengths)
    return _valued(problem, np.repeat(held, lengths, axis=0), times)


def _planned(problem: Problem, means: Floats, covariances: Floats, before: Floats) -> Floats:
    """Solve for all blocks at once; (J, N)."""
    blocks, size = means.shape
    lower, upper = np.tile(problem.lower, blocks), np.tile(problem.upper, blocks)
    below, above = np.flatnonzero(np.isfinite(lower)), np.flatnonzero(np.isfinite(upper))
    limits = [-lower[below], upper[above]]
    # A gain common to all assets changes nothing, because weights sum to 1, and would only cost digits.
    q = (means.mean(axis=1, keepdims=True) - means).reshape(-1)
    curvature = problem.gamma * covariances
    # Units in which weights, and the largest gain or cost, are about 1: the first point is made for such numbers.
    scale = _typical_weight(problem, q, curvature, before)
    unit = max(
        scale * float(np.max(np.abs(q))), scale * problem.cost, scale**2 * float(np.max(np.abs(curvature))), _LEAST_UNIT
    )
    if problem.cost > 0:
        q = np.concatenate([q, np.full(blocks * size, problem.cost)])
        start = np.zeros((blocks, size))
        start[0] = before
        limits += [start.reshape(-1), -start.reshape(-1)]
    system = BandedSystem(curvature * (scale**2 / unit), problem.cost > 0, below, above)
    found = _minimised(system, q * (scale / unit), np.full(blocks, 1.0 / scale), np.concatenate(limits) / scale)
    if not found.residual <= _ACCEPTED:
        raise Degenerate(
            "covariances",
            "no optimum was found: a combination of assets without variance may earn more than it costs to trade",
        )
    return scale * found.x[: blocks * size].reshape(blocks, size)


def _typical_weight(problem: Problem, q: Floats, curvature: Floats, before: Floats) -> float:
    """Return the size of weights that the gains ask for and the bounds allow, at least 1, at most LARGEST_MAGNITUDE."""
    steepness = float(np.median(np.diagonal(curvature, axis1=1, axis2=2)))
    asked = float(np.max(np.abs(q))) / steepness if steepness > 0 else 1.0
    allowed = float(max(np.max(np.abs(problem.lower)), np.max(np.abs(problem.upper))))
    return max(1.0, min(asked, allowed, LARGEST_MAGNITUDE), float(np.max(np.abs(before))))


def _minimised(system: BandedSystem, q: Floats, b: Floats, h: Floats) -> Optimum:
    """Approach the optimum, polish, and go on only where the active set was not clear yet."""
    # A step beyond the optimum meets slacks of zero; its residual is NaN, which ends the iteration.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for tolerance in (_NEAR, _TOLERANCE):
            found = polished(system, q, b, h, minimise(system, q, b, h, tolerance=tolerance), _TOLERANCE)
            if found.residual <= _TOLERANCE:
                break
    return found


def _rolling(
    problem: Problem, means: Floats, covariances: Floats, lengths: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> Floats:
    """Plan in each block for the blocks left as though they were like it, and keep the first weights; (J, N)."""
    held = np.empty_like(means)
    before = problem.initial
    for j, length in enumerate(lengths):
        ahead = lengths[j:] / length
        planned = _planned(problem, means[j] * ahead[:, None], covariances[j] * ahead[:, None, None], before)
        before = held[j] = planned[0]
    return held


def _quadratic(problem: Problem, means: Floats, covariances: Floats) -> Floats:
    """Trade the constant part of the way to the aim, Garleanu and Pedersen's equations 9 to 11; (J, N)."""
    gamma, kept = problem.gamma, 1.0 - problem.rho
    mixed = gamma * kept + problem.cost * problem.rho
    # a/c without the difference of near numbers, which also holds for c = 0.
    rate = 2.0 * gamma * kept / (mixed + np.sqrt(mixed**2 + 4.0 * gamma * problem.cost * kept**2))
    held = np.empty_like(means)
    before = problem.initial
    for j, (mean, covariance) in enumerate(zip(means, covariances, strict=True)):
        factor = linear.factor(gamma * covariance)
        if factor is None:
            raise Degenerate(
                "covariances", f"the covariance of the block that starts at period {j * problem.frequency} is singular"
            )
        before = held[j] = (1.0 - rate) * before + rate * linear.substitute(factor, mean)
    return held


def _valued(problem: Problem, weights: Floats, times: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Plan:
    trades = np.diff(weights, axis=0, prepend=problem.initial[None])
    expected: Floats = np.einsum("kn,kn->k", weights, problem.means)
    variance = np.maximum(_squares(weights, problem.covariances), 0.0)
    turnover: Floats = np.abs(trades).sum(axis=1)
    spent = turnover if problem.cost_model == "proportional" else 0.5 * _squares(trades, problem.covariances)
    utility: Floats = expected - 0.5 * problem.gamma * variance - problem.cost * spent
    return Plan(
        weights=weights,
        expected_return=expected,
        expected_volatility=np.sqrt(variance),
        utility=utility,
        turnover=turnover,
        cumulative_utility=float(utility.sum()),
        avg_turnover=float(turnover[times].mean()),
        rebalance_times=times,
        status="optimized",
    )


def _squares(vectors: Floats, matrices: Floats) -> Floats:
    """Return v_k'M_k v_k, (K,)."""
    product: Floats = np.einsum("kn,kn->k", vectors, np.matmul(matrices, vectors[:, :, None])[:, :, 0])
    return product
