"""Launches of the kernels on a GPU, a block of threads a series for its sums, a thread for its verdict."""

from typing import Any

import numpy as np

from gpu_kernels import device, device_pipeline
from gpu_kernels.checks import Floats
from gpu_kernels.ou import driver, verdicts
from gpu_kernels.ou.driver import ROWS, Measured, middles
from gpu_kernels.ou.model import BIASES, OuFit
from gpu_kernels.ou.sums import CANCELLED, ROUNDING

__all__ = ["fit", "judge", "measure"]


def fit(prices: Floats, dt: float, bias: str, adf_lags: int) -> OuFit:
    """Estimate every row of prices (B, T); see the contract.

    Raises:
        DeviceFault: the GPU is not there, does not answer, or has too little memory.
    """
    return driver.fit(prices, dt, bias, adf_lags, measure, judge)


def measure(prices: Floats, lags: int, halved: bool) -> Measured:
    """Take the sums of every row of prices, which go up once, in parts where they are many; see driver.Measure."""
    n_series, n_prices = prices.shape
    spans = [(0, n_prices), *(middles(n_prices) if halved else ())]
    n_rows = ROWS * len(spans) + (1 if lags else 0)

    def run(part: slice) -> Any:
        held = device.stage(prices[part])
        count = part.stop - part.start
        found = device.empty((n_rows, count))
        for k, (first, stop) in enumerate(spans):
            rows = found[ROWS * k : ROWS * (k + 1)]
            arguments = (count, n_prices, first, stop - first, held, CANCELLED, ROUNDING, rows)
            device.launch("ou", "ou_sums", count * device.BLOCK, arguments)
        if lags:
            device.launch("ou", "dickey_fuller", count * device.BLOCK, (count, n_prices, lags, held, found[-1]))
        return found

    n_parts = device_pipeline.parts(n_series, prices.nbytes, n_series * device.BLOCK)
    found = np.concatenate(device_pipeline.in_parts(n_series, n_parts, run), axis=1)
    halves = found[ROWS : 3 * ROWS].reshape(2, ROWS, n_series) if halved else None
    return Measured(found[:ROWS], halves, found[-1] if lags else None)


def judge(rows: Floats, dt: float, bias: str, statistic: Floats | None, halves: Floats | None) -> Floats:
    """Return the verdicts on sums; see driver.Judge."""
    n_series = rows.shape[1]
    held, found = device.stage(rows), device.empty((verdicts.ROWS, n_series))
    # Where an array is None the kernel does not read it; the sums are passed as a valid pointer.
    tests = held if statistic is None else device.stage(statistic)
    parts = held if halves is None else device.stage(halves)
    arguments = (n_series, held, dt, BIASES.index(bias), int(statistic is not None), tests, parts, found)
    device.launch("ou", "ou_verdicts", n_series, arguments)
    return device.fetch(found)
