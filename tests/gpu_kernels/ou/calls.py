"""Calls of ou that run its twins, one of each kind."""

import numpy as np

from gpu_kernels import ou
from tests.gpu_kernels.samples import WALKS

__all__ = ["CALLS"]


def stream(**options):
    """Return the estimate of a stream that makes each estimate from the prices that it keeps."""
    online = ou.OnlineOu(**options)
    online.extend(WALKS[0], np.arange(60) * 1_000)
    return online.estimate()


CALLS = {
    "ou.fit": lambda: ou.fit(WALKS, adf_lags=1),
    "ou.OnlineOu, lags": lambda: stream(adf_lags=1),
    "ou.OnlineOu, times": lambda: stream(time_unit_ms=1_000),
}
