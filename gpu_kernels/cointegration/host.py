"""The NumPy twin of the scan for cointegrated pairs."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import driver
from gpu_kernels.cointegration.driver import NAMES, CheckedSeries
from gpu_kernels.cointegration.grams import Grams, gather
from gpu_kernels.cointegration.model import LOSSY, LagRule, PairsFit
from gpu_kernels.cointegration.sums import Sums, autoregression, dickey_fuller_t, penalties, reversion
from gpu_kernels.ou.dickey_fuller import p_values

__all__ = ["fit", "scan"]

_CACHED = 8192


def scan(levels: CheckedSeries, rule: LagRule) -> PairsFit:
    """Compute all directed pairs; see the contract."""
    return driver.scan(levels, rule, lambda varying, rule: fit(gather(varying, rule.most), rule))


def fit(grams: Grams, rule: LagRule) -> Floats:
    """Compute every directed pair.

    Args:
        grams: Of N series, none of them constant.
        rule: Lags.

    Returns:
        (10, N, N), rows as NAMES orders them; the last is 1 where digits were lost, and 0 elsewhere. The diagonal
        means nothing.
    """
    n_series = grams.mean.size
    out = np.empty((len(NAMES), n_series, n_series))
    # Few enough rows at a time for the intermediate matrices to stay in cache.
    height = max(1, _CACHED // n_series)
    with np.errstate(all="ignore"):
        for start in range(0, n_series, height):
            rows = slice(start, min(start + height, n_series))
            _fit_rows(grams, rule, rows, out[:, rows])
    statistic = out[NAMES.index("adf_statistic")]
    out[NAMES.index("adf_p_value")] = p_values(statistic.ravel(), 2).reshape(statistic.shape)
    return out


def _fit_rows(grams: Grams, rule: LagRule, rows: slice, out: Floats) -> None:
    own = grams.levels[rows].diagonal(rows.start)[:, None]
    slope = grams.levels[rows] / grams.levels.diagonal()
    total = _form(grams.levels, rows, slope)
    steps = np.stack([_form(gram, rows, slope) for gram in grams.steps])
    head = np.stack([level[rows, None] - slope * level for level in grams.head])
    tail = np.stack([level[rows, None] - slope * level for level in grams.tail])
    sums = Sums(grams.n_samples, total, steps, head, tail)
    stepped = grams.steps[0]
    scale = stepped[rows].diagonal(rows.start)[:, None] + slope**2 * stepped.diagonal()
    kept = (total >= LOSSY * own) & (steps[0] >= LOSSY * scale)
    statistic, lags, tested = dickey_fuller_t(sums, rule, penalties(grams.n_samples, rule.most))
    change, moved = autoregression(sums)
    found = (
        slope,
        grams.mean[rows, None] - slope * grams.mean,
        statistic,
        np.nan,  # the p-values follow, all at once
        lags,
        1.0 + change,
        *reversion(change, grams.n_samples),
        np.sqrt(total / (grams.n_samples - 2)),
    )
    for row, values in zip(out, (*found, ~(kept & tested & moved)), strict=True):
        row[...] = values


def _form(gram: Floats, rows: slice, slope: Floats) -> Floats:
    """Return y'y - 2 b y'x + b^2 x'x for the rows' series as y and all as x."""
    own = gram[rows].diagonal(rows.start)[:, None]
    value: Floats = own - 2.0 * slope * gram[rows] + slope**2 * gram.diagonal()
    return value
