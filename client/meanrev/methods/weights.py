"""CaraOptimalWeights and SharpeOptimalWeights: portfolio weights, once or as returns arrive."""

from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from meanrev.containers import Table, table
from meanrev.errors import InvalidInput, ServerError
from meanrev.methods import wire
from meanrev.methods.bounds import Bounds, on_the_wire
from meanrev.question import About, Live, Question, Replies
from meanrev.results import Weights
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import OptimizationInput, WeightsOutput

__all__ = ["as_weights", "explain_asset", "weights", "weights_stream"]

_RENAMED = {"metadata.covariance": "estimator"}


def weights(
    method: str,
    returns: Any,
    expected_returns: Any,
    covariance: Any,
    *,
    gamma: float,
    risk_free_rate: float,
    estimator: str | None,
    halflife: float | None,
    mode: str | None,
    bounds: Bounds,
    leverage: float | None,
    timeout: float | None,
) -> Question[Weights]:
    """Declare one optimisation of either method; the arguments are those of cara and sharpe.

    Raises:
        InvalidInput: neither returns, nor both expected_returns and covariance, are given.
    """
    if returns is None and (expected_returns is None or covariance is None):
        raise InvalidInput("returns", "must be given unless both expected_returns and covariance are")
    read = None if returns is None else table("returns", returns).matrix("returns")
    ordered = table if read is None else read.in_order
    square = None if covariance is None else ordered("covariance", covariance).matrix("covariance")
    ordered = ordered if square is None or read is not None else square.in_order
    mean = None if expected_returns is None else ordered("expected_returns", expected_returns).values.reshape(-1)
    message = wire.encode(
        OptimizationInput,
        returns=None if read is None else read.values,
        gamma=wire.positive("gamma", gamma),
        risk_free_rate=risk_free_rate,
        expected_returns=mean,
        covariance=None if square is None else square.values,
        metadata=wire.options(
            mode=mode, covariance=estimator, halflife=halflife, bounds=on_the_wire(bounds), leverage=leverage
        ),
    )
    labels = read or square

    def result(replies: Replies, about: About) -> Weights:
        if not replies[0]:
            raise ServerError("the optimisation came back without weights")
        return as_weights(wire.decode(WeightsOutput, replies[0][-1]), labels, about)

    held = _Assets(read, square)
    return Question(
        wire.path(method), [[message]], result, streaming=True, timeout=timeout, labels=held, renamed=_RENAMED
    )


def explain_asset(error: InvalidInput, known: Table) -> None:
    """Say in the hint of an error about a value an asset which asset that is."""
    place = error.index[-1] if isinstance(error.index, tuple) else error.index
    if place is not None and 0 <= place < len(known.names):
        error.hint = repr(known.names[place])


@dataclass(frozen=True)
class _Assets:
    """The labels of what was sent, for errors that name a place in it."""

    returns: Table | None
    square: Table | None

    def explain(self, error: InvalidInput, message: int) -> None:
        """Complete an error about the returns or the covariance, whose rows are assets."""
        known = self.square or self.returns
        if error.field.startswith("returns") and self.returns is not None:
            self.returns.explain(error, message)
        elif error.field.startswith("covariance") and known is not None:
            replace(known, timestamps_ms=None).explain(error, message)
        elif error.field.startswith("expected_returns") and known is not None:
            explain_asset(error, known)


def weights_stream(
    method: str,
    batches: Iterable[Any] | AsyncIterable[Any],
    *,
    gamma: float,
    risk_free_rate: float,
    transaction_cost: float,
    options: Mapping[str, Any],
    timeout: float | None,
) -> Live[Weights]:
    """Declare a stream of either method; the arguments are those of cara_stream and sharpe_stream."""
    metadata = wire.options(**{**options, "bounds": on_the_wire(options.get("bounds"))})
    held = {
        "gamma": wire.positive("gamma", gamma),
        "risk_free_rate": risk_free_rate,
        "transaction_cost": transaction_cost,
    }

    def encode(batch: Any, first: bool) -> bytes:
        given = _matrices(batch if isinstance(batch, Mapping) else {"returns": batch})
        return wire.encode(OptimizationInput, **{**held, **given, "metadata": metadata if first else None})

    def result(reply: bytes) -> Weights:
        return as_weights(wire.decode(WeightsOutput, reply), None, {})

    return Live(wire.path(method), batches, encode, result, timeout, _RENAMED)


def as_weights(reply: WeightsOutput, labels: Table | None, about: About) -> Weights:
    """Return a reply as weights.

    Args:
        reply: The message.
        labels: Whose columns the weights are of, or None.
        about: What is known beside it.
    """
    values = codec.doubles(reply.weights)
    return Weights(
        weights=values if labels is None else labels.over_assets(values),
        expected_return=reply.expected_return,
        expected_volatility=reply.expected_volatility,
        sharpe_ratio=reply.sharpe_ratio,
        utility=reply.utility,
        status=reply.status,
        timestamp_ms=reply.timestamp_ms,
        meta={**about, **wire.extras(reply.metadata)},
    )


def _matrices(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message's fields with its matrices as arrays; one row of returns may come as (N,)."""
    out = dict(given)
    for name in out.keys() & {"returns", "covariance"}:
        out[name] = np.atleast_2d(table(name, out[name]).values)
    if "expected_returns" in out:
        out["expected_returns"] = table("expected_returns", out["expected_returns"]).values.reshape(-1)
    return out
