"""Two blocks of series and their cross products, from which all pairs between them are computed."""

from typing import Any, NamedTuple

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.cointegration.grams import demeaned, lagged

__all__ = ["Block", "OwnSums", "Products", "multiply"]


class Block(NamedTuple):
    """Series that vary.

    Attributes:
        numbers: (n,) by which a tie of both directions is decided, as float64: the lower one is regressed.
        values: (T, n) levels.
        reach: (n,) magnitude whose rounding the levels carry.
    """

    numbers: Floats
    values: Floats
    reach: Floats


class OwnSums(NamedTuple):
    """Sums over each series of a block alone, of demeaned levels and their steps.

    Attributes:
        numbers: (n,) of the block.
        mean: (n,) of the levels.
        squares: (K+2, n) sum of the squared levels, then of d_t d_{t-h} for h = 0 .. K.
        head: (K+1, n) the first levels, X_0 .. X_K.
        tail: (K+1, n) the last ones, the very last first.
    """

    numbers: Floats
    mean: Floats
    squares: Floats
    head: Floats
    tail: Floats


class Products(NamedTuple):
    """What all pairs between two blocks are computed from.

    Attributes:
        n_samples: T.
        rows: Sums of the R series of the first block.
        columns: Sums of the C series of the second one.
        levels: (R, C) sums of products of levels.
        steps: (K+1, R, C) symmetric parts of the sums of products of steps h bars apart, h = 0 .. K.
        triangle: Whether both blocks are one, so that only pairs above the diagonal are wanted.
    """

    n_samples: int
    rows: OwnSums
    columns: OwnSums
    levels: Floats
    steps: Floats
    triangle: bool


def multiply(rows: Block, columns: Block | None, most: int, arrays: Any = np) -> Products:
    """Compute the cross products of two blocks.

    Args:
        rows: The first block; its values are an array of the library.
        columns: The second one; None for the first with itself.
        most: Largest number of lags, K.
        arrays: The library that the values are arrays of: NumPy, or CuPy.
    """
    left, left_mean = demeaned(rows.values)
    right, right_mean = (left, left_mean) if columns is None else demeaned(columns.values)
    left_steps = left[1:] - left[:-1]
    right_steps = left_steps if columns is None else right[1:] - right[:-1]
    steps = arrays.empty((most + 1, left.shape[1], right.shape[1]))
    arrays.matmul(left_steps.T, right_steps, out=steps[0])
    for lag in range(1, most + 1):
        lagged(left_steps, right_steps, lag, steps, arrays)
    levels = left.T @ right
    own = _own(rows.numbers, left, left_mean, left_steps, most, arrays)
    other = own if columns is None else _own(columns.numbers, right, right_mean, right_steps, most, arrays)
    return Products(left.shape[0], own, other, levels, steps, columns is None)


def _own(numbers: Floats, centred: Floats, mean: Floats, steps: Floats, most: int, arrays: Any) -> OwnSums:
    last = centred.shape[0] - most - 2
    squares = [arrays.einsum("tn,tn->n", centred, centred)]
    squares += [arrays.einsum("tn,tn->n", steps[lag:], steps[: steps.shape[0] - lag]) for lag in range(most + 1)]
    tail = arrays.ascontiguousarray(centred[:last:-1])
    return OwnSums(numbers, mean, arrays.stack(squares), centred[: most + 1].copy(), tail)
