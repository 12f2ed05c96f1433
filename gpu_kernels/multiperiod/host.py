"""The NumPy twin of multiperiod: plans by an interior point, polished."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.multiperiod import driver
from gpu_kernels.multiperiod.banded import BandedSystem
from gpu_kernels.multiperiod.driver import TOLERANCE, Problem, Program, Solution, adding_up
from gpu_kernels.multiperiod.model import Plan
from gpu_kernels.multiperiod.polish import polished
from gpu_kernels.weights.interior import Optimum, minimise

__all__ = ["optimize", "solve"]

_NEAR = 1e-8
"""Residual from which the polish finds the active set."""


def optimize(problem: Problem) -> Plan:
    """Find the weights of every block; see the contract.

    Raises:
        Degenerate: no optimum exists.
    """
    return driver.optimize(problem, solve)


def solve(program: Program) -> Solution:
    """Approach the optimum, polish, and go on only where the active set was not clear yet."""
    blocks, size = program.slope.shape
    lower, upper = np.tile(program.lower, blocks), np.tile(program.upper, blocks)
    below, above = np.flatnonzero(np.isfinite(lower)), np.flatnonzero(np.isfinite(upper))
    q, limits = program.slope.reshape(-1), [-lower[below], upper[above]]
    if program.cost > 0:
        q = np.concatenate([q, np.full(blocks * size, program.cost)])
        start = np.zeros((blocks, size))
        start[0] = program.start
        limits += [start.reshape(-1), -start.reshape(-1)]
    system = BandedSystem(program.curvature, program.cost > 0, below, above)
    found = _minimised(system, q, np.full(blocks, program.budget), np.concatenate(limits))
    return adding_up(program, Solution(found.x[: blocks * size].reshape(blocks, size), found.residual))


def _minimised(system: BandedSystem, q: Floats, b: Floats, h: Floats) -> Optimum:
    # After a step beyond the optimum slacks are zero; the residual is then NaN, which ends the iteration.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = polished(system, q, b, h, minimise(system, q, b, h, tolerance=_NEAR), TOLERANCE)
        if found.residual <= TOLERANCE:
            return found
        further = minimise(system, q, b, h, tolerance=TOLERANCE, cautious=False)
        return min(found, polished(system, q, b, h, further, TOLERANCE), key=lambda optimum: optimum.residual)
