"""Oracle of principal components: SciPy's singular values of data scaled column by column."""

import math

import numpy as np
from scipy import linalg


def scaled_column(column, scaling):
    count = len(column)
    centre = math.fsum(column) / count
    if max(column) - min(column) <= 1e-12 * max(map(abs, column)):
        return [0.0] * count
    width = {
        "none": 1.0,
        "zscore": math.sqrt(math.fsum((value - centre) ** 2 for value in column) / (count - 1)),
        "minmax": max(column) - min(column),
    }[scaling]
    raw = [value / width for value in column]
    centre = math.fsum(raw) / count
    return [value - centre for value in raw]


def scaled(returns, scaling):
    return np.array([scaled_column([float(value) for value in column], scaling) for column in np.transpose(returns)]).T


def decomposition(returns, scaling):
    """All min(T, N) ratios, and the right singular vectors as rows."""
    _, values, rows = linalg.svd(scaled(returns, scaling), full_matrices=False)
    squares = [float(value) ** 2 for value in values]
    total = math.fsum(squares)
    return [square / total if total else 0.0 for square in squares], rows


def signed(row):
    """The row or its opposite, whichever makes the first entry of largest magnitude positive."""
    largest = max(range(len(row)), key=lambda i: abs(row[i]))
    return row if row[largest] > 0 else -row
