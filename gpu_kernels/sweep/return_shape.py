"""The first four moments of a running backtest's returns, from which its Sharpe ratio has a standard error.

A stream keeps no returns, so that the error is the one for independent returns of any skewness and kurtosis; that of a
whole backtest (gpu_kernels.performance) allows for autocorrelation too.

References:
    Pebay (2008), Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical
    moments, Sandia report 2008-6212, section 2.3.
"""

import math

from gpu_kernels.performance.sharpe_error import FEWEST, independent_error

__all__ = ["ReturnShape"]


class ReturnShape:
    """Mean and sums of powers of the deviations of the returns so far, in units of the first that is not 0.

    Attributes:
        bars: Returns so far.
        mean: Of them.
        second: Sum of squared deviations.
        third: Sum of their third powers.
        fourth: Sum of their fourth powers.
    """

    __slots__ = ("_unit", "bars", "fourth", "mean", "second", "third")

    def __init__(self) -> None:
        self._unit = self.mean = self.second = self.third = self.fourth = 0.0
        self.bars = 0

    def add(self, value: float) -> None:
        """Take the next return."""
        if not self._unit:
            self._unit = abs(value)
        before = self.bars
        self.bars = n = before + 1
        step = (value / self._unit if self._unit else 0.0) - self.mean
        part = step / n
        square = part * part
        term = step * part * before
        self.fourth = (
            self.fourth + term * square * (n * n - 3.0 * n + 3.0) + 6.0 * square * self.second - 4.0 * part * self.third
        )
        self.third = self.third + term * part * (n - 2.0) - 3.0 * part * self.second
        self.second += term
        self.mean += part

    def standard_error(self) -> float:
        """Return the standard error of the Sharpe ratio per bar, NaN where it has none."""
        if self.bars < FEWEST or not self.second > 0:
            return math.nan
        return float(independent_error(self.bars, self.mean, self.second, self.third, self.fourth))
