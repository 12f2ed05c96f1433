"""Launches of the plan kernel: the NumPy twin's method without the cost of calling small operations."""

from functools import cache

import numpy as np

from gpu_kernels.compile import library
from gpu_kernels.constants import integer
from gpu_kernels.launch import Count, launch, pointer
from gpu_kernels.multiperiod import driver, host
from gpu_kernels.multiperiod.driver import TOLERANCE, Problem, Program, Solution
from gpu_kernels.multiperiod.model import Plan

__all__ = ["optimize", "solve", "space"]

_LAYOUT = ("FIELDS", "STRIDES", "BLOCK_MATRICES", "MATRICES", "BLOCK_NUMBERS", "ROW")
"""The constants of the kernel that determine the size of a working space."""


def optimize(problem: Problem) -> Plan:
    """Find the weights of every block; see the contract."""
    return driver.optimize(problem, _solve_or_leave)


@cache
def space(blocks: int, size: int) -> int:
    """Return how many numbers a plan's working space holds, as space in multiperiod.cu.

    Args:
        blocks: Of the plan.
        size: Assets.
    """
    sources = "vectors.h", "multiperiod/multiperiod.cu"
    fields, strides, block_matrices, matrices, block_numbers, row = (integer(name, *sources) for name in _LAYOUT)
    stride, numbers = -(-size // row) * row, -(-blocks // row) * row
    held = (block_matrices * blocks + matrices) * size * stride
    return held + (fields * blocks + strides) * stride + block_numbers * numbers


def solve(program: Program) -> Solution:
    """Find one plan; its residual is infinite where the method comes to no point at all."""
    blocks, size = program.slope.shape
    terms, working = np.array([program.cost, program.budget]), np.empty(space(blocks, size))
    weights, residual = np.empty((blocks, size)), np.empty(1)
    sides = program.curvature, program.slope, program.lower, program.upper, program.start
    given = [np.ascontiguousarray(side) for side in sides]
    shape, arrays = map(Count, (1, 1, blocks, size)), map(pointer, (*given, terms, working, weights, residual))
    launch(library("multiperiod").plan_weights, *shape, *arrays, threads=1)
    return driver.adding_up(program, Solution(weights, float(residual[0])))


def _solve_or_leave(program: Program) -> Solution:
    """Find one plan; what the kernel does not settle to rounding is the NumPy twin's."""
    found = solve(program)
    return found if found.residual <= TOLERANCE else host.solve(program)
