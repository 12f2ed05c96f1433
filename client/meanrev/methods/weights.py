"""CaraOptimalWeights and SharpeOptimalWeights: portfolio weights, once or as returns arrive."""

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any

from meanrev.errors import InvalidInput, ServerError
from meanrev.intake.containers import table
from meanrev.intake.labels import square, vector
from meanrev.intake.table import Table
from meanrev.methods import wire
from meanrev.methods.assets import Assets, names_of
from meanrev.methods.batches import Batches
from meanrev.methods.bounds import Bounds, sides
from meanrev.methods.naming import reported
from meanrev.question import About, Live, Question, Replies
from meanrev.results import Weights
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import OptimizationInput, WeightsOutput

__all__ = ["as_weights", "weights", "weights_stream"]

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
    matrix = None if covariance is None else square("covariance", covariance, names_of(read))
    names = names_of(read, matrix)
    mean = None if expected_returns is None else vector("expected_returns", expected_returns, names)
    labels = read or matrix
    width = None if labels is None else labels.values.shape[1]
    message = wire.encode(
        OptimizationInput,
        returns=None if read is None else read.values,
        gamma=wire.positive("gamma", gamma),
        risk_free_rate=risk_free_rate,
        expected_returns=mean,
        covariance=None if matrix is None else matrix.values,
        metadata=wire.options(
            mode=mode, covariance=estimator, halflife=halflife, bounds=sides(bounds, names, width), leverage=leverage
        ),
    )

    def result(replies: Replies, about: About) -> Weights:
        if not replies[0]:
            raise ServerError("the optimisation came back without weights")
        return as_weights(wire.decode(WeightsOutput, replies[0][-1]), labels, about)

    return Question(
        wire.path(method),
        [[message]],
        reported(read, result),
        streaming=True,
        timeout=timeout,
        labels=Assets(read, names),
        renamed=_RENAMED,
    )


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
    metadata = wire.options(**{**options, "bounds": sides(options.get("bounds"), (), None)})
    known = Batches()
    held = {
        "gamma": wire.positive("gamma", gamma),
        "risk_free_rate": risk_free_rate,
        "transaction_cost": transaction_cost,
    }

    def encode(batch: Any, first: bool) -> bytes:
        given = known.fields(batch)
        return wire.encode(OptimizationInput, **{**held, **given, "metadata": metadata if first else None})

    def result(reply: bytes) -> Weights:
        return as_weights(wire.decode(WeightsOutput, reply), known.labels, {})

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
