"""Launches of the pairs kernel on the CPU's vector lanes."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.compile import library
from gpu_kernels.launch import Count, Threads, pointer
from gpu_kernels.pairs import host
from gpu_kernels.pairs.grams import Grams
from gpu_kernels.pairs.model import LagRule
from gpu_kernels.selection import current

__all__ = ["fit"]

_BOUNDS = (8, 32)
"""Lags that the entries for any number of them have room for; with more the NumPy twin runs."""


def fit(grams: Grams, rule: LagRule) -> Floats:
    """Compute every directed pair; arguments and result are those of host.fit."""
    if rule.most > _BOUNDS[-1]:
        return host.fit(grams, rule)
    n_series = grams.mean.size
    squares = np.stack([grams.levels.diagonal(), *(gram.diagonal() for gram in grams.steps)])
    out = np.empty((len(host.NAMES), n_series, n_series))
    shape = map(Count, (n_series, grams.n_samples, rule.most))
    arrays = map(pointer, (grams.mean, grams.levels, grams.steps, squares, grams.head, grams.tail))
    kernels = library("pairs")
    if rule.most <= 1 and not rule.by_aic:
        kernels[f"pairs_{rule.most}"](*shape, *arrays, pointer(out), Threads(current().threads))
        return out
    bound = next(bound for bound in _BOUNDS if rule.most <= bound)
    penalties = host.penalties(grams.n_samples, rule.most)
    choice = (Count(rule.by_aic), pointer(penalties))
    kernels[f"pairs_{bound}"](*shape, *arrays, *choice, pointer(out), Threads(current().threads))
    return out
