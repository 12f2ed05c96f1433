"""One scan: the twin over the series that vary, then the pairs that lost digits, then the others' places."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import device, host, native, residual
from gpu_kernels.cointegration.grams import gather
from gpu_kernels.cointegration.model import CONSTANT, FITTED, ITSELF, Figures, LagRule, PairsFit
from gpu_kernels.dispatch import current, on_lanes, run

__all__ = ["scan"]


def scan(levels: Floats, reach: Floats, rule: LagRule, constant: NDArray[np.bool_]) -> PairsFit:
    """Compute all directed pairs; see the contract.

    Args:
        levels: (T, N).
        reach: (N,) magnitude whose rounding the levels carry.
        rule: Lags.
        constant: (N,) which series do not vary.
    """
    there = np.flatnonzero(~constant)
    if there.size == constant.size:
        return PairsFit(*_varying(levels, reach, rule), levels, reach, constant, rule)
    whole = _filled(constant.size, CONSTANT)
    if there.size > 1:
        places = np.ix_(there, there)
        for matrix, part in zip(_matrices(whole), _varying(levels[:, there], reach[there], rule), strict=True):
            matrix[places] = part
    np.fill_diagonal(whole.status, ITSELF)
    return PairsFit(*whole, levels, reach, constant, rule)


def _varying(levels: Floats, reach: Floats, rule: LagRule) -> Figures:
    rows = _rows(levels, rule)
    lossy = rows[-1] != 0
    np.fill_diagonal(lossy, val=False)
    lags, status = rows[4].astype(np.int64), np.full(lossy.shape, FITTED, dtype=np.int8)
    figures = Figures._make([*rows[:4], lags, *rows[5:9], status])
    if lossy.any():
        dependent, regressor = np.nonzero(lossy)
        again = residual.fit(levels, reach, dependent, regressor, rule)
        for matrix, values in zip(_matrices(figures), again, strict=True):
            matrix[dependent, regressor] = values
    for matrix, (value,) in zip(_matrices(figures), _matrices(_filled(1, ITSELF)), strict=True):
        np.fill_diagonal(matrix, value)
    return figures


def _rows(levels: Floats, rule: LagRule) -> Floats:
    if current().backend == "cuda":
        return run(device.fit, levels, rule)
    twin = native.fit if on_lanes() else host.fit
    return run(twin, gather(levels, rule.most), rule)


def _filled(n_series: int, status: int) -> Figures:
    """Return figures of pairs that have none."""
    shape = (n_series, n_series)
    missing = [np.full(shape, np.nan) for _ in range(8)]
    return Figures._make([*missing[:4], np.full(shape, -1), *missing[4:], np.full(shape, status, dtype=np.int8)])


def _matrices(figures: Figures) -> list[NDArray[Any]]:
    return list(figures)
