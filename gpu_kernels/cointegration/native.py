"""Launches of the pairs kernel on the CPU's vector lanes."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import driver, tiles
from gpu_kernels.cointegration.blocks import Block, multiply
from gpu_kernels.cointegration.driver import NAMES, CheckedSeries, entry
from gpu_kernels.cointegration.grams import Grams, gather
from gpu_kernels.cointegration.model import LagRule, PairsFit
from gpu_kernels.cointegration.sums import penalties
from gpu_kernels.compile import library
from gpu_kernels.launch import Count, launch, pointer

__all__ = ["fit", "scan", "tests", "tile"]


def scan(levels: CheckedSeries, rule: LagRule) -> PairsFit:
    """Compute all directed pairs; see the contract."""
    return driver.scan(levels, rule, lambda varying, rule: fit(gather(varying, rule.most), rule))


def fit(grams: Grams, rule: LagRule) -> Floats:
    """Compute every directed pair by a rule that driver.covers; arguments and result are those of host.fit."""
    name = entry(rule)
    n_series = grams.mean.size
    squares = np.stack([grams.levels.diagonal(), *(gram.diagonal() for gram in grams.steps)])
    out = np.empty((len(NAMES), n_series, n_series))
    shape = map(Count, (n_series, grams.n_samples, rule.most, 0, n_series))
    arrays = map(pointer, (grams.mean, grams.levels, grams.steps, squares, grams.head, grams.tail))
    kernel = library("cointegration")[name]
    if name in {"pairs_0", "pairs_1"}:
        launch(kernel, *shape, *arrays, pointer(out))
    else:
        factors = penalties(grams.n_samples, rule.most)
        launch(kernel, *shape, *arrays, Count(rule.by_aic), pointer(factors), pointer(out))
    return out


def tile(rows: Block, columns: Block | None, rule: LagRule) -> Floats:
    """Compute all pairs between two blocks by a rule that tiles.covers; arguments and result are those of host.tile."""
    products = multiply(rows, columns, rule.most)
    n_rows, n_columns = products.levels.shape
    out = np.empty((len(tiles.NAMES), n_rows, n_columns))
    shape = map(Count, (n_rows, n_columns, products.n_samples, rule.most, products.triangle))
    arrays = products.levels, products.steps, *products.rows, *products.columns, out
    launch(library("cointegration/tiles")[tiles.entry(rule)], *shape, *map(pointer, arrays))
    return out


def tests(rows: Block, columns: Block | None, rule: LagRule, alpha: float) -> tiles.Tests:
    """Test all pairs between two blocks, and list those with p < alpha; as host.tests."""
    return tiles.tests_of(tile(rows, columns, rule), alpha, triangle=columns is None)
