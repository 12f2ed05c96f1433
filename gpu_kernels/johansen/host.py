"""The NumPy twin of Johansen's test: the reduced-rank regression of N series."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate
from gpu_kernels.johansen.model import ReducedRank

__all__ = ["accepted", "fewest_rows", "reduced_rank", "spread"]

_ENTRIES = 1 << 20
_EPS = float(np.finfo(np.float64).eps)
_ROUNDING = 64.0 * _EPS
_NAMED = 1e-8
"""Share of a column below which another one's part in it is rounding."""


def fewest_rows(n_series: int, det_order: int, lags: int) -> int:
    """Return the least T for which no combination of differences follows from the levels by counting alone."""
    return 2 * n_series + n_series * lags + lags + 1 + (det_order >= 0)


def reduced_rank(levels: Floats, reach: Floats, det_order: int, lags: int) -> ReducedRank:
    """Compute the eigenvalues, the vectors and both statistics; see the equations of the model.

    Args:
        levels: (T, N), none of them constant, T >= fewest_rows.
        reach: (N,) magnitude whose rounding the levels carry.
        det_order: One of DET_ORDERS.
        lags: k.

    Raises:
        Degenerate: a column follows from others, or differences follow from the levels.
    """
    n_rows, n_series = levels.shape
    intercept, trend = _line(levels, det_order)
    around = levels - intercept - trend * np.arange(n_rows)[:, None]
    n_samples = n_rows - 1 - lags
    noise = _ROUNDING * np.sqrt(n_samples) * reach
    differences, before = _residuals(_triangle(around, det_order, lags), noise)
    q1, u1 = _factors(before, noise, "")
    q0, u0 = _factors(differences, noise, "the change of ")
    cross = q1.T @ q0
    left, correlations, _ = np.linalg.svd(cross)
    unexplained = np.linalg.svd(q0 - q1 @ cross, compute_uv=False)[::-1]
    if unexplained[0] <= (noise / np.abs(u0.diagonal())).max():
        raise _exact(n_series)
    # Each form keeps its digits where the other one loses them.
    small = np.minimum(correlations**2, 0.5)
    eigenvalues = np.where(small < 0.5, small, 1.0 - unexplained**2)
    share = np.where(small < 0.5, -np.log1p(-small), -2.0 * np.log(unexplained))
    vectors = np.sqrt(n_samples) * np.linalg.solve(u1, left).T
    vectors *= np.where(vectors[:, :1] < 0, -1.0, 1.0)
    trace = n_samples * np.cumsum(share[::-1])[::-1]
    return ReducedRank(eigenvalues, vectors, trace, n_samples * share, n_samples, intercept, trend)


def accepted(statistic: Floats, critical: Floats) -> int:
    """Return the first r whose statistic (N,) is at most its critical value (N,), N where there is none."""
    kept = np.flatnonzero(statistic <= critical)
    return int(kept[0]) if kept.size else len(statistic)


def spread(levels: Floats, found: ReducedRank) -> Floats:
    """Return the first vector's combination (T,) of the levels (T, N), around its line."""
    line = found.intercept + found.trend * np.arange(len(levels))[:, None]
    return np.asarray((levels - line) @ found.vectors[0])


def _line(levels: Floats, det_order: int) -> tuple[Floats, Floats]:
    """Return the intercepts and slopes (N,) of what the levels are taken around."""
    flat = np.zeros(levels.shape[1])
    if det_order < 0:
        return flat, flat
    mean = levels.mean(axis=0)
    mean += (levels - mean).mean(axis=0)
    if det_order == 0:
        return mean, flat
    time = np.arange(len(levels)) - 0.5 * (len(levels) - 1)
    slope = time @ (levels - mean) / (time @ time)
    return mean + slope * time[0], slope


def _triangle(levels: Floats, det_order: int, lags: int) -> Floats:
    """Return the triangular factor of [constant, lagged differences, levels before, differences], block by block."""
    steps = np.diff(levels, axis=0)
    n_samples = len(steps) - lags
    lagged = [steps[lags - i :][:n_samples] for i in range(1, lags + 1)]
    constant = [np.ones((n_samples, 1))] if det_order >= 0 else []
    parts = [*constant, *lagged, levels[lags:-1], steps[lags:]]
    width = sum(part.shape[1] for part in parts)
    # Few enough rows at a time for long series with many lags to fit in memory.
    height = max(width, _ENTRIES // width)
    triangle = np.empty((0, width))
    for start in range(0, n_samples, height):
        block = np.concatenate([part[start : start + height] for part in parts], axis=1)
        factor = np.linalg.qr(np.concatenate([triangle, block]), mode="r")
        triangle = np.asarray(factor, dtype=np.float64)
    return triangle


def _residuals(triangle: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Return what the first columns leave of differences and of levels before, in the triangle's coordinates."""
    n_series = len(noise)
    rest = triangle[:, -2 * n_series :]
    basis = _span(triangle[:, : -2 * n_series], noise)
    rest = rest - basis @ (basis.T @ rest)
    return rest[:, n_series:], rest[:, :n_series]


def _span(columns: Floats, noise: Floats) -> Floats:
    """Return orthonormal columns that span the constant and the lagged differences, but not their rounding."""
    n_lagged = columns.shape[1] // len(noise) * len(noise)
    floor = np.concatenate([np.zeros(columns.shape[1] - n_lagged), np.tile(noise, n_lagged // len(noise))])
    length = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    genuine = length > floor
    if not genuine.any():
        return np.zeros((len(columns), 0))
    basis, size, _ = np.linalg.svd(columns[:, genuine] / length[genuine], full_matrices=False)
    rounding = np.linalg.norm(floor[genuine] / length[genuine]) + len(columns) * _EPS * size[0]
    return np.asarray(basis[:, size > rounding])


def _factors(residuals: Floats, noise: Floats, what: str) -> tuple[Floats, Floats]:
    """Return Q and U of (M, N) residuals, unless a column follows from those before it but for rounding."""
    q, u = np.linalg.qr(residuals)
    length = np.sqrt(np.einsum("ij,ij->j", u, u))
    for column in range(len(u)):
        weights = np.linalg.solve(u[:column, :column], u[:column, column])
        if abs(u[column, column]) <= noise[column] + np.abs(weights) @ noise[:column]:
            part = np.abs(weights) * length[:column] > np.maximum(_NAMED * length[column], noise[column])
            raise _dependent(column, np.flatnonzero(part).tolist(), what)
    return q, u


def _dependent(column: int, others: list[int], what: str) -> Degenerate:
    """Return the error of a column that follows from others, or from deterministic terms and lags alone."""
    terms = "the deterministic terms and the lagged changes"
    if not others:
        field = f"prices[:, {column}]"
        message = f"{field} must vary by itself: {what}column {column} follows exactly from {terms}; leave it out"
        return Degenerate(field, message)
    field = f"prices[:, {sorted([*others, column])}]"
    listed = f"column{'s' if len(others) > 1 else ''} {', '.join(map(str, others))}"
    message = (
        f"{field} must not determine each other: {what}column {column} is a linear combination of {listed}, but for "
        f"{terms}; leave one of them out"
    )
    return Degenerate(field, message)


def _exact(n_series: int) -> Degenerate:
    message = (
        f"prices must leave a residual: a combination of the changes of the {n_series} columns follows exactly from "
        "the levels before and the lagged changes; choose other series"
    )
    return Degenerate("prices", message)
