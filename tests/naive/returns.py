"""Oracle of returns: fifty digits, one price at a time."""

from itertools import pairwise

import mpmath


def series(prices, kind):
    with mpmath.workdps(50):
        exact = [mpmath.mpf(float(price)) for price in prices]
        ratios = [after / before for before, after in pairwise(exact)]
        return [float(mpmath.log(ratio) if kind == "log" else ratio - 1) for ratio in ratios]


def mean(values):
    with mpmath.workdps(50):
        return float(mpmath.fsum(values) / len(values)) if values else 0.0


def std(values):
    if len(values) < 2:
        return 0.0
    with mpmath.workdps(50):
        centre = mpmath.fsum(values) / len(values)
        return float(mpmath.sqrt(mpmath.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)))
