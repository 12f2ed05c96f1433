"""Launches of the pairs kernel on a GPU: cross products by cuBLAS, then one or more launches for all directed pairs."""

from typing import Any

import numpy as np

from gpu_kernels import device, device_pipeline
from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import driver, tiles
from gpu_kernels.cointegration.blocks import Block, multiply
from gpu_kernels.cointegration.driver import NAMES, CheckedSeries, entry
from gpu_kernels.cointegration.grams import Grams, gather
from gpu_kernels.cointegration.model import LagRule, PairsFit
from gpu_kernels.cointegration.sums import penalties
from gpu_kernels.ou.dickey_fuller import p_values

__all__ = ["fit", "scan", "tests"]

_STATISTIC, _LOSSY = tiles.NAMES.index("adf_statistic"), tiles.NAMES.index("lossy")
_LISTED = [tiles.NAMES.index(name) for name in ("hedge_ratio", "intercept", "turned")]
"""Rows that come down of the pairs that pass alone."""

_BAND = 64
"""Rows of a block with itself that come down in one copy, from the diagonal on."""


def scan(levels: CheckedSeries, rule: LagRule) -> PairsFit:
    """Compute all directed pairs; see the contract.

    Raises:
        DeviceFault: the GPU is not there, does not answer, or has too little memory.
    """
    return driver.scan(levels, rule, fit)


def fit(levels: Floats, rule: LagRule) -> Floats:
    """Compute every directed pair of levels (T, N) by a rule that driver.covers; the result is that of host.fit.

    The series go up once. Rows of dependent series come down while others are computed.

    Raises:
        DeviceFault: the GPU is not there, does not answer, or has too little memory.
    """
    name = entry(rule)
    arrays = device.arrays()
    with device.within_memory():
        grams = gather(device.stage(levels), rule.most, arrays)
        squares = arrays.stack([grams.levels.diagonal(), *(gram.diagonal() for gram in grams.steps)])
    n_series, n_rows = levels.shape[1], len(NAMES)

    def run(dependent: slice) -> Any:
        count = dependent.stop - dependent.start
        rows = device.empty((n_rows, count, n_series))
        _launch(name, grams, squares, rule, (dependent.start, count), rows)
        return rows

    n_parts = device_pipeline.parts(n_series, 8 * n_rows * n_series**2, n_series**2)
    parts = device_pipeline.in_parts(n_series, n_parts, run)
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def tests(rows: Block, columns: Block | None, rule: LagRule, alpha: float) -> tiles.Tests:
    """Test all pairs between two blocks by a rule that tiles.covers, and list those with p < alpha; as host.tests.

    Of all pairs only the statistics come down, of which the p-values are made here, and of the pairs that pass the
    other figures.

    Raises:
        DeviceFault: the GPU is not there, does not answer, or has too little memory.
    """
    out = _tile(rows, columns, rule)
    statistic = _statistics(out, triangle=columns is None)
    lossy = np.isposinf(statistic)
    statistic[lossy] = np.nan
    p_value = p_values(statistic.ravel(), 2).reshape(statistic.shape)
    places = tiles.passing(p_value, alpha)
    found = np.empty((len(_LISTED), 0))
    if places.size:
        with device.within_memory():
            chosen = device.stage(np.ravel_multi_index((places[0], places[1]), statistic.shape))
            figures = out.reshape(len(tiles.NAMES), -1)
            held = device.arrays().stack([figures[row][chosen] for row in _LISTED])
        found = device.fetch(held)
    slope, intercept, turned = found
    return tiles.Tests(statistic, p_value, lossy, places, slope, intercept, turned != 0)


def _statistics(out: Any, *, triangle: bool) -> Floats:
    """Bring the statistics of all pairs down, (R, C): +inf where digits were lost, and NaN where a pair is not wanted.

    Of a block with itself only what is above the diagonal is wanted, and bands of rows come down from the diagonal on.
    """
    arrays, n_rows = device.arrays(), out.shape[1]
    height = _BAND if triangle else n_rows
    with device.within_memory():
        known = arrays.where(out[_LOSSY] != 0, np.inf, out[_STATISTIC])
        bands = [
            arrays.ascontiguousarray(known[start : start + height, start if triangle else 0 :])
            for start in range(0, n_rows, height)
        ]
    begun = [device.download(band) for band in bands[:-1]]
    statistic = np.full(out.shape[1:], np.nan)
    for place, band in enumerate([*begun, device.fetch(bands[-1])]):  # the last one has waited for all
        start = place * height
        statistic[start : start + height, start if triangle else 0 :] = band
    if triangle:
        statistic[np.tri(n_rows, dtype=np.bool_)] = np.nan
    return statistic


def _tile(rows: Block, columns: Block | None, rule: LagRule) -> Any:
    """Compute all pairs between two blocks; the result stays on the device."""
    arrays = device.arrays()
    with device.within_memory():
        staged = Block._make(map(device.stage, rows))
        others = None if columns is None else Block._make(map(device.stage, columns))
        products = multiply(staged, others, rule.most, arrays)
        n_rows, n_columns = products.levels.shape
        out = device.empty((len(tiles.NAMES), n_rows, n_columns))
    shape = (n_rows, n_columns, products.n_samples, rule.most, int(products.triangle))
    given = (*shape, products.levels, products.steps, *products.rows, *products.columns, out)
    device.launch("cointegration/tiles", tiles.entry(rule), n_rows * n_columns, given)
    return out


def _launch(name: str, grams: Grams, squares: Floats, rule: LagRule, rows: tuple[int, int], out: Any) -> None:
    n_series = grams.mean.size
    shape = (n_series, grams.n_samples, rule.most, *rows)
    given: tuple[Any, ...] = (*shape, grams.mean, grams.levels, grams.steps, squares, grams.head, grams.tail)
    if name not in {"pairs_0", "pairs_1"}:
        given += (int(rule.by_aic), device.stage(penalties(grams.n_samples, rule.most)))
    device.launch("cointegration", name, rows[1] * n_series, (*given, out))
