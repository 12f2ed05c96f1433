"""The NumPy twin of weights: closed forms where no inequality is asked, quadratic programs otherwise."""

from collections.abc import Callable
from contextlib import suppress
from math import sqrt

import numpy as np

from gpu_kernels import cholesky, interruption
from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.weights import program
from gpu_kernels.weights.arguments import Problem, checked_covariance
from gpu_kernels.weights.model import Outcome, Weights
from gpu_kernels.weights.region import Region

__all__ = [
    "NONE_ABOVE",
    "batch",
    "cara",
    "each",
    "earns",
    "outcome",
    "reported",
    "scaled",
    "sharpe",
    "singular",
]

_NO_SUM = 1e-12
"""A sum of weights below this share of the sum of their sizes is rounding."""

_NO_EXCESS = 1e-14
"""An excess return below this share of the returns it is the difference of is rounding."""

_NOT_POSITIVE = "the tangency weights do not have a positive sum; scaled to sum|w| = 1 instead"
NONE_ABOVE = "no allowed portfolio earns more than the riskless rate; minimum variance instead"
"""The reason of a Sharpe ratio's weights where there is nothing to gain."""


def cara(problem: Problem) -> Weights:
    """Maximise the certainty equivalent over a region; see the contract.

    Raises:
        InvalidInput: the covariance is not one.
        Degenerate: the covariance is singular and the optimum is not unique or does not exist.
    """
    matrix = checked_covariance(problem.covariance)
    weights = _cara(problem.means, matrix, problem.gamma, problem.allowed)
    return reported(weights, problem, matrix)


def sharpe(problem: Problem) -> Weights:
    """Maximise the Sharpe ratio over a region; see the contract.

    Raises:
        InvalidInput: the covariance is not one.
        Degenerate: the covariance is singular and the optimum is not unique or does not exist.
    """
    matrix = checked_covariance(problem.covariance)
    weights, reason = _sharpe(problem.means, matrix, problem.gamma, problem.rate, problem.allowed)
    return reported(weights, problem, matrix, reason)


def batch(objective: str, asked: Problem, means: Floats, covariances: Floats) -> tuple[Outcome, ...]:
    """Solve many problems, one after the other; see the contract.

    Args:
        objective: One of model.OBJECTIVES.
        asked: What all of them have in common; its means and covariance are not read.
        means: (B, N).
        covariances: (B, N, N).
    """
    solve = {"cara": cara, "sharpe": sharpe}[objective]
    return tuple(outcome(solve, problem) for problem in each(asked, means, covariances))


def each(asked: Problem, means: Floats, covariances: Floats) -> list[Problem]:
    """Return the problems of a batch; the arguments are those of batch."""
    pairs = zip(means, covariances, strict=True)
    return [asked._replace(means=mean, covariance=matrix) for mean, matrix in pairs]


def outcome(solve: Callable[[Problem], Weights], problem: Problem) -> Outcome:
    """Return the weights of a problem, or the error that says why it has none."""
    interruption.check()
    try:
        return solve(problem)
    except (InvalidInput, Degenerate) as error:
        return error


def earns(best: float, excess: Floats, means: Floats, rate: float) -> bool:
    """Return whether a portfolio's excess return is above 0 by more than rounding.

    Args:
        best: Its excess return.
        excess: (N,) those of the assets, means - rate.
        means: (N,) expected returns.
        rate: Riskless rate.
    """
    largest = float(np.abs(excess).max())
    rounding = _NO_EXCESS * max(float(np.abs(means).max()), abs(rate))
    return largest > rounding and best > _NO_EXCESS * largest


def _cara(means: Floats, matrix: Floats, gamma: float, region: Region) -> Floats:
    beyond = None
    if region.capped:
        # Where the cap does not bind, the problem without it is smaller and its answer sharper.
        with suppress(Degenerate):
            beyond = _cara(means, matrix, gamma, region.uncapped())
        if beyond is not None and region.within_cap(beyond):
            return beyond
    if region.constrained:
        return program.utility(means, gamma * matrix, region, beyond)
    if region.budget:
        return _budget(means, matrix, gamma)
    return cholesky.substitute(_factor(matrix), means) / gamma


def _sharpe(means: Floats, matrix: Floats, gamma: float, rate: float, region: Region) -> tuple[Floats, str]:
    excess = means - rate
    best = region.highest(excess) if region.constrained else float(np.max(np.abs(excess)))
    earning = earns(best, excess, means, rate)
    if region.budget and not earning:
        return _cara(np.zeros_like(means), matrix, gamma, region), NONE_ABOVE
    beyond = None
    if region.capped and not (region.constrained and region.uncapped().endless):
        reason = ""
        with suppress(Degenerate):
            beyond, reason = _sharpe(means, matrix, gamma, rate, region.uncapped())
        if beyond is not None and not reason and region.within_cap(beyond):
            return beyond, ""
    if region.constrained:
        return program.ratio(excess / best, matrix, region, beyond), ""
    if not earning:
        return np.zeros_like(means), ""
    lower = _factor(matrix)
    if not region.budget:
        return cholesky.substitute(lower, excess) / gamma, ""
    # Scaled before: tiny excess returns would vanish in a product with tiny ones.
    return scaled(cholesky.substitute(lower, excess / best))


def _budget(means: Floats, matrix: Floats, gamma: float) -> Floats:
    """Add to the minimum-variance portfolio what the means differ from its own: no large terms cancel."""
    lower = _factor(matrix)
    least = cholesky.substitute(lower, np.ones_like(means))
    least /= least.sum()
    tilt = cholesky.substitute(lower, (means - least @ means) / gamma)
    weights: Floats = least + tilt
    weights += least * (1.0 - weights.sum())
    return weights


def scaled(tangent: Floats) -> tuple[Floats, str]:
    """Scale S^-1 (m - r 1) to the sum 1, or to sum|w| = 1 with the reason why; see model.py."""
    total, gross = float(tangent.sum()), float(np.abs(tangent).sum())
    if total > _NO_SUM * gross:
        return tangent / total, ""
    return tangent / gross, _NOT_POSITIVE


def _factor(matrix: Floats) -> Floats:
    lower = cholesky.factor(matrix)
    if lower is None:
        asset, why = singular(matrix)
        message = f"covariance is singular, as {why}: without constraints no weights are the only optimum"
        raise Degenerate("covariance", message, index=(asset, asset))
    return lower


def singular(matrix: Floats) -> tuple[int, str]:
    """Return the first asset that makes a singular covariance so, and how."""
    asset = cholesky.first_dependent(matrix) or 0
    if matrix[asset, asset] == 0:
        return asset, f"asset {asset} has no variance"
    return asset, f"asset {asset} has no variance of its own beside the assets before it"


def reported(weights: Floats, problem: Problem, matrix: Floats, reason: str = "") -> Weights:
    """Return weights with what they promise.

    Args:
        weights: (N,) w.
        problem: What was asked.
        matrix: (N, N) S.
        reason: Why the answer is that of another problem; "" where it is not.
    """
    means = problem.means
    expected = float(weights @ means)
    variance = max(0.0, float(weights @ matrix @ weights))
    volatility = sqrt(variance)
    excess = float(weights @ (means - problem.rate))
    return Weights(
        weights=weights,
        expected_return=expected,
        expected_volatility=volatility,
        sharpe_ratio=excess / volatility if volatility > 0 else 0.0,
        utility=expected - 0.5 * problem.gamma * variance,
        status="constrained" if reason else "optimized",
        reason=reason,
    )
