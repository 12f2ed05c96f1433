"""The matrices of a plan with costs of trading, as products and a solve that is linear in the number of blocks.

Variables are the weights w of all blocks and, where trading costs, u >= |w_j - w_{j-1}|. Rows of G are, in this order,
-w[below], w[above], d - u and -d - u with d_j = w_j - w_{j-1}. Eliminating u leaves neighbouring blocks coupled by one
diagonal E_j alone, and the elimination of block j passes the curvature

    T_{j+1} = K_{j+1} + E - E Y E + E a a'E / 1'a,   Y = (T_j + E)^-1,   a = Y 1,   E = E_{j+1}

on to the next one: the Riccati recursion of the budget-constrained problem. E - E Y E is computed as E Y T_j: where
a trade is not worth its cost, E grows without bound and the difference would lose every digit of T_j.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import cholesky, interruption
from gpu_kernels.checks import Floats
from gpu_kernels.weights.interior import Solve

__all__ = ["BandedSystem", "differences_transposed"]


class _Stage(NamedTuple):
    """An eliminated block: the inverse of T + E's Cholesky factor, a = Y 1, 1'a, and E towards the next block.

    NumPy has no triangular solve: with the inverse each of the many solves is two products.
    """

    inverse: Floats
    ones: Floats
    total: np.float64
    coupling: Floats

    def within(self, right: Floats, target: float) -> tuple[Floats, float]:
        """Solve (T + E) w + 1 y = right, 1'w = target."""
        y = float((self.ones @ right - target) / self.total)
        return self.inverse.T @ (self.inverse @ right) - self.ones * y, y


@dataclass(frozen=True, slots=True)
class BandedSystem:
    """P, A and G of the program.

    Attributes:
        curvature: (J, N, N) gamma S of each block.
        costly: Whether trading costs: without costs there is no u, and blocks are independent.
        below: Flat indices into (J, N) of weights with a lower bound.
        above: Flat indices of weights with an upper bound.
    """

    curvature: Floats
    costly: bool
    below: NDArray[np.intp]
    above: NDArray[np.intp]

    def hessian(self, x: Floats) -> Floats:
        """Return P x."""
        out = np.zeros_like(x)
        weights, _ = self._split(x)
        out[: weights.size] = np.matmul(self.curvature, weights[:, :, None]).reshape(-1)
        return out

    def equalities(self, x: Floats) -> Floats:
        """Return the sums of the blocks' weights."""
        total: Floats = self._split(x)[0].sum(axis=1)
        return total

    def equalities_transposed(self, y: Floats) -> Floats:
        """Return A'y."""
        held = np.repeat(y, self.curvature.shape[1])
        return np.concatenate([held, np.zeros_like(held)]) if self.costly else held

    def inequalities(self, x: Floats) -> Floats:
        """Return G x."""
        weights, bound = self._split(x)
        flat = weights.reshape(-1)
        bounds = [-flat[self.below], flat[self.above]]
        if not self.costly:
            return np.concatenate(bounds)
        trade = np.diff(weights, axis=0, prepend=0.0)
        return np.concatenate([*bounds, (trade - bound).reshape(-1), (-trade - bound).reshape(-1)])

    def inequalities_transposed(self, z: Floats) -> Floats:
        """Return G'z."""
        below, above, rise, fall = self.rows(z)
        out = np.zeros(self.curvature.shape[0] * self.curvature.shape[1])
        if self.costly:
            out += differences_transposed(rise - fall).reshape(-1)
        out[self.below] -= below
        out[self.above] += above
        return np.concatenate([out, -(rise + fall).reshape(-1)]) if self.costly else out

    def factor(self, scale: Floats) -> Solve:
        """Eliminate u, and then block after block."""
        below, above, rise, fall = self.rows(scale)
        blocks, size, _ = self.curvature.shape
        diagonal = np.zeros(blocks * size)
        diagonal[self.below] += below
        diagonal[self.above] += above
        coupling = np.zeros((blocks + 1, size))
        lean = np.zeros((blocks, size))
        if self.costly:
            coupling[:blocks] = 4.0 * rise * (fall / (rise + fall))
            lean = (rise - fall) / (rise + fall)
        inner = self.eliminated(diagonal.reshape(blocks, size), coupling)

        def solve(right: Floats, target: Floats) -> tuple[Floats, Floats]:
            pull, push = self._split(right)
            moved, y = inner(pull + differences_transposed(lean * push), target)
            if not self.costly:
                return moved.reshape(-1), y
            trade = np.diff(moved, axis=0, prepend=0.0)
            bound = push / (rise + fall) + lean * trade
            return np.concatenate([moved.reshape(-1), bound.reshape(-1)]), y

        return solve

    def eliminated(self, diagonal: Floats, coupling: Floats) -> Solve:
        """Factor the weights' system with further terms, block after block.

        Args:
            diagonal: (J, N) added to the curvature's diagonal.
            coupling: (J + 1, N) diagonals E_j between a block and the one before it; the last row is 0.

        Returns:
            The solve of (P + diagonal + E's) dw + A'dy = r, A dw = t, for (J, N) r and (J,) t.
        """
        size = diagonal.shape[1]
        passed = np.diag(coupling[0])
        stages = []
        for j, own in enumerate(self.curvature):
            interruption.check()
            curvature = own + passed
            curvature[np.diag_indices(size)] += diagonal[j]
            towards = coupling[j + 1]
            # NaN for a step beyond the optimum, whose slacks underflow: it ends the iteration.
            lower = cholesky.factor_shifted(curvature + np.diag(towards))
            inverse = np.asarray(np.linalg.inv(lower), dtype=np.float64)
            ones = inverse.T @ inverse.sum(axis=1)
            stage = _Stage(inverse, ones, ones.sum(), towards)
            stages.append(stage)
            parallel = towards[:, None] * (inverse.T @ (inverse @ curvature))
            pinned = towards * ones
            passed = 0.5 * (parallel + parallel.T) + np.outer(pinned, pinned / stage.total)
        return lambda right, target: _substitute(stages, right, target)

    def _split(self, x: Floats) -> tuple[Floats, Floats]:
        blocks, size, _ = self.curvature.shape
        weights = x[: blocks * size].reshape(blocks, size)
        return weights, (x[blocks * size :].reshape(blocks, size) if self.costly else np.zeros_like(weights))

    def rows(self, z: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Split (k,) values of the rows of G into below, above, and (J, N) rise and fall; zeros where there is no u."""
        blocks, size, _ = self.curvature.shape
        low, high = self.below.size, self.below.size + self.above.size
        trades = z[high:].reshape(-1, blocks, size)
        rise, fall = (trades[0], trades[1]) if self.costly else (np.zeros((blocks, size)), np.zeros((blocks, size)))
        return z[:low], z[low:high], rise, fall


def _substitute(stages: list[_Stage], right: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Solve for the weights and the budgets' multipliers, forward and back through the blocks."""
    moved, y = np.empty_like(right), np.empty_like(target)
    carried = np.zeros_like(right[0])
    for j, stage in enumerate(stages):
        interruption.check()
        moved[j], y[j] = stage.within(right[j] + carried, float(target[j]))
        carried = stage.coupling * moved[j]
    for j in range(len(stages) - 2, -1, -1):
        change, shift = stages[j].within(stages[j].coupling * moved[j + 1], 0.0)
        moved[j] += change
        y[j] += shift
    return moved, y


def differences_transposed(values: Floats) -> Floats:
    """Return v_j - v_{j+1} of (J, N) values, the transpose of w_j - w_{j-1}."""
    out = values.copy()
    out[:-1] -= values[1:]
    return out
