"""The dense form of a quadratic program's matrices, with bounds on single variables kept as diagonals."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import cholesky, interruption
from gpu_kernels.checks import Floats
from gpu_kernels.weights.interior import Solve

__all__ = ["DenseSystem", "with_equalities"]

_ROWS = 128
"""General rows that a product takes between two looks at the interrupt."""


@dataclass(frozen=True, slots=True)
class DenseSystem:
    """P, A and G of a program whose inequalities are, in this order, -x[below], x[above] and general rows.

    Attributes:
        matrix: (n, n) P, symmetric positive semi-definite.
        equality: (m, n) A, of full row rank.
        general: (g, n) general rows of G.
        below: Indices of variables with a lower bound.
        above: Indices of variables with an upper bound.
    """

    matrix: Floats
    equality: Floats
    general: Floats
    below: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    above: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))

    def hessian(self, x: Floats) -> Floats:
        """Return P x."""
        product: Floats = self.matrix @ x
        return product

    def equalities(self, x: Floats) -> Floats:
        """Return A x."""
        product: Floats = self.equality @ x
        return product

    def equalities_transposed(self, y: Floats) -> Floats:
        """Return A'y."""
        product: Floats = y @ self.equality
        return product

    def inequalities(self, x: Floats) -> Floats:
        """Return G x."""
        return np.concatenate([-x[self.below], x[self.above], self.general @ x])

    def inequalities_transposed(self, z: Floats) -> Floats:
        """Return G'z."""
        low, high = self.below.size, self.below.size + self.above.size
        out: Floats = z[high:] @ self.general
        out[self.below] -= z[:low]
        out[self.above] += z[low:high]
        return out

    def factor(self, scale: Floats) -> Solve:
        """Factor P + G'DG by Cholesky, and A's Schur complement in it."""
        low, high = self.below.size, self.below.size + self.above.size
        matrix, weights = self.matrix.copy(), scale[high:]
        for rows in interruption.pieces(len(self.general), _ROWS):
            matrix += (self.general[rows].T * weights[rows]) @ self.general[rows]
        diagonal = matrix.reshape(-1)[:: len(matrix) + 1]
        diagonal[self.below] += scale[:low]
        diagonal[self.above] += scale[low:high]
        return with_equalities(cholesky.factor_shifted(matrix), self.equality)

    def error(self, q: Floats, b: Floats, h: Floats, x: Floats, y: Floats, z: Floats) -> float:
        """Return the largest violation of the optimality conditions, relative to their terms before any cancel.

        Where P is close to singular P x is small although its terms are not, and rounding alone makes a violation
        relative to P x large: two points are compared by this one.
        """
        pulled, pushed = self.equalities_transposed(y), self.inequalities_transposed(z)
        dual = self.hessian(x) + q + pulled + pushed
        terms = np.abs(self.matrix) @ np.abs(x) + np.abs(q) + np.abs(pulled) + np.abs(pushed)
        force, length = max(float(np.max(terms)), 1e-300), max(1.0, float(np.max(np.abs(x))))
        room = h - self.inequalities(x)
        short = float(np.max(np.concatenate([np.abs(self.equalities(x) - b), -room]), initial=0.0))
        gap = float(np.max(np.abs(z * room), initial=0.0))
        return max(float(np.max(np.abs(dual))) / force, short / length, gap / (force * length))


def with_equalities(lower: Floats, equality: Floats) -> Solve:
    """Return the solve of M dx + A'dy = r, A dx = t from (r, t), through A's Schur complement in M.

    Args:
        lower: (n, n) Cholesky factor of M.
        equality: (m, n) A, of full row rank.
    """
    across = cholesky.substitute(lower, equality.T)
    complement = equality @ across

    def solve(right: Floats, target: Floats) -> tuple[Floats, Floats]:
        free = cholesky.substitute(lower, right)
        dy = np.asarray(np.linalg.solve(complement, equality @ free - target), dtype=np.float64)
        return free - across @ dy, dy

    return solve
