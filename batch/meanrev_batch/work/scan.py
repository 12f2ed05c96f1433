"""The two steps of a scan on a piece of a universe: the test of a tile, and the trades of a list."""

from typing import Any, NamedTuple

from gpu_kernels.pair_trading import test_pairs, trade_pairs
from meanrev_batch.model import Floats, PairList, Tile
from meanrev_batch.options import ScanOptions

__all__ = ["Tested", "test", "trade"]


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
