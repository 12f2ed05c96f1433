"""Launches of the pairs kernel on the CPU's vector lanes."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.cointegration import host
from gpu_kernels.cointegration.grams import Grams
from gpu_kernels.cointegration.model import LagRule
from gpu_kernels.compile import library
from gpu_kernels.dispatch import current
from gpu_kernels.launch import Count, Threads, pointer

__all__ = ["entry", "fit"]

_BOUNDS = (8, 32)
"""Lags that the entries for any number of them have room for; with more the NumPy twin runs."""


def entry(rule: LagRule) -> str:
    """Return the kernel's entry for a rule, "" where none has room for its lags."""
    if rule.most <= 1 and not rule.by_aic:
        return f"pairs_{rule.most}"
    bound = next((bound for bound in _BOUNDS if rule.most <= bound), None)
    return f"pairs_{bound}" if bound else ""


def fit(grams: Grams, rule: LagRule) -> Floats:
    """Compute every directed pair; arguments and result are those of host.fit."""
    name = entry(rule)
    if not name:
        return host.fit(grams, rule)
    n_series = grams.mean.size
    squares = np.stack([grams.levels.diagonal(), *(gram.diagonal() for gram in grams.steps)])
    out = np.empty((len(host.NAMES), n_series, n_series))
    shape = map(Count, (n_series, grams.n_samples, rule.most, 0, n_series))
    arrays = map(pointer, (grams.mean, grams.levels, grams.steps, squares, grams.head, grams.tail))
    kernel, threads = library("cointegration")[name], Threads(current().threads)
    if name in {"pairs_0", "pairs_1"}:
        kernel(*shape, *arrays, pointer(out), threads)
    else:
        penalties = host.penalties(grams.n_samples, rule.most)
        kernel(*shape, *arrays, Count(rule.by_aic), pointer(penalties), pointer(out), threads)
    return out
