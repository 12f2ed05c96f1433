"""MultiperiodOptimize: weights for several periods, with trading costs between them."""

import re
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.containers import table
from meanrev.intake.labels import aligned, square, vector
from meanrev.intake.table import Table
from meanrev.methods import wire
from meanrev.methods.assets import Assets, names_of
from meanrev.methods.bounds import Bounds, sides
from meanrev.methods.naming import reported
from meanrev.methods.sharpe_errors import SHARPE_ERRORS, sharpe_errors
from meanrev.question import About, Question, Replies
from meanrev.results import MultiperiodPlan
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import MultiperiodRequest, MultiperiodResponse

__all__ = ["multiperiod"]

_PERIOD = re.compile(r"returns_sequence\[(\d+)\]")


def multiperiod(
    returns_sequence: Any = None,
    *,
    n_periods: int = 0,
    expected_returns: Any = None,
    covariance: Any = None,
    gamma: float = 1.0,
    transaction_cost: float = 0.0,
    rebalance_frequency: int = 1,
    initial_weights: Any = None,
    cost_model: str | None = None,
    mode: str | None = None,
    bounds: Bounds = None,
    rho: float | None = None,
    timeout: float | None = None,
) -> Question[MultiperiodPlan]:
    """Plan the weights of several periods, trading costs included.

    Args:
        returns_sequence: A list of (T, N) returns, one a period; or one (T, N) that is cut into n_periods. May be left
            out where expected_returns and covariance are given.
        n_periods: Periods to cut a single matrix into, or to plan for where there are no returns.
        expected_returns: (N,), replaces every period's sample mean.
        covariance: (N, N), replaces every period's sample covariance.
        gamma: Risk aversion, above zero.
        transaction_cost: Per unit of turnover, or the scale of the quadratic cost.
        rebalance_frequency: Weights change only every so many periods.
        initial_weights: (N,) held before the first period, by place or by their labels; equal weights where None.
        cost_model: "proportional" or "quadratic".
        mode: "plan" (all periods at once) or "mpc" (re-solved each period).
        bounds: (lowest, highest) weight of every asset; or a list of such pairs, one an asset, or a mapping from labels
            to pairs. None or an infinity: no bound on that side.
        rho: Discount rate per period of the quadratic cost model.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        Weights (K, N), in the container of the first returns.

    Raises:
        MeanRevError: as every call.
    """
    fields: dict[str, Any] = {
        "gamma": wire.positive("gamma", gamma),
        "transaction_cost": transaction_cost,
        "rebalance_frequency": rebalance_frequency,
        "n_periods": n_periods,
    }
    periods = _periods(returns_sequence)
    matrix = None if covariance is None else square("covariance", covariance, names_of(*periods[:1]))
    names = names_of(*periods[:1], matrix)
    first = periods[0] if periods else matrix
    fields["metadata"] = wire.options(
        initial_weights=None if initial_weights is None else vector("initial_weights", initial_weights, names),
        cost_model=cost_model,
        mode=mode,
        bounds=sides(bounds, names, None if first is None else first.values.shape[1]),
        rho=rho,
    )
    expected = None if expected_returns is None else vector("expected_returns", expected_returns, names)
    return _ask(periods, expected, matrix, fields, timeout)


def _ask(
    periods: list[Table], expected: Any, covariance: Table | None, fields: dict[str, Any], timeout: float | None
) -> Question[MultiperiodPlan]:
    if not periods and (covariance is None or expected is None):
        raise InvalidInput("returns_sequence", "must be given unless both expected_returns and covariance are")
    message = wire.encode(
        MultiperiodRequest,
        returns_sequence=[period.values for period in periods] or None,
        expected_returns=expected,
        covariance=None if covariance is None else covariance.values,
        **fields,
    )
    labels = periods[0] if periods else covariance

    def result(replies: Replies, about: About) -> MultiperiodPlan:
        return _read_plan(wire.decode(MultiperiodResponse, replies[0][0]), labels, about)

    return Question(
        wire.path("MultiperiodOptimize"),
        [[message]],
        reported(labels, result),
        timeout=timeout,
        labels=_Periods(periods, names_of(labels)),
    )


def _periods(given: Any) -> list[Table]:
    """Return one table a period: a list or a three-dimensional array is a sequence, anything else is one matrix."""
    if given is None:
        return []
    first = given[0] if isinstance(given, list | tuple) and len(given) else given
    several = _depth(first) == (3 if first is given else 2)
    blocks = list(given) if several else [given]
    periods = [table(name, block).matrix(name) for k, block in enumerate(blocks) for name in [f"returns_sequence[{k}]"]]
    for k, period in enumerate(periods[1:], 1):
        if period.names and periods[0].names:
            places = aligned(f"returns_sequence[{k}]", period.names, periods[0].names, what="the first period")
            if places is not None:
                periods[k] = Table(period.values[:, places], periods[0].names, period.timestamps_ms)
    return periods


def _depth(given: Any) -> int:
    try:
        return np.ndim(given)
    except ValueError:  # rows of different lengths, which table refuses
        return 0


class _Periods:
    """Which asset of which period an error is about."""

    def __init__(self, periods: list[Table], names: Sequence[Hashable]) -> None:
        self._periods = periods
        self._assets = Assets(None, names)

    def explain(self, error: InvalidInput, message: int) -> None:
        """Complete an error; rows of a matrix that the server cut into periods are numbered anew in each."""
        named = _PERIOD.match(error.field)
        if named is None or not self._periods:
            self._assets.explain(error, message)
        elif len(self._periods) > 1:
            self._periods[int(named.group(1))].explain(error, message)
        else:
            replace(self._periods[0], timestamps_ms=None).explain(error, message)


def _read_plan(reply: MultiperiodResponse, labels: Table | None, about: About) -> MultiperiodPlan:
    periods = reply.weights_sequence
    weights = np.array([period.weights for period in periods], dtype=np.float64).reshape(len(periods), -1)
    numbers = {
        name: np.array([getattr(period, name) for period in periods], dtype=np.float64)
        for name in ("expected_return", "expected_volatility", "sharpe_ratio", "utility")
    }
    errors = [sharpe_errors(period) for period in periods]
    return MultiperiodPlan(
        weights_sequence=weights if labels is None else labels.by_asset(weights),
        **numbers,
        **{name: np.array([each[name] for each in errors]) for name in SHARPE_ERRORS},
        status=tuple(period.status for period in periods),
        cumulative_utility=reply.cumulative_utility,
        avg_turnover=reply.avg_turnover,
        rebalance_times=codec.integers(reply.rebalance_times),
        meta={**about, **wire.extras(reply.metadata)},
    )
