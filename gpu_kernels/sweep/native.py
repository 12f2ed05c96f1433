"""Launches of the sweep kernel on the CPU's vector lanes."""

import ctypes

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import compile as compiling
from gpu_kernels.checks import Floats
from gpu_kernels.sweep.bars import Bars, gather
from gpu_kernels.sweep.model import Pairs, Rules, SweepMetrics
from gpu_kernels.sweep.rows import ROWS, from_rows
from gpu_kernels.sweep.zscore import SMALLEST_SPREAD

__all__ = ["backtest", "rolling"]
