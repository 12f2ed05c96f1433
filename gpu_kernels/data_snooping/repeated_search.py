"""The search for the best strategy, repeated on parts of the sample: overfitting and cross-validation."""

from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.data_snooping.bootstrap import groups
from gpu_kernels.data_snooping.model import LEAST_VARIATION, CrossValidation, Overfitting
from gpu_kernels.performance.sharpe_error import FEW_BARS, standard_errors

__all__ = ["cross_validate", "overfitting", "path_numbers", "sharpe_ratios", "training_periods"]

_ENTRIES_AT_ONCE = 2**14
"""Ways times strategies of a block, few enough for a core's cache."""


def sharpe_ratios(sums: Floats, squares: Floats, counts: Floats) -> Floats:
    """Return mean over standard deviation, 0 where both are 0.

    Args:
        sums: Of the returns.
        squares: Sums of their squares.
        counts: Their number, which broadcasts.
    """
    mean, squares = sums / counts, squares / counts
    variance = squares - mean * mean
    flat = variance <= LEAST_VARIATION**2 * squares
    variance[flat] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.divide(mean, np.sqrt(variance, out=variance), out=variance)
    found[flat & (mean == 0.0)] = 0.0
    return np.asarray(found)


def overfitting(returns: Floats, n_blocks: int) -> Overfitting:
    """Repeat the search on every half of the blocks; see the equations.

    Args:
        returns: (M, T).
        n_blocks: S, even.
    """
    n_strategies, n_periods = returns.shape
    begins = np.array([n_periods * block // n_blocks for block in range(n_blocks)])
    lengths = np.diff(np.append(begins, n_periods)).astype(np.float64)
    sums, squares = np.empty((n_strategies, n_blocks)), np.empty((n_strategies, n_blocks))
    for part in groups(n_strategies):
        sums[part] = np.add.reduceat(returns[part], begins, axis=1)
        squares[part] = np.add.reduceat(returns[part] * returns[part], begins, axis=1)
    sums, squares = sums.T, squares.T
    # A half with the first block and the other one are two ways, each of which has the other as its test.
    halves = ((0, *rest) for rest in combinations(range(1, n_blocks), n_blocks // 2 - 1))
    ranks, chosen_ratios, tested_ratios = [], [], []
    while block := list(islice(halves, max(1, _ENTRIES_AT_ONCE // n_strategies))):
        interruption.check()
        inside = np.zeros((len(block), n_blocks))
        np.put_along_axis(inside, np.array(block), 1.0, axis=1)
        ratios = [
            sharpe_ratios(half @ sums, half @ squares, (half @ lengths)[:, None]) for half in (inside, 1.0 - inside)
        ]
        for train, test in (ratios, ratios[::-1]):
            best = train.argmax(axis=1)[:, None]
            there = np.take_along_axis(test, best, axis=1)
            below, alike = (test < there).sum(axis=1), (test == there).sum(axis=1)
            ranks.append((below + 0.5 * (alike + 1)) / (n_strategies + 1))
            chosen_ratios.append(np.take_along_axis(train, best, axis=1)[:, 0])
            tested_ratios.append(there[:, 0])
    rank, chosen, tested = map(np.concatenate, (ranks, chosen_ratios, tested_ratios))
    return Overfitting(float((rank <= 0.5).mean()), float((tested < 0).mean()), _slope(chosen, tested))


def _slope(x: Floats, y: Floats) -> float:
    """Return the slope of the least-squares line, NaN where x does not vary or a value is infinite."""
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return float("nan")
    around = x - x.mean()
    # Sums of NumPy, because a long scalar product of BLAS depends on its number of threads.
    total = float((around * around).sum())
    return float((around * y).sum() / total) if total > 1e-24 * float((x * x).sum()) else float("nan")


def training_periods(
    fold_of: NDArray[np.int64], tested: tuple[int, ...], purged: int, embargo: int
) -> NDArray[np.bool_]:
    """Return which periods (T,) are trained on.

    Args:
        fold_of: (T,) the fold of each period, in ascending order.
        tested: The folds that are tested.
        purged: Periods left out on either side of a test fold.
        embargo: Further ones left out after it.
    """
    in_test = np.isin(fold_of, tested)
    edges = np.flatnonzero(np.diff(in_test.astype(np.int8), prepend=0, append=0))
    kept = ~in_test
    for begin, end in edges.reshape(-1, 2).tolist():
        kept[max(0, begin - purged) : begin] = False
        kept[end : end + purged + embargo] = False
    return kept


def path_numbers(ways: list[tuple[int, ...]], n_folds: int) -> NDArray[np.int64]:
    """Return the path (W, n_test_folds) that each tested fold of each way belongs to."""
    seen = [0] * n_folds
    found = np.empty((len(ways), len(ways[0])), dtype=np.int64)
    for row, way in enumerate(ways):
        for column, fold in enumerate(way):
            found[row, column] = seen[fold]
            seen[fold] += 1
    return found


def cross_validate(
    returns: Floats, unit: Floats, n_folds: int, n_test_folds: int, purged: int, embargo: int
) -> CrossValidation:
    """Choose in training folds and trade in test folds; see the equations.

    Args:
        returns: (M, T), each strategy's in a unit of its own.
        unit: (M,) those units, in terms of the largest one.
        n_folds: At least 2.
        n_test_folds: Fewer than n_folds.
        purged: As for training_periods.
        embargo: As for training_periods.
    """
    n_strategies, n_periods = returns.shape
    fold_of = np.repeat(np.arange(n_folds), np.diff([n_periods * fold // n_folds for fold in range(n_folds + 1)]))
    ways = list(combinations(range(n_folds), n_test_folds))
    chosen, squared = np.empty(len(ways), dtype=np.int64), np.empty_like(returns)
    for part in groups(n_strategies):
        np.multiply(returns[part], returns[part], out=squared[part])
    size, fewest = max(16, _ENTRIES_AT_ONCE // max(n_strategies, n_periods)), n_periods
    for start in range(0, len(ways), size):
        interruption.check()
        kept = [training_periods(fold_of, way, purged, embargo) for way in ways[start : start + size]]
        mask = np.array(kept, dtype=np.float64)
        n_trained = mask.sum(axis=1)
        fewest = min(fewest, int(n_trained.min()))
        ratios = sharpe_ratios(mask @ returns.T, mask @ squared.T, n_trained[:, None])
        chosen[start : start + size] = ratios.argmax(axis=1)
    numbers = path_numbers(ways, n_folds)
    paths = np.empty((int(numbers.max()) + 1, n_periods))
    for way, own, strategy in zip(ways, numbers, chosen, strict=True):
        for fold, path in zip(way, own, strict=True):
            paths[path, fold_of == fold] = unit[strategy] * returns[strategy, fold_of == fold]
    ratios = sharpe_ratios(paths.sum(axis=1), (paths * paths).sum(axis=1), np.array(n_periods))
    return CrossValidation(ratios, standard_errors(paths), _note(fewest), chosen)


def _note(fewest: int) -> str:
    if fewest >= FEW_BARS:
        return ""
    return f"a choice of test folds leaves {fewest} periods to choose a strategy by, which is fewer than {FEW_BARS}"
