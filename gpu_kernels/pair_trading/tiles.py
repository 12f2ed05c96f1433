"""The test of all pairs between two blocks of columns: one tile of a scan.

Tiles of a universe share no pair where their blocks are the ranges of one cut of the columns, each taken with itself
and with every other once. What needs all tiles is then computed of what they return: see steps.py.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels import cointegration
from gpu_kernels.checks import Floats, array, at_least
from gpu_kernels.errors import InvalidInput
from gpu_kernels.pair_trading import options

__all__ = ["PairTests", "joined", "test_pairs", "tile"]

Indices = NDArray[np.int64]

Block = Sequence[int] | Indices
"""Column numbers, each once."""


class PairTests(NamedTuple):
    """What the test of a tile finds; of its pairs only those with p < alpha are listed one by one.

    Attributes:
        y: (P,) column of the series regressed, of pairs with p < alpha (with alpha 1, of all with a statistic). Pairs
            are in the order of their columns: by the smaller number, then by the larger.
        x: (P,) column of the series it is regressed on. Of both directions it is that with the lower statistic, of
            equal ones that with y < x.
        hedge_ratio: (P,) b, in units of y per unit of x.
        intercept: (P,) a, in units of the residual: log price, or price.
        adf_statistic: (P,) t of the residual's Dickey-Fuller test.
        p_value: (P,) MacKinnon's, for two series.
        p_values: (m,) of all pairs of the tile that have a statistic, ascending: what q-values need.
        n_pairs: m, the pairs that were tried.
        n_untested: The other pairs of the tile.
        untested: (2, n) columns, the smaller number first, of pairs without a statistic although both columns vary.
        alike: (n,) whether one column of such a pair is the other but for factor and offset.
        constant: (c,) columns of the tile that do not vary in the train part; no pair of them has a statistic.
    """

    y: Indices
    x: Indices
    hedge_ratio: Floats
    intercept: Floats
    adf_statistic: Floats
    p_value: Floats
    p_values: Floats
    n_pairs: int
    n_untested: int
    untested: Indices
    alike: NDArray[np.bool_]
    constant: Indices


def test_pairs(
    prices: ArrayLike,
    rows: Block,
    columns: Block,
    *,
    n_train: int,
    lags: int = 1,  # noqa: PT028 - no test of pytest
    alpha: float = 0.05,  # noqa: PT028 - no test of pytest
    log: bool = True,  # noqa: PT028 - no test of pytest
) -> PairTests:
    """Test all pairs between two blocks of columns for cointegration, as a scan tests them.

    Args:
        prices: (T, N), oldest first. The columns of the two blocks need a usable price in the first n_train rows
            (finite, at most 1e50 in magnitude, and positive with log), and nothing else is read. A read-only map of a
            file will do, in either order in memory.
        rows: Column numbers of the first block, such as range(0, 500), each once.
        columns: Column numbers of the second block: those of the first, in the same order, for the pairs within it, or
            others throughout for the pairs between both.
        n_train: Rows of the train part, at least 2 lags + 4 and at most T.
        lags: Lagged steps in the test of the residual, at least 0.
        alpha: p-value below which a pair is listed, above 0 and at most 1, which lists every pair tried.
        log: Regress the logarithms of the prices.

    Returns:
        PairTests. The tiles of a cut list together what `scan` finds significant, their p_values are those of all pairs
        that it tries; floats agree to 1e-9, because the sums of a matrix product depend on its shape.

    Raises:
        InvalidInput: a price of the train part is not usable, the blocks overlap without being the same, a column
            number is out of range or listed twice, or an option is out of range.

    References: those of model.py.
    """
    checked = array("prices", prices, ndim=2, shape="(T, N)")
    first, second = (_block(name, block, checked.shape[1]) for name, block in (("rows", rows), ("columns", columns)))
    same = np.array_equal(first, second)
    shared = np.intersect1d(first, second)
    if shared.size and not same:
        raise InvalidInput("columns", "must be those of rows, or share none with them", value=int(shared[0]))
    least = 2 * at_least("lags", lags, 0) + 4
    if not least <= n_train <= len(checked):
        raise InvalidInput("n_train", f"must be {least} to {len(checked)}, the rows of prices", value=n_train)
    for block in (first,) if same else (first, second):
        options.usable(checked[:n_train], block, log=log)
    return tile(checked[:n_train], first, second, lags, options.share("alpha", alpha), log=log)


def tile(train: Floats, rows: Block, columns: Block, lags: int, alpha: float, *, log: bool) -> PairTests:
    """Test the pairs of a tile of usable prices (n, N); see the contract."""
    same = rows[0] == columns[0]
    first, left_out = _varying(train, rows, log=log)
    second, also = (first, left_out[:0]) if same else _varying(train, columns, log=log)
    constant, n_first, n_second = np.concatenate([left_out, also]), len(rows), len(columns)
    size = n_first * (n_first - 1) // 2 if same else n_first * n_second
    if not first.reach.size or not second.reach.size:
        return _nothing(constant, size)
    found = cointegration.significant(first, None if same else second, lags, alpha)
    missing = np.isnan(found.p_value)
    p_values = np.sort(found.p_value[~missing])
    if same:
        missing &= np.triu(np.ones(missing.shape, dtype=np.bool_), 1)
    numbers = first.numbers.astype(np.int64), second.numbers.astype(np.int64)
    untested = np.sort(
        np.stack([each[places] for each, places in zip(numbers, np.nonzero(missing), strict=True)]), axis=0
    )
    alike = found.status[missing] == cointegration.COLLINEAR
    left, right = (each[places] for each, places in zip(numbers, found.places, strict=True))
    y, x = np.where(found.turned, right, left), np.where(found.turned, left, right)
    figures = found.hedge_ratio, found.intercept, found.adf_statistic, found.p_value[tuple(found.places)]
    counts = p_values, p_values.size, size - p_values.size
    return _ordered(PairTests(y, x, *figures, *counts, untested, alike, constant))


def _varying(train: Floats, columns: Block, *, log: bool) -> tuple[cointegration.Block, Indices]:
    """Return the levels of the columns that vary, and the numbers of the others."""
    numbers = np.asarray(columns)
    levels = cointegration.make_levels(train[:, numbers], log=log)
    there = ~levels.constant
    values = levels.values if there.all() else np.ascontiguousarray(levels.values[:, there])
    return cointegration.Block(numbers[there].astype(np.float64), values, levels.reach[there]), numbers[~there]


def joined(parts: Sequence[PairTests]) -> PairTests:
    """Join tiles that share no pair, at least one, to what one tile of all their pairs would find."""

    def all_of(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts], axis=-1)

    listed = {name: all_of(name) for name in (*PairTests._fields[:7], "untested", "alike")}
    listed["p_values"].sort()
    n_pairs, n_untested = (sum(each) for each in zip(*((part.n_pairs, part.n_untested) for part in parts), strict=True))
    constant = np.unique(all_of("constant"))
    return _ordered(PairTests(**listed, n_pairs=n_pairs, n_untested=n_untested, constant=constant))


def _ordered(found: PairTests) -> PairTests:
    """Put the listed pairs in the order of their columns."""
    order = np.lexsort((np.maximum(found.y, found.x), np.minimum(found.y, found.x)))
    return found._replace(**{name: getattr(found, name)[order] for name in PairTests._fields[:6]})


def _nothing(constant: Indices, n_untested: int) -> PairTests:
    """Return the tests of a tile in which no two columns vary."""
    none, empty = np.zeros(0, dtype=np.int64), np.zeros(0)
    pairs = none, none, empty, empty, empty, empty, empty
    return PairTests(*pairs, 0, n_untested, np.zeros((2, 0), dtype=np.int64), none > 0, constant)


def _block(name: str, block: Block, n_columns: int) -> Indices:
    numbers = np.asarray(block, dtype=np.int64)
    if numbers.ndim != 1 or not numbers.size:
        raise InvalidInput(name, "must list column numbers", value=numbers.shape)
    outside = numbers[(numbers < 0) | (numbers >= n_columns)]
    if outside.size:
        raise InvalidInput(name, f"must be column numbers from 0 to {n_columns - 1}", value=int(outside[0]))
    if np.unique(numbers).size != numbers.size:
        raise InvalidInput(name, "must list each column once", value=numbers.size)
    return numbers
