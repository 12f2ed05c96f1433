"""The order of all traded pairs, their deflated Sharpe ratios, and the rows of pairs.parquet in that order."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from gpu_kernels.pair_trading import STATUSES, multiplicity
from meanrev_batch.model import Floats, Ints
from meanrev_batch.plan import Plan
from meanrev_batch.tiling import ranges

__all__ = ["rows", "tries_of"]

_ROWS = 1 << 17


def rows(plan: Plan, traded: Any, q_values: Any) -> Iterator[dict[str, Any]]:
    """Yield the columns of pairs.parquet, some rows at a time.

    Args:
        plan: Of the run.
        traded: The columns of all lists below each other, an Arrow table.
        q_values: (P,) in its order.
    """
    order, deflated = _order(plan, traded)
    whole = {"q_value": q_values, "deflated_sharpe": deflated}
    whole["train_sharpe"] = traded["sharpe_per_bar"].to_numpy() * np.sqrt(plan.options.periods_per_year)
    formed = {"formed_from": plan.formed_ms[0], "formed_to": plan.formed_ms[1]}
    names = np.array(plan.names, dtype=object)
    for start, stop in ranges(order.size, _ROWS):
        part = order[start:stop]
        columns = {name: traded[name].take(part) for name in traded.column_names}
        y, x = columns["y"].to_numpy(), columns["x"].to_numpy()
        yield {
            **columns,
            **{name: column[part] for name, column in whole.items()},
            "rank": np.arange(start + 1, stop + 1),
            "window": np.full(part.size, plan.window.number),
            "y": names[y],
            "x": names[x],
            **{name: np.full(part.size, stamp) for name, stamp in formed.items()},
            "traded_to": np.minimum(plan.traded_to_ms[y], plan.traded_to_ms[x]),
            "left": _left(plan, y, x),
        }


def tries_of(traded: Any) -> multiplicity.Tries:
    """Return how many pairs were tried, and the variance of their Sharpe ratios per bar.

    The variance depends on their order in its last digits. It is taken in the order of the columns' numbers, smaller
    first, so that it does not depend on how the pairs were cut into tiles and lists.

    Args:
        traded: As in rows.
    """
    y, x = traded["y"].to_numpy(), traded["x"].to_numpy()
    return multiplicity.tries_of(_column(traded, "sharpe_per_bar")[np.lexsort((np.maximum(y, x), np.minimum(y, x)))])


def _column(traded: Any, name: str) -> Floats:
    column: Floats = traded[name].to_numpy()
    return column


def _order(plan: Plan, traded: Any) -> tuple[Ints, Any]:
    """Return the order of the pairs, best first and cut to the top, and all deflated Sharpe ratios."""
    y, x = traded["y"].to_numpy(), traded["x"].to_numpy()
    shape = (_column(traded, "sharpe_per_bar"), _column(traded, "skewness"), _column(traded, "kurtosis"))
    tries = tries_of(traded)
    adf = traded["adf_statistic"].to_numpy()
    ranks = multiplicity.ranked_by(plan.options.rank_by, adf, shape, plan.n_train, tries)
    is_traded = np.array(traded["status"].to_pylist(), dtype=object) == STATUSES[0]
    order = multiplicity.ranking(np.where(is_traded, ranks, np.nan), traded["p_value"].to_numpy(), y, x)
    return order[: plan.options.top], multiplicity.deflated(*shape, plan.n_train, tries)[0]


def _left(plan: Plan, y: Ints, x: Ints) -> list[str | None]:
    """Return whose prices end first, of pairs that are not traded over all bars."""
    found: list[str | None] = []
    for one, other in zip(y.tolist(), x.tolist(), strict=True):
        stop = min(plan.stops[one], plan.stops[other])
        gone = [plan.names[place] for place in (one, other) if plan.stops[place] == stop < plan.n_bars]
        found.append(" and ".join(gone) or None)
    return found
