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

__all__ = ["fit", "scan", "tile"]


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


def tile(rows: Block, columns: Block | None, rule: LagRule) -> Floats:
    """Compute all pairs between two blocks by a rule that tiles.covers; arguments and result are those of host.tile.

    Raises:
        DeviceFault: the GPU is not there, does not answer, or has too little memory.
    """
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
    return device.fetch(out)


def _launch(name: str, grams: Grams, squares: Floats, rule: LagRule, rows: tuple[int, int], out: Any) -> None:
    n_series = grams.mean.size
    shape = (n_series, grams.n_samples, rule.most, *rows)
    given: tuple[Any, ...] = (*shape, grams.mean, grams.levels, grams.steps, squares, grams.head, grams.tail)
    if name not in {"pairs_0", "pairs_1"}:
        given += (int(rule.by_aic), device.stage(penalties(grams.n_samples, rule.most)))
    device.launch("cointegration", name, rows[1] * n_series, (*given, out))
