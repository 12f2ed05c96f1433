"""The two steps of a scan on a piece of a universe: the test of a tile, and the trades of a list."""

from typing import Any, NamedTuple

import numpy as np

from gpu_kernels.pair_trading import test_pairs, trade_pairs
from meanrev_batch.model import Floats, Ints, PairList, Tile
from meanrev_batch.options import ScanOptions

__all__ = ["Tested", "test", "test_in_window", "trade", "trade_in_window"]


class Tested(NamedTuple):
    """What the test of a tile gives.

    Attributes:
        columns: Of the pairs with p below the level, by name.
        p_values: Of all pairs, ascending.
        n_untested: Pairs without a statistic.
    """

    columns: dict[str, Any]
    p_values: Floats
    n_untested: int


def test(prices: Floats, tile: Tile, n_train: int, options: ScanOptions) -> Tested:
    """Test the pairs of a tile.

    Args:
        prices: (N, T).
        tile: Which pairs.
        n_train: Bars of the train part.
        options: Of the scan.
    """
    rows, columns = range(tile.y_start, tile.y_stop), range(tile.x_start, tile.x_stop)
    alpha = options.selection.level
    found = test_pairs(prices.T, rows, columns, n_train=n_train, lags=options.lags, alpha=alpha, log=options.log)
    listed = ("y", "x", "hedge_ratio", "intercept", "adf_statistic", "p_value")
    return Tested({name: getattr(found, name) for name in listed}, found.p_values, found.n_untested)


def trade(prices: Floats, pairs: PairList, n_train: int, options: ScanOptions) -> dict[str, Any]:
    """Trade the pairs of a list, and return its columns, those of the tests among them.

    Args:
        prices: (N, T).
        pairs: Which.
        n_train: Bars of the train part.
        options: Of the scan.
    """
    found = trade_pairs(
        prices[:, : pairs.stop].T,
        pairs.y,
        pairs.x,
        pairs.hedge_ratio,
        pairs.intercept,
        pairs.p_value,
        n_train=n_train,
        lags=options.lags,
        log=options.log,
        cost=options.cost,
        objective=options.objective,
        lookback=options.lookback,
        periods_per_year=options.periods_per_year,
        score=options.score,
        cost_legs=options.cost_legs,
        bias=options.bias,
    )
    return {**pairs._asdict(), **found._asdict()}


def test_in_window(
    prices: Floats, tile: Tile, n_train: int, options: ScanOptions, start: int, rows: Ints | None
) -> Tested:
    """Test the pairs of a tile of a window's names.

    Args:
        prices: (N, T) of all names and bars.
        tile: Which pairs, by their numbers among the window's names.
        n_train: Bars of the train part.
        options: Of the scan.
        start: The window's first bar.
        rows: Of the prices, of the names of both blocks; None where their numbers are rows.
    """
    if rows is None:
        return test(prices, tile, n_train, options)
    n_rows = tile.y_stop - tile.y_start
    numbers = np.concatenate([np.arange(tile.y_start, tile.y_stop), np.arange(tile.x_start, tile.x_stop)])
    on_diagonal = tile.x_start == tile.y_start
    used = rows[:n_rows] if on_diagonal else rows
    local = Tile(0, n_rows, *((0, n_rows) if on_diagonal else (n_rows, rows.size)))
    found = test(prices[used, start : start + n_train], local, n_train, options)
    return found._replace(columns=found.columns | {name: numbers[found.columns[name]] for name in ("y", "x")})


def trade_in_window(
    prices: Floats, pairs: PairList, n_train: int, options: ScanOptions, start: int, rows: Ints | None
) -> dict[str, Any]:
    """Trade the pairs of a list of a window's names, and return its columns.

    Args:
        prices: (N, T) of all names and bars.
        pairs: Which, by their numbers among the window's names.
        n_train: Bars of the train part.
        options: Of the scan.
        start: The window's first bar.
        rows: Of the prices, of the names that occur, ascending by number; None where their numbers are rows.
    """
    if rows is None:
        return trade(prices, pairs, n_train, options)
    _, places = np.unique(np.concatenate([pairs.y, pairs.x]), return_inverse=True)
    y, x = places.reshape(2, -1)
    columns = trade(prices[rows, start : start + pairs.stop], pairs._replace(y=y, x=x), n_train, options)
    return {**columns, "y": pairs.y, "x": pairs.x}
