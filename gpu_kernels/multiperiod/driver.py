"""From a request to the programs of its plans, which a twin solves, and from their weights to the plan."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from gpu_kernels import cholesky, interruption
from gpu_kernels.bounds import LARGEST_MAGNITUDE
from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate
from gpu_kernels.multiperiod.model import Plan
from gpu_kernels.weights.changes import turnover
from gpu_kernels.weights.host import singular

__all__ = ["TOLERANCE", "Problem", "Program", "Solution", "Solve", "adding_up", "optimize"]

TOLERANCE = 1e-11
"""Residual that is rounding: a plan that has reached it is done."""

_COMMON = 1e-3
_LEAST_UNIT = 1e-200
"""Divides the square of the largest weights without overflow."""

_AT_ONCE = 1 << 20
"""Entries of matrices that are scaled between two looks at the interrupt, in a few milliseconds."""

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


class Program(NamedTuple):
    """A plan's program in units in which weights, and the largest gain or cost, are about 1; see banded.py.

    Attributes:
        curvature: (J, N, N) gamma S of each block.
        slope: (J, N) minus the gains.
        cost: Of a unit traded.
        budget: What the weights of a block sum to.
        lower: (N,) lower bounds, -inf where there is none.
        upper: (N,) upper bounds.
        start: (N,) what the first block trades from.
    """

    curvature: Floats
    slope: Floats
    cost: float
    budget: float
    lower: Floats
    upper: Floats
    start: Floats


class Solution(NamedTuple):
    """Where a method stopped.

    Attributes:
        weights: (J, N) the best point met.
        residual: Largest violation of the optimality conditions, each relative to the size of its terms.
    """

    weights: Floats
    residual: float


Solve = Callable[[Program], Solution]


def optimize(problem: Problem, solve: Solve) -> Plan:
    """Find the weights of every block, and value them period by period; see the contract.

    Args:
        problem: What is asked.
        solve: Finds a plan under proportional costs, here or in a kernel.
    """
    n_periods = len(problem.means)
    times = np.arange(0, n_periods, problem.frequency, dtype=np.int64)
    lengths = np.minimum(problem.frequency, n_periods - times)
    means, covariances = problem.means, problem.covariances
    if problem.frequency > 1:
        means, covariances = np.add.reduceat(means, times), np.add.reduceat(covariances, times)
    if problem.cost_model == "quadratic":
        held = _quadratic(problem, means, covariances)
    elif problem.mode == "plan":
        held = _planned(problem, means, covariances, problem.initial, solve)
    else:
        held = _rolling(problem, means, covariances, lengths, solve)
    return _valued(problem, held if problem.frequency == 1 else np.repeat(held, lengths, axis=0), times)


def _planned(problem: Problem, means: Floats, covariances: Floats, before: Floats, solve: Solve) -> Floats:
    """Solve for all blocks at once; (J, N).

    Weights whose bounds are equal are known, and are taken out of the program: with them it would have no interior,
    which an interior-point method needs.
    """
    fixed = problem.lower == problem.upper
    if not fixed.any():
        return _moved(problem, means, covariances, before, 1.0, solve)
    held = np.tile(problem.lower, (len(means), 1))
    free, known = ~fixed, problem.lower[fixed]
    if free.any():
        some = problem._replace(lower=problem.lower[free], upper=problem.upper[free])
        net = means[:, free] - problem.gamma * (covariances[:, free][:, :, fixed] @ known)
        between = covariances[:, free][:, :, free]
        held[:, free] = _moved(some, net, between, before[free], 1.0 - float(known.sum()), solve)
    return held


def _moved(problem: Problem, means: Floats, covariances: Floats, before: Floats, budget: float, solve: Solve) -> Floats:
    """Solve for weights that can move, and whose sum is the budget; (J, N)."""
    # A gain common to all assets changes nothing, because weights sum to 1, and would only cost digits; a small one
    # keeps the residual's terms from vanishing with the others.
    slope = means.sum(axis=1, keepdims=True) / means.shape[1] - means
    curvature, steepest = np.empty(covariances.shape), 0.0
    for piece, of_block in zip(_pieces(curvature), _pieces(covariances), strict=True):
        np.multiply(of_block, problem.gamma, out=piece)
        steepest = max(steepest, float(np.abs(piece).max()))
    # The first point is made for numbers of about 1.
    implied = _implied(problem, budget)
    # Where the weights before are beyond a bound, every plan has to trade up to the bound, at the same cost.
    start = np.clip(before, *implied)
    scale = max(1.0, _typical_weight(problem, slope, curvature, np.array(implied)), float(np.abs(start).max()))
    unit = max(scale * float(np.abs(slope).max()), scale * problem.cost, scale**2 * steepest, _LEAST_UNIT)
    for piece in _pieces(curvature):
        np.multiply(piece, scale**2 / unit, out=piece)
    program = Program(
        curvature=curvature,
        slope=slope * (scale / unit) + _COMMON,
        cost=problem.cost * (scale / unit),
        budget=budget / scale,
        lower=problem.lower / scale,
        upper=problem.upper / scale,
        start=start / scale,
    )
    found = solve(program)
    if not found.residual <= _ACCEPTED:
        raise Degenerate(
            "covariances",
            "no optimum was found: a combination of assets without variance may earn more than it costs to trade, or "
            "costs, gains and variances differ too much in size",
        )
    return scale * found.weights


def _pieces(matrices: Floats) -> Iterator[Floats]:
    """Yield views of some matrices of (J, N, N) each, and look at the interrupt in between."""
    for some in interruption.pieces(len(matrices), max(1, _AT_ONCE // matrices[0].size)):
        yield matrices[some]


def _implied(problem: Problem, budget: float) -> tuple[Floats, Floats]:
    """Return the bounds that hold for weights of the budget, those of the other weights among them."""
    lower, upper = problem.lower, problem.upper
    high = np.minimum(upper, budget - lower.sum() + lower) if np.isfinite(lower).all() else upper
    low = np.maximum(lower, budget - upper.sum() + upper) if np.isfinite(upper).all() else lower
    return low, high


def _typical_weight(problem: Problem, slope: Floats, curvature: Floats, largest: Floats) -> float:
    """Return the size of weights that the gains ask for and the bounds allow, at least 1, at most LARGEST_MAGNITUDE.

    Where the gains of all blocks together do not repay the cost of a trade, they ask for no weights.
    """
    variances = np.sort(curvature.diagonal(axis1=1, axis2=2), axis=None)
    steepness = float(variances[variances.size // 2])
    gains = np.abs(slope).max(axis=1)
    asked = (float(gains.max()) / steepness if steepness > 0 else 1.0) if gains.sum() > problem.cost else 0.0
    return min(max(1.0, asked), float(np.abs(largest).max()), LARGEST_MAGNITUDE)


def adding_up(program: Program, found: Solution) -> Solution:
    """Return the solution, with an infinite residual where a budget is not met.

    The residual alone may miss it, because it is relative to the largest terms of all conditions.
    """
    off = float(np.abs(found.weights.sum(axis=1) - program.budget).max())
    return found if off <= _ACCEPTED * float(np.abs(found.weights).max()) else found._replace(residual=np.inf)


def _rolling(
    problem: Problem,
    means: Floats,
    covariances: Floats,
    lengths: np.ndarray[tuple[int], np.dtype[np.int64]],
    solve: Solve,
) -> Floats:
    """Plan in each block for the blocks left as though they were like it, and keep the first weights; (J, N)."""
    held = np.empty_like(means)
    before = problem.initial
    for j, length in enumerate(lengths):
        interruption.check()
        ahead = lengths[j:] / length
        planned = _planned(problem, means[j] * ahead[:, None], covariances[j] * ahead[:, None, None], before, solve)
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
        interruption.check()
        factor = cholesky.factor(gamma * covariance)
        if factor is None:
            asset, why = singular(covariance)
            block = f"the block that starts at period {j * problem.frequency}"
            raise Degenerate("covariances", f"the covariance of {block} is singular, as {why}", index=(asset, asset))
        before = held[j] = (1.0 - rate) * before + rate * cholesky.substitute(factor, mean)
    return held


def _valued(problem: Problem, weights: Floats, times: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Plan:
    before = np.concatenate([problem.initial[None], weights[:-1]])
    expected: Floats = np.einsum("kn,kn->k", weights, problem.means)
    variance = np.maximum(_squares(weights, problem.covariances), 0.0)
    volatility = np.sqrt(variance)
    traded = turnover(weights, before)
    proportional = problem.cost_model == "proportional"
    spent = traded if proportional else 0.5 * _squares(weights - before, problem.covariances)
    utility: Floats = expected - 0.5 * problem.gamma * variance - problem.cost * spent
    return Plan(
        weights=weights,
        expected_return=expected,
        expected_volatility=volatility,
        sharpe_ratio=np.divide(expected, volatility, out=np.zeros_like(volatility), where=volatility > 0),
        utility=utility,
        turnover=traded,
        cumulative_utility=float(utility.sum()),
        avg_turnover=float(traded[times].mean()),
        rebalance_times=times,
        status="optimized",
    )


def _squares(vectors: Floats, matrices: Floats) -> Floats:
    """Return v_k'M_k v_k, (K,)."""
    product: Floats = np.einsum("kn,kn->k", vectors, np.matmul(matrices, vectors[:, :, None])[:, :, 0])
    return product
