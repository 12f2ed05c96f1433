"""FitPair: one pair of series, tested for cointegration and fitted."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from meanrev.errors import InvalidInput
from meanrev.intake.containers import table
from meanrev.intake.table import Table
from meanrev.methods import fields, wire
from meanrev.methods.naming import reported
from meanrev.methods.research import research_path
from meanrev.question import About, Question, Replies
from meanrev.results import PairFit
from meanrev_wire import codec
from meanrev_wire.research_pb2 import FitPairReply, FitPairRequest

__all__ = ["pair"]

_NUMBERS = tuple(name for name in PairFit.__dataclass_fields__ if name not in {"y", "x", "spread", "meta"})


def pair(
    y: Any,
    x: Any,
    prices: Any = None,
    *,
    direction: str | None = None,
    lags: int | None = None,
    autolag: str | None = None,
    max_lags: int | None = None,
    log: bool | None = None,
    cost_per_side: float | None = None,
    cost_legs: int | None = None,
    objective: str | None = None,
    bias: str | None = None,
    timeout: float | None = None,
) -> Question[PairFit]:
    """Test one pair for cointegration, fit its spread, and find the thresholds to trade it at.

    Args:
        y: Prices of the series to regress, (T,), oldest first; or its column's label where prices are given.
        x: Prices of the series to regress it on, of the same times; or its column's label.
        prices: (T, N) that y and x are columns of; columns without labels go by their number.
        direction: "given" regresses y on x, "best" takes the direction with the lower statistic.
        lags: Lagged differences in the test of the residual.
        autolag: "aic" lets AIC choose the lags, up to max_lags.
        max_lags: The most that AIC may choose.
        log: Regress logarithms of the prices, which must be positive then.
        cost_per_side: With log a fraction of each leg's notional, else in units of the spread. Five basis points of
            each leg's notional where None.
        cost_legs: 2 where None; 1 for costs of y alone.
        objective: What the thresholds maximise: "sharpe" or "profit".
        bias: "median_unbiased" (where None) or "none": correction of the fitted theta for small samples.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        The fit, with the spread in the container of the prices. Where direction is "best", its y may be the x here.

    Raises:
        InvalidInput: a label is no column of the prices, or a rule of the method is broken.
        MeanRevError: as every call.
    """
    read = _columns_of(y, x, prices)
    tested = {"direction": direction, "lags": lags, "autolag": autolag, "max_lags": max_lags, "log": log}
    traded = {"cost": cost_per_side, "cost_legs": cost_legs, "objective": objective, "bias": bias}
    metadata = wire.options(**tested, **traded)
    return Question(
        research_path("FitPair"),
        [[wire.encode(FitPairRequest, prices=read.values, metadata=metadata)]],
        reported(read, _result_of(read)),
        timeout=timeout,
        labels=read,
        labelled="prices",
        renamed={"metadata.cost": "cost_per_side"},
    )


def _result_of(read: Table) -> Callable[[Replies, About], PairFit]:
    """Return what makes the result of a reply, with the labels and the container of the prices."""

    def result(replies: Replies, about: About) -> PairFit:
        reply = wire.decode(FitPairReply, replies[0][0])
        first, second = reversed(read.names) if reply.turned else read.names
        return PairFit(
            y=first,
            x=second,
            spread=read.over_time(codec.doubles(reply.spread), named=False),
            **{name: getattr(reply, name) for name in _NUMBERS},
            meta={**about, **wire.extras(reply.metadata)},
        )

    return result


def _columns_of(y: Any, x: Any, prices: Any) -> Table:
    """Return the (T, 2) table of a pair, with a label for each column."""
    if prices is None:
        for field, given in (("y", y), ("x", x)):
            if isinstance(given, str | int):
                rule = "must be prices, unless the argument prices has them: pair('KO', 'PEP', prices=frame)"
                raise InvalidInput(field, rule, value=fields.shown(given))
        labels = (getattr(y, "name", None), getattr(x, "name", None))
        if None in labels or labels[0] == labels[1]:
            labels = ("y", "x")
        return table("prices", dict(zip(labels, (y, x), strict=True)))
    read = table("prices", prices).matrix("prices")
    known = read.names or tuple(range(read.values.shape[1]))
    places = [_place("y", y, known), _place("x", x, known)]
    if places[0] == places[1]:
        raise InvalidInput("x", "must be another column than y", value=fields.shown(x))
    return replace(read, values=read.values[:, places], names=(known[places[0]], known[places[1]]))


def _place(field: str, label: Any, known: tuple[Hashable, ...]) -> int:
    if isinstance(label, Hashable) and label in known:
        return known.index(label)
    listed = ", ".join(map(repr, known[:10])) + (", ..." if len(known) > 10 else "")
    raise InvalidInput(field, f"must be a column of prices: {listed}", value=fields.shown(label))
