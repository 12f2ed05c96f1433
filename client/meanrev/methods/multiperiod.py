"""MultiperiodOptimize: weights for several periods, with trading costs between them."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from meanrev.containers import Table, table
from meanrev.errors import InvalidInput
from meanrev.methods import wire
from meanrev.methods.bounds import Bounds, on_the_wire
from meanrev.methods.weights import explain_asset
from meanrev.question import About, Question, Replies
from meanrev.results import MultiperiodPlan
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import MultiperiodRequest, MultiperiodResponse

__all__ = ["multiperiod"]


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
        initial_weights: (N,) held before the first period; equal weights where None.
        cost_model: "proportional" or "quadratic".
        mode: "plan" (all periods at once) or "mpc" (re-solved each period).
        bounds: Lowest and highest weight of an asset, or such a pair for each; None leaves a side open.
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
    ordered = periods[0].in_order if periods else table
    fields["metadata"] = wire.options(
        initial_weights=_vector(ordered, "initial_weights", initial_weights),
        cost_model=cost_model,
        mode=mode,
        bounds=on_the_wire(bounds),
        rho=rho,
    )
    expected = _vector(ordered, "expected_returns", expected_returns)
    return _ask(periods, expected, None if covariance is None else ordered("covariance", covariance), fields, timeout)


def _ask(
    periods: list[Table], expected: Any, covariance: Table | None, fields: dict[str, Any], timeout: float | None
) -> Question[MultiperiodPlan]:
    square = None if covariance is None else covariance.matrix("covariance")
    if not periods and (square is None or expected is None):
        raise InvalidInput("returns_sequence", "must be given unless both expected_returns and covariance are")
    message = wire.encode(
        MultiperiodRequest,
        returns_sequence=[period.values for period in periods] or None,
        expected_returns=expected,
        covariance=None if square is None else square.values,
        **fields,
    )
    labels = periods[0] if periods else square

    def result(replies: Replies, about: About) -> MultiperiodPlan:
        return _plan(wire.decode(MultiperiodResponse, replies[0][0]), labels, about)

    path, labels_of = wire.path("MultiperiodOptimize"), _Assets(periods, square)
    return Question(path, [[message]], result, timeout=timeout, labels=labels_of)


class _Assets:
    """The labels of what was sent, for errors that name a place in it."""

    def __init__(self, periods: list[Table], square: Table | None) -> None:
        self._periods = periods
        self._square = square

    def explain(self, error: InvalidInput, message: int) -> None:
        """Complete an error about the returns of a period or about a covariance."""
        named = re.match(r"returns_sequence\[(\d+)\]", error.field)
        if named is not None and self._periods:
            cut = len(self._periods) == 1 and int(named[1]) > 0
            # A single matrix is cut by the server, which counts rows from each cut.
            period = replace(self._periods[0], timestamps_ms=None) if cut else self._periods[int(named[1])]
            period.explain(error, message)
            return
        known = self._square or (self._periods[0] if self._periods else None)
        if error.field == "covariance" and known is not None:
            replace(known, timestamps_ms=None).explain(error, message)
        elif error.field == "expected_returns" and known is not None:
            explain_asset(error, known)


def _periods(given: Any) -> list[Table]:
    """Return one table a period: a list or a three-dimensional array is a sequence, anything else is one matrix."""
    if given is None:
        return []
    first = given[0] if isinstance(given, list | tuple) and len(given) else given
    several = _depth(first) == (3 if first is given else 2)
    blocks = list(given) if several else [given]
    return [table(name, block).matrix(name) for k, block in enumerate(blocks) for name in [f"returns_sequence[{k}]"]]


def _depth(given: Any) -> int:
    try:
        return np.ndim(given)
    except ValueError:  # rows of different lengths: table says so
        return 0


def _vector(ordered: Callable[[str, Any], Table], field: str, given: Any) -> Any:
    return None if given is None else ordered(field, given).values.reshape(-1)


def _plan(reply: MultiperiodResponse, labels: Table | None, about: About) -> MultiperiodPlan:
    periods = reply.weights_sequence
    weights = np.array([period.weights for period in periods], dtype=np.float64).reshape(len(periods), -1)
    numbers = {
        name: np.array([getattr(period, name) for period in periods], dtype=np.float64)
        for name in ("expected_return", "expected_volatility", "sharpe_ratio", "utility")
    }
    return MultiperiodPlan(
        weights_sequence=weights if labels is None else labels.by_asset(weights),
        **numbers,
        status=tuple(period.status for period in periods),
        cumulative_utility=reply.cumulative_utility,
        avg_turnover=reply.avg_turnover,
        rebalance_times=codec.integers(reply.rebalance_times),
        meta={**about, **wire.extras(reply.metadata)},
    )
