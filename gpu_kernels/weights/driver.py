"""Weights by a kernel that minimises quadratic forms: what it is asked, and what is made of its answer.

The NumPy twin solves what the kernel does not settle (a singular covariance, rounds that do not end, a residual above
rounding): it has the slower methods, and the words for what is wrong.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.weights import host
from gpu_kernels.weights.arguments import Problem, has_moderate_variances
from gpu_kernels.weights.interior import SHARP
from gpu_kernels.weights.model import Outcome, Weights

__all__ = ["Solve", "Solved", "batch", "cara", "sharpe"]

_SOLVED = 0.0
_EPSILON = float(np.finfo(np.float64).eps)


class Solved(NamedTuple):
    """What the kernel found of B problems.

    Attributes:
        x: (B, N) minima, NaN where there is none.
        answer: (B,) 0 for a minimum; 1 where S is not finite, symmetric and positive definite; 2 where the rounds did
            not end.
        residual: (B,) the largest violation of the optimality conditions, relative to their terms before any cancel.
        variance: (B,) x'Sx.
        gross: (B,) |x|'|S||x|, the terms of the variance before any cancel.
        rounds: (B,) linear systems that it took.
    """

    x: Floats
    answer: Floats
    residual: Floats
    variance: Floats
    gross: Floats
    rounds: Floats

    def settles(self, k: int) -> bool:
        """Return whether minimum k satisfies its conditions to rounding, with a variance that is more than rounding."""
        sharp = self.answer[k] == _SOLVED and self.residual[k] <= SHARP
        return bool(sharp and self.variance[k] > _EPSILON * self.x.shape[1] * self.gross[k])


Solve = Callable[[Floats, Floats, Floats, bool], Solved]
"""From q (B, N), a (B, N), S (B, N, N) and whether x >= 0 is asked to the minima of 1/2 x'Sx - q'x on a'x = 1."""


class _Form(NamedTuple):
    """A problem as the kernel takes it.

    Attributes:
        linear: (N,) q.
        along: (N,) a; zeros where nothing is asked of the sum.
        earning: Whether an allowed portfolio earns more than the riskless rate; True for a utility.
    """

    linear: Floats
    along: Floats
    earning: bool


class _Objective(NamedTuple):
    """What weights maximise.

    Attributes:
        form: From a problem to its form.
        weights: From a problem, its form and the kernel's minimum to weights and the reason why they are constrained.
        host: The NumPy twin.
    """

    form: Callable[[Problem], _Form]
    weights: Callable[[Problem, _Form, Floats], tuple[Floats, str]]
    host: Callable[[Problem], Weights]


def cara(problem: Problem, solve: Solve) -> Weights:
    """Maximise the certainty equivalent without bounds or cap; see the contract.

    Args:
        problem: What was asked; it has no region.
        solve: Launches the kernel.

    Raises:
        InvalidInput: the covariance is not one.
        Degenerate: the covariance is singular and the optimum is not unique or does not exist.
    """
    return _single(_OBJECTIVES["cara"], problem, solve)


def sharpe(problem: Problem, solve: Solve) -> Weights:
    """Maximise the Sharpe ratio without bounds or cap; as cara."""
    return _single(_OBJECTIVES["sharpe"], problem, solve)


def batch(objective: str, asked: Problem, means: Floats, covariances: Floats, solve: Solve) -> tuple[Outcome, ...]:
    """Solve many problems in one launch; see the contract.

    Args:
        objective: One of model.OBJECTIVES.
        asked: What all of them have in common; its means and covariance are not read, and it has no region.
        means: (B, N).
        covariances: (B, N, N).
        solve: Launches the kernel.
    """
    how = _OBJECTIVES[objective]
    problems = host.each(asked, means, covariances)
    taken = [k for k, problem in enumerate(problems) if has_moderate_variances(problem.covariance)]
    forms = [how.form(problems[k]) for k in taken]
    answers: list[Outcome | None] = [None] * len(problems)
    if taken:
        every = len(taken) == len(problems)
        found = solve(
            np.stack([form.linear for form in forms]),
            np.stack([form.along for form in forms]),
            covariances if every else covariances[taken],
            asked.mode == "long_only",
        )
        for row, k in enumerate(taken):
            if found.settles(row):
                answers[k] = _made(how, problems[k], forms[row], found.x[row])
    return tuple(
        host.outcome(how.host, problem) if answer is None else answer
        for problem, answer in zip(problems, answers, strict=True)
    )


def _single(how: _Objective, problem: Problem, solve: Solve) -> Weights:
    form = how.form(problem)
    found = solve(form.linear[None], form.along[None], problem.covariance[None], problem.mode == "long_only")
    return _made(how, problem, form, found.x[0]) if found.settles(0) else how.host(problem)


def _made(how: _Objective, problem: Problem, form: _Form, minimum: Floats) -> Weights:
    weights, reason = how.weights(problem, form, minimum)
    return host.reported(weights, problem, problem.covariance, reason)


def _of_utility(problem: Problem) -> _Form:
    return _Form(problem.means / problem.gamma, _budget(problem), earning=True)


def _of_ratio(problem: Problem) -> _Form:
    means, rate, mode = problem.means, problem.rate, problem.mode
    excess = means - rate
    none = np.zeros(means.size)
    best = float(excess.max() if mode == "long_only" else np.abs(excess).max())
    if not host.earns(best, excess, means, rate):
        # Without a budget nothing is held: the minimum at 0 has no variance, and is the NumPy twin's.
        return _Form(none, _budget(problem), earning=False)
    if mode == "long_only":
        return _Form(none, excess / best, earning=True)
    return _Form(excess / best if mode == "budget" else excess / problem.gamma, none, earning=True)


def _as_found(_problem: Problem, _form: _Form, minimum: Floats) -> tuple[Floats, str]:
    return minimum, ""


def _as_ratio(problem: Problem, form: _Form, minimum: Floats) -> tuple[Floats, str]:
    if not form.earning:
        return minimum, host.NONE_ABOVE
    if problem.mode == "long_only":
        return minimum / minimum.sum(), ""
    return host.scaled(minimum) if problem.mode == "budget" else (minimum, "")


_OBJECTIVES = {
    "cara": _Objective(_of_utility, _as_found, host.cara),
    "sharpe": _Objective(_of_ratio, _as_ratio, host.sharpe),
}


def _budget(problem: Problem) -> Floats:
    """Return a of a'x = 1: ones where the weights sum to 1, and zeros where they need not."""
    return np.full(problem.means.size, float(problem.mode != "unconstrained"))
