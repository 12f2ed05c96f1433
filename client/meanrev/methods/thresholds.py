"""OptimalThresholds: entry and exit levels for fitted processes."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.labels import labels_of, vector
from meanrev.methods import fields, wire
from meanrev.question import About, Question, Replies
from meanrev.results import Thresholds
from meanrev_wire.meanrev_pb2 import ThresholdRequest, ThresholdResponse

__all__ = ["p_value_of", "thresholds"]

_PATH = wire.path("OptimalThresholds")
_PROCESS = ("theta", "mu", "sigma")
_SENT = (*_PROCESS, "adf_p_value")
_FIELDS = tuple(name for name in Thresholds.__dataclass_fields__ if name not in {"meta", "note"})


def thresholds(
    fit: Mapping[str, Any],
    *,
    round_trip_cost: float | None = None,
    cost_per_side: float | None = None,
    objective: str = "sharpe",
    model: str | None = None,
    rate: float | None = None,
    dt: float | None = None,
    stop: float | None = None,
    f_max: float | None = None,
    legs: int | None = None,
    log_prices: bool | None = None,
    cost_variance: bool | None = None,
    stop_changes: str | None = None,
    execution_delay: int | None = None,
    timeout: float | None = None,
) -> Question[Thresholds]:
    """Find the optimal entry and exit levels. Exactly one of the two costs is given.

    Args:
        fit: An OuFit, or a mapping with theta, mu and sigma: scalars for one process, arrays for many.
        round_trip_cost: Whole cost of a trade, in units of the price.
        cost_per_side: Cost of each purchase and sale, a fraction of its notional.
        objective: "sharpe", "profit" or "kelly".
        model: "reversal", "to_mean" or "leung_li".
        rate: Discount rate of "leung_li", per theta's time unit.
        dt: Length of the bars that are watched, in theta's time unit; thresholds are shifted for it.
        stop: z of a stop-loss, above the entry.
        f_max: Largest position in units of the price per unit of wealth, for "kelly".
        legs: Instruments a trade buys or sells, for cost_per_side.
        log_prices: The process is a log price.
        cost_variance: False leaves the variance of the costs out.
        stop_changes: "all", or "win_rate" alone.
        execution_delay: Bars between a decision and its fill; it needs dt.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        Scalars for one process; arrays for many, NaN where the fit is none (theta or sigma not above zero).

    Raises:
        MeanRevError: as every call; InvalidInput where not exactly one cost is given.
    """
    cost, name = _cost(round_trip_cost, cost_per_side)
    metadata = wire.options(
        dt=dt,
        stop=stop,
        f_max=f_max,
        model=model,
        rate=rate,
        legs=legs,
        log_prices=log_prices,
        cost_variance=cost_variance,
        stop_changes=stop_changes,
        execution_delay=execution_delay,
        cost_unit="per_side_fraction" if name == "cost_per_side" else None,
    )
    renamed = {"ou_params": "fit", "optimization_objective": "objective", "transaction_cost": name}
    request = {"transaction_cost": cost, "optimization_objective": objective, "metadata": metadata}
    return _ask(fit, request, renamed, timeout)


def _cost(round_trip_cost: float | None, cost_per_side: float | None) -> tuple[float | None, str]:
    if (round_trip_cost is None) == (cost_per_side is None):
        raise InvalidInput("cost", "must be given once, as round_trip_cost or as cost_per_side")
    return (cost_per_side, "cost_per_side") if round_trip_cost is None else (round_trip_cost, "round_trip_cost")


def _ask(
    fit: Mapping[str, Any], request: Mapping[str, Any], renamed: Mapping[str, str], timeout: float | None
) -> Question[Thresholds]:
    """Declare one call a process that can be asked about."""
    process, labels = _process(fit)
    usable = _usable(process)
    calls = [
        [wire.encode(ThresholdRequest, ou_params=dict(zip(_SENT, numbers, strict=True)), **request)]
        for numbers in process[:, usable].T.tolist()
    ]
    single = all(np.ndim(fit[name]) == 0 for name in _PROCESS)
    asset_id = fit.get("asset_id", labels or None)
    known = asset_id is not None and (asset_id != "" if single else any(label != "" for label in asset_id))
    named = {"asset_id": asset_id} if known else {}

    def result(replies: Replies, about: About) -> Thresholds:
        found = [wire.decode(ThresholdResponse, reply) for [reply] in replies]
        if single:
            values = {name: getattr(found[0], name) for name in _FIELDS}
            extras = wire.extras(found[0].metadata)
            return Thresholds(**values, note=str(extras.get("note", "")), meta={**about, **named, **extras})
        columns = {name: np.full(usable.size, np.nan) for name in _FIELDS}
        for name, column in columns.items():
            column[usable] = [getattr(reply, name) for reply in found]
        notes = [wire.extras(reply.metadata) for reply in found]
        said = np.full(usable.size, "", dtype=object)
        said[usable] = [str(each.get("note", "")) for each in notes]
        return Thresholds(**columns, note=tuple(said), meta={**about, **named, "of_series": notes})

    return Question(_PATH, calls, result, timeout=timeout, renamed=renamed)


def _process(fit: Mapping[str, Any]) -> tuple[Any, tuple[Hashable, ...]]:
    """Return theta, mu, sigma and the p-value of a unit root as rows of a (4, N) array, and the labels that some have.

    A process that is no fit has p-value 0, by which the wire says nothing.
    """
    rule = "must hold numbers theta, mu and sigma, of one length"
    try:
        given = [*(fit[name] for name in _PROCESS), p_value_of(fit)]
    except (IndexError, KeyError, TypeError):
        raise InvalidInput("fit", rule, value=fields.shown(fit)) from None
    labels = next((known for known in map(labels_of, given) if known), ())
    columns = [
        vector(f"fit[{name!r}]", values, labels, "the others") if labels_of(values) else values
        for name, values in zip(_SENT, given, strict=True)
    ]
    try:
        rows = [np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in columns]
        return np.stack(np.broadcast_arrays(*rows)), labels
    except (OverflowError, TypeError, ValueError):
        raise InvalidInput("fit", rule, value=", ".join(f"{np.shape(values)}" for values in columns)) from None


def _usable(process: Any) -> Any:
    """Return which processes are asked about: a single one always, so that its error is the server's own."""
    if process.shape[1] == 1:
        return np.array([True])
    return np.isfinite(process[:3]).all(axis=0) & (process[0] > 0) & (process[2] > 0)


def p_value_of(fit: Mapping[str, Any]) -> Any:
    """Return the p-value of a unit root of a fit of a series or of a pair; 0 where the mapping has none."""
    named: Any = getattr(fit, "get", dict[str, Any]().get)
    return named("adf_p_value", named("p_value", 0.0))
