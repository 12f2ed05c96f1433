"""Single pairs from their residuals, where sums would lose digits."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.cointegration.grams import demeaned
from gpu_kernels.cointegration.model import COLLINEAR, FITTED, LagRule, PairFigures
from gpu_kernels.cointegration.sums import penalties, reversion
from gpu_kernels.ou.dickey_fuller import p_values

__all__ = ["fit", "genuine", "listed"]

_ENTRIES = 1 << 20
_EPS = float(np.finfo(np.float64).eps)

Indices = NDArray[np.int64]


def fit(levels: Floats, reach: Floats, dependent: Indices, regressor: Indices, rule: LagRule) -> PairFigures:
    """Compute pairs one by one.

    Args:
        levels: (T, N).
        reach: (N,) magnitude whose rounding the levels carry.
        dependent: (P,) columns of y, none of them constant.
        regressor: (P,) columns of x, likewise.
        rule: Lags.

    Returns:
        PairFigures of (P,) arrays.
    """
    pairs = np.stack([dependent, regressor], axis=1)
    columns, places = np.unique(pairs, return_inverse=True)
    centred, mean = demeaned(levels[:, columns])
    # Few enough pairs at a time for their designs to fit in memory.
    height = max(1, _ENTRIES // (levels.shape[0] * (rule.most + 2)))
    parts = []
    for start in range(0, max(1, len(pairs)), height):
        interruption.check()
        y, x = places.reshape(-1, 2)[start : start + height].T
        parts.append(_fit(centred, mean, reach[columns], y, x, rule))
    return PairFigures._make(np.concatenate(columns) for columns in zip(*parts, strict=True))


def listed(series: Floats, begin: int, stop: int, reach: Floats, y: Indices, x: Indices, rule: LagRule) -> PairFigures:
    """Compute listed pairs of series (N, T) over some of their bars; the NumPy twin of listed_native.listed.

    Args:
        series: (N, T) levels, finite.
        begin: First bar.
        stop: The bar behind the last one; 2 most + 4 bars at least.
        reach: (N,) magnitude whose rounding the levels carry.
        y: (P,) rows regressed, which vary over these bars.
        x: (P,) rows they are regressed on, likewise.
        rule: Lags, not by AIC.

    Returns:
        PairFigures of (P,) arrays.
    """
    return fit(series[:, begin:stop].T, reach, y, x, rule)


def genuine(total: Floats, slope: Floats, n_samples: int, y_reach: Floats, x_reach: Floats) -> NDArray[np.bool_]:
    """Return which residuals are more than the rounding of what they are the difference of.

    Args:
        total: (P,) their sums of squares.
        slope: (P,) b.
        n_samples: T.
        y_reach: (P,) magnitude whose rounding y carries.
        x_reach: (P,) likewise of x.
    """
    rounding = 16.0 * _EPS * (y_reach + np.abs(slope) * x_reach)
    return np.asarray(total > n_samples * rounding**2)


def _fit(centred: Floats, mean: Floats, reach: Floats, y: Indices, x: Indices, rule: LagRule) -> PairFigures:
    n_samples = centred.shape[0]
    slope, residual = _regress(centred[:, y].T, centred[:, x].T)
    total = np.einsum("pt,pt->p", residual, residual)
    real = genuine(total, slope, n_samples, reach[y], reach[x])
    statistic, change = np.full((2, len(y)), np.nan)
    lags = np.full(len(y), -1)
    statistic[real], lags[real] = _test(residual[real], rule)
    change[real] = _change(residual[real])
    theta, half_life = reversion(change, n_samples)
    return PairFigures(
        hedge_ratio=slope,
        intercept=mean[y] - slope * mean[x],
        adf_statistic=statistic,
        adf_p_value=p_values(statistic, 2),
        lags=lags,
        ar1=1.0 + change,
        theta=theta,
        half_life=half_life,
        residual_std=np.where(real, np.sqrt(total / (n_samples - 2)), np.nan),
        status=np.where(real, FITTED, COLLINEAR).astype(np.int8),
    )


def _regress(y: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return slopes and residuals of rows on rows; the second round takes out what rounding left of the first."""
    spread = np.einsum("pt,pt->p", x, x)
    slope = np.einsum("pt,pt->p", x, y) / spread
    residual = y - slope[:, None] * x
    rest = np.einsum("pt,pt->p", x, residual) / spread
    residual -= rest[:, None] * x
    residual -= residual.mean(axis=1, keepdims=True)
    return slope + rest, residual


def _change(residual: Floats) -> Floats:
    before, steps = residual[:, :-1], np.diff(residual, axis=1)
    before = before - before.mean(axis=1, keepdims=True)
    change: Floats = np.einsum("pt,pt->p", before, steps) / np.einsum("pt,pt->p", before, before)
    return change


def _test(residual: Floats, rule: LagRule) -> tuple[Floats, NDArray[np.int64]]:
    lags = _chosen(residual, rule.most) if rule.by_aic else np.full(len(residual), rule.most)
    statistic = np.empty(len(residual))
    for count in np.unique(lags):
        interruption.check()
        some = residual[lags == count]
        level, lagged, target = _columns(some, int(count))
        corner = _triangle([*lagged, level, target])[:, -2:, -2:]
        freedom = target.shape[1] - (count + 1)
        with np.errstate(all="ignore"):
            t = corner[:, 0, 1] * np.sign(corner[:, 0, 0]) * np.sqrt(freedom) / np.abs(corner[:, 1, 1])
        statistic[lags == count] = t
    return statistic, lags


def _chosen(residual: Floats, most: int) -> NDArray[np.int64]:
    """Return the number of lags with the least AIC, the fewest where some tie."""
    level, lagged, target = _columns(residual, most)
    explained = _triangle([level, *lagged, target])[:, :, -1] ** 2
    errors = np.cumsum(explained[:, :0:-1], axis=1)[:, ::-1]
    chosen: NDArray[np.int64] = np.argmin(errors * penalties(residual.shape[1], most), axis=1)
    return chosen


def _columns(residual: Floats, lags: int) -> tuple[Floats, list[Floats], Floats]:
    """Return u_{t-1}, d_{t-1} .. d_{t-k} and d_t for t = k+1 .. T-1."""
    steps = np.diff(residual, axis=1)
    size = steps.shape[1] - lags
    return residual[:, lags:-1], [steps[:, lags - i :][:, :size] for i in range(1, lags + 1)], steps[:, lags:]


def _triangle(columns: list[Floats]) -> Floats:
    return np.asarray(np.linalg.qr(np.stack(columns, axis=2), mode="r"), dtype=np.float64)
