"""Launches of the pairs kernel on the CPU's vector lanes."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import driver
from gpu_kernels.cointegration.driver import NAMES, CheckedSeries, entry
from gpu_kernels.cointegration.grams import Grams, gather
from gpu_kernels.cointegration.model import LagRule, PairsFit
from gpu_kernels.cointegration.sums import penalties
from gpu_kernels.compile import library
from gpu_kernels.dispatch import current
from gpu_kernels.launch import Count, Threads, pointer

__all__ = ["fit", "scan"]


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
    kernel, threads = library("cointegration")[name], Threads(current().threads)
    if name in {"pairs_0", "pairs_1"}:
        kernel(*shape, *arrays, pointer(out), threads)
    else:
        factors = penalties(grams.n_samples, rule.most)
        kernel(*shape, *arrays, Count(rule.by_aic), pointer(factors), pointer(out), threads)
    return out
