"""The checks of weights: one problem, the set that its portfolios must lie in, and its covariance."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels import cholesky, interruption
from gpu_kernels.bounds import LARGEST_MAGNITUDE, SMALLEST_MAGNITUDE, finite_within_reach, moderate, sizeable_variances
from gpu_kernels.checks import Floats, array, one_of, positive
from gpu_kernels.errors import InvalidInput
from gpu_kernels.weights.model import MODES
from gpu_kernels.weights.region import Bounds, Region, region

__all__ = ["Problem", "checked", "checked_covariance", "has_moderate_variances", "region_of"]

_ASYMMETRY = 1e-10
"""Largest |S_ij - S_ji| as a share of the largest entry: beyond what rounding leaves."""

_INDEFINITE = 1e-10
"""Most negative eigenvalue as a share of the largest: beyond what rounding leaves."""

_POWERS = 5
"""Products of a matrix with a vector that show how large its largest eigenvalue is."""

_ENTRIES_AT_ONCE = 1 << 20
"""Entries of a matrix between two looks at the interrupt."""


class Problem(NamedTuple):
    """A request whose covariance is not checked yet: the kernel checks that in passing, the NumPy twin beforehand.

    Attributes:
        means: (N,) m, per period.
        covariance: (N, N) S, as it was given.
        gamma: Risk aversion.
        rate: Riskless rate per period.
        mode: One of MODES.
        region: Where the weights must lie; None where neither bounds nor a cap were given.
    """

    means: Floats
    covariance: Floats
    gamma: float
    rate: float
    mode: str
    region: Region | None

    @property
    def allowed(self) -> Region:
        """Where the weights must lie."""
        return region_of(self.means.size, self.mode, None, None) if self.region is None else self.region


def checked(
    expected_returns: ArrayLike,
    covariance: ArrayLike,
    gamma: float,
    risk_free_rate: float,
    mode: str,
    bounds: Bounds | None,
    leverage: float | None,
) -> Problem:
    """Return the problem, with all but its covariance's entries checked; the arguments are those of the contract.

    Raises:
        InvalidInput: an argument breaks a rule of the contract.
    """
    moderate("gamma", gamma)
    means = array("expected_returns", expected_returns, ndim=1, shape="(N,)")
    if means.size == 0:
        raise InvalidInput("expected_returns", "must hold at least one asset", value=means.shape)
    finite_within_reach("expected_returns", means)
    matrix = array("covariance", covariance, ndim=2, shape="(N, N)")
    if matrix.shape != (means.size, means.size):
        raise InvalidInput("covariance", f"must have shape ({means.size}, {means.size})", value=matrix.shape)
    if not abs(risk_free_rate) <= LARGEST_MAGNITUDE:
        finite_within_reach("risk_free_rate", np.asarray(risk_free_rate, dtype=np.float64))
    one_of("mode", mode, MODES)
    free = bounds is None and leverage is None
    allowed = None if free else region_of(means.size, mode, bounds, leverage)
    return Problem(means, matrix, gamma, float(risk_free_rate), mode, allowed)


def has_moderate_variances(matrix: Floats) -> bool:
    """Return whether all variances are of a moderate size: then so is every positive definite matrix that has them."""
    variances = matrix.diagonal()
    return bool(variances.min() >= SMALLEST_MAGNITUDE and variances.max() <= LARGEST_MAGNITUDE)


def checked_covariance(matrix: Floats) -> Floats:
    """Return a covariance (N, N) that is symmetric to the last bit.

    Raises:
        InvalidInput: it is not finite, of a moderate size, symmetric and positive semi-definite but for rounding.
    """
    finite_within_reach("covariance", matrix)
    sizeable_variances("covariance", matrix)
    symmetric = _symmetric(matrix)
    _semi_definite(symmetric)
    return symmetric


def _symmetric(matrix: Floats) -> Floats:
    """Return the mean of a matrix and its transpose, if these are alike."""
    symmetric, most, place = np.empty_like(matrix), 0.0, (0, 0)
    for rows in interruption.pieces(len(matrix), max(1, _ENTRIES_AT_ONCE // len(matrix))):
        some, turned = matrix[rows], matrix[:, rows].T
        apart = np.abs(some - turned)
        widest = int(np.argmax(apart))
        if apart.flat[widest] > most:
            row, column = divmod(widest, apart.shape[1])
            most, place = float(apart.flat[widest]), (rows.start + row, column)
        np.multiply(0.5, some + turned, out=symmetric[rows])
    if most > _ASYMMETRY * max(float(matrix.max()), -float(matrix.min())):
        row, column = place
        rule = f"must be symmetric: entry [{column}, {row}] is {matrix[column, row]:.6g}"
        raise InvalidInput("covariance", rule, value=matrix[row, column].item(), index=place)
    return symmetric


def _semi_definite(matrix: Floats) -> None:
    """Refuse a matrix with an eigenvalue below 0 by more than rounding.

    Where S + b I has a factor, no eigenvalue is below -b, and an interrupt ends a factor sooner than eigenvalues.
    """
    if cholesky.triangle(matrix) is not None or not matrix.any():
        return
    shifted = matrix.copy()
    allowed = _INDEFINITE * _nearly_largest(matrix)
    shifted.reshape(-1)[:: len(matrix) + 1] += allowed
    if cholesky.triangle(shifted) is not None:
        return
    if len(matrix) > cholesky.AT_ONCE:  # whose eigenvalues would keep an interrupt waiting for long
        raise InvalidInput("covariance", f"must be positive semi-definite: it has an eigenvalue below {-allowed:.3g}")
    values = np.linalg.eigvalsh(matrix)
    if values[0] < -_INDEFINITE * abs(values[-1]):
        rule = "must be positive semi-definite: its least eigenvalue is too low"
        raise InvalidInput("covariance", rule, value=float(values[0]))


def _nearly_largest(matrix: Floats) -> float:
    """Return a number that is at most the largest eigenvalue in magnitude, and close to it (the power method)."""
    direction, reached = matrix[int(np.argmax(np.diagonal(matrix)))], 0.0
    for _ in range(_POWERS):
        interruption.check()
        length = float(np.linalg.norm(direction))
        if length == 0:
            break
        unit = direction / length
        direction = matrix @ unit
        reached = abs(float(unit @ direction))
    return reached


def region_of(n_assets: int, mode: str, bounds: Bounds | None, leverage: float | None) -> Region:
    """Return the set that the weights must lie in.

    Args:
        n_assets: N.
        mode: One of MODES.
        bounds: As in the contract.
        leverage: As in the contract.

    Raises:
        InvalidInput: bounds or leverage break a rule of the contract, or no weights satisfy them.
    """
    low, high = _bounds(n_assets, bounds)
    if mode == "long_only":
        low = np.maximum(low, 0.0)
    cap = np.inf if leverage is None else positive("leverage", leverage)
    if leverage is not None:
        finite_within_reach("leverage", np.asarray(cap))
    return region(low, high, budget=mode != "unconstrained", leverage=cap)


def _bounds(n_assets: int, bounds: Bounds | None) -> tuple[Floats, Floats]:
    if bounds is None:
        bounds = (None, None)
    if not isinstance(bounds, tuple | list) or len(bounds) != 2:
        raise InvalidInput("bounds", "must be a pair (lowest, highest)", value=bounds)
    low, high = (_bound(n_assets, side, sign) for side, sign in zip(bounds, (-1.0, 1.0), strict=True))
    crossed = low > high
    if crossed.any():
        place = int(np.argmax(crossed))
        rule = f"must not have a lowest weight above the highest, {high[place]:.6g}"
        raise InvalidInput("bounds", rule, value=low[place].item(), index=place)
    return low, high


def _bound(n_assets: int, side: ArrayLike | None, sign: float) -> Floats:
    if side is None:
        return np.full(n_assets, sign * np.inf)
    values = array("bounds", side, ndim=min(1, np.ndim(side)), shape=f"() or ({n_assets},)")
    if values.ndim == 1 and values.size != n_assets:
        raise InvalidInput("bounds", f"must be one number or one for each of the {n_assets} assets", value=values.size)
    finite_within_reach("bounds", np.where(values == sign * np.inf, 0.0, values) if values.ndim else values)
    return np.broadcast_to(values, (n_assets,))
