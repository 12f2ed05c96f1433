"""One scan: the rows of the series that vary, single pairs that lost digits, and the statuses of the others."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import residual
from gpu_kernels.cointegration.model import CONSTANT, FITTED, ITSELF, LagRule, PairFigures, PairsFit

__all__ = ["NAMES", "CheckedSeries", "Rows", "covers", "entry", "scan"]

NAMES = (
    "hedge_ratio",
    "intercept",
    "adf_statistic",
    "adf_p_value",
    "lags",
    "ar1",
    "theta",
    "half_life",
    "residual_std",
    "lossy",
)
"""The rows of what a twin computes of every directed pair."""

_BOUNDS = (8, 32)
"""Most lags of the kernel's entries for any number of them; with more the NumPy twin runs."""

Rows = Callable[[Floats, LagRule], Floats]
"""From levels (T, N) that vary to (10, N, N), rows as NAMES orders them; the last is 1 where digits were lost."""


class CheckedSeries(NamedTuple):
    """The series of a scan, checked.

    Attributes:
        values: (T, N) what is regressed: the prices or their logarithms.
        reach: (N,) magnitude whose rounding the levels carry: their largest, of logarithms at least 1.
        constant: (N,) which series do not vary.
    """

    values: Floats
    reach: Floats
    constant: NDArray[np.bool_]


def entry(rule: LagRule) -> str:
    """Return the kernel's entry for a rule, "" where none holds its lags."""
    if rule.most <= 1 and not rule.by_aic:
        return f"pairs_{rule.most}"
    bound = next((bound for bound in _BOUNDS if rule.most <= bound), None)
    return f"pairs_{bound}" if bound else ""


def covers(_: CheckedSeries, rule: LagRule) -> bool:
    """Return whether the kernel has an entry for a rule."""
    return entry(rule) != ""


def scan(levels: CheckedSeries, rule: LagRule, rows: Rows) -> PairsFit:
    """Compute all directed pairs; see the contract.

    Args:
        levels: The series.
        rule: Lags.
        rows: Computes the series that vary.
    """
    constant = levels.constant
    there = np.flatnonzero(~constant)
    if there.size == constant.size:
        return PairsFit(*_varying(levels.values, levels.reach, rule, rows), constant, rule)
    whole = _filled(constant.size, CONSTANT)
    if there.size > 1:
        places = np.ix_(there, there)
        found = _varying(levels.values[:, there], levels.reach[there], rule, rows)
        for matrix, part in zip(_matrices(whole), found, strict=True):
            matrix[places] = part
    np.fill_diagonal(whole.status, ITSELF)
    return PairsFit(*whole, constant, rule)


def _varying(levels: Floats, reach: Floats, rule: LagRule, rows: Rows) -> PairFigures:
    found = rows(levels, rule)
    lossy = found[-1] != 0
    np.fill_diagonal(lossy, val=False)
    lags, status = found[4].astype(np.int64), np.full(lossy.shape, FITTED, dtype=np.int8)
    figures = PairFigures._make([*found[:4], lags, *found[5:9], status])
    if lossy.any():
        dependent, regressor = np.nonzero(lossy)
        again = residual.fit(levels, reach, dependent, regressor, rule)
        for matrix, values in zip(_matrices(figures), again, strict=True):
            matrix[dependent, regressor] = values
    for matrix, (value,) in zip(_matrices(figures), _matrices(_filled(1, ITSELF)), strict=True):
        np.fill_diagonal(matrix, value)
    return figures


def _filled(n_series: int, status: int) -> PairFigures:
    """Return figures of pairs that have none."""
    shape = (n_series, n_series)
    missing = [np.full(shape, np.nan) for _ in range(8)]
    return PairFigures._make([*missing[:4], np.full(shape, -1), *missing[4:], np.full(shape, status, dtype=np.int8)])


def _matrices(figures: PairFigures) -> list[NDArray[Any]]:
    return list(figures)
