"""CaraOptimalWeights and SharpeOptimalWeights: portfolio weights, once or as returns arrive.

The two methods have the same arguments. cara and sharpe are the declarations of this module under their own names.
"""

import functools
import inspect
from collections.abc import AsyncIterable, Callable, Iterable
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec, TypeVar

from meanrev.errors import InvalidInput, ServerError
from meanrev.intake.containers import table
from meanrev.intake.labels import square, vector
from meanrev.intake.table import Table
from meanrev.methods import wire
from meanrev.methods.assets import Assets, names_of
from meanrev.methods.batches import Batches
from meanrev.methods.bounds import Bounds, sides
from meanrev.methods.naming import reported
from meanrev.methods.sharpe_errors import sharpe_errors
from meanrev.question import About, Live, Question, Replies
from meanrev.results import Weights
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import OptimizationInput, WeightsOutput

__all__ = ["as_weights", "optimise", "optimise_stream", "under_name"]

P = ParamSpec("P")
D = TypeVar("D")

_RENAMED = {"metadata.covariance": "estimator"}


def under_name(declare: Callable[Concatenate[str, P], D], method: str, name: str, summary: str) -> Callable[P, D]:
    """Return a declaration of this module as that of one method of the service.

    Args:
        declare: optimise or optimise_stream.
        method: Name in the service.
        name: Of the client's method.
        summary: First line of its docstring; the rest is that of declare.
    """

    @functools.wraps(declare)
    def declared(*args: P.args, **kwargs: P.kwargs) -> D:
        return declare(method, *args, **kwargs)

    whole = inspect.signature(declare)
    declared.__signature__ = whole.replace(parameters=[*whole.parameters.values()][1:])  # type: ignore[attr-defined]
    declared.__name__ = declared.__qualname__ = name
    declared.__doc__ = f"{summary}\n{(declare.__doc__ or '').partition(chr(10))[2]}"
    return declared


def optimise(
    _method: str,
    /,
    returns: Any = None,
    *,
    expected_returns: Any = None,
    covariance: Any = None,
    gamma: float = 1.0,
    risk_free_rate: float = 0.0,
    estimator: str | None = None,
    halflife: float | None = None,
    mode: str | None = None,
    bounds: Bounds = None,
    leverage: float | None = None,
    timeout: float | None = None,
) -> Question[Weights]:
    """Find the best weights.

    Args:
        returns: (T, N); may be left out where both of the next two are given.
        expected_returns: (N,), replaces the sample mean; a mapping or a Series is read by its labels.
        covariance: (N, N), replaces the sample covariance; a frame or a mapping of mappings is read by its labels.
        gamma: Risk aversion, above zero; with the highest Sharpe ratio only the utility that is reported depends on it.
        risk_free_rate: Per period.
        estimator: Of the covariance: "sample", "ledoit_wolf", "oas" or "ewma".
        halflife: Periods after which an observation counts half, for "ewma".
        mode: "budget" (weights sum to 1), "unconstrained" or "long_only".
        bounds: (lowest, highest) weight of every asset; or a list of such pairs, one an asset, or a mapping from labels
            to pairs. None or an infinity: no bound on that side.
        leverage: Largest sum of absolute weights.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        Weights in the container of the returns, labelled by its columns.

    Raises:
        MeanRevError: as every call.
    """
    if returns is None and (expected_returns is None or covariance is None):
        raise InvalidInput("returns", "must be given unless both expected_returns and covariance are")
    read = None if returns is None else table("returns", returns).matrix("returns")
    matrix = None if covariance is None else square("covariance", covariance, names_of(read))
    names = names_of(read, matrix)
    mean = None if expected_returns is None else vector("expected_returns", expected_returns, names)
    labels = read or matrix
    width = None if labels is None else labels.values.shape[1]
    options = {"mode": mode, "covariance": estimator, "halflife": halflife, "leverage": leverage}
    message = wire.encode(
        OptimizationInput,
        returns=None if read is None else read.values,
        gamma=wire.positive("gamma", gamma),
        risk_free_rate=risk_free_rate,
        expected_returns=mean,
        covariance=None if matrix is None else matrix.values,
        metadata=wire.options(**options, bounds=sides(bounds, names, width)),
    )
    question = _asked(_method, message, labels, timeout)
    return replace(question, read=reported(read, question.read), labels=Assets(read, names))


def _asked(method: str, message: bytes, labels: Table | None, timeout: float | None) -> Question[Weights]:
    def result(replies: Replies, about: About) -> Weights:
        if not replies[0]:
            raise ServerError("the optimisation came back without weights")
        return as_weights(wire.decode(WeightsOutput, replies[0][-1]), labels, about)

    return Question(wire.path(method), [[message]], result, streaming=True, timeout=timeout, renamed=_RENAMED)


def optimise_stream(
    _method: str,
    /,
    batches: Iterable[Any] | AsyncIterable[Any],
    *,
    gamma: float = 1.0,
    risk_free_rate: float = 0.0,
    transaction_cost: float = 0.0,
    estimator: str | None = None,
    halflife: float | None = None,
    mode: str | None = None,
    bounds: Bounds = None,
    leverage: float | None = None,
    append: bool | None = None,
    window: int | None = None,
    timeout: float | None = None,
) -> Live[Weights]:
    """Optimise as returns arrive: weights for each batch.

    Args:
        batches: Returns (T, N) or one row (N,), or a mapping of OptimizationInput's fields.
        gamma: As for one optimisation, like the arguments that follow.
        risk_free_rate: As for one optimisation.
        transaction_cost: Per unit of turnover, for the trading cost in the result's meta.
        estimator: As for one optimisation.
        halflife: As for one optimisation.
        mode: As for one optimisation.
        bounds: As for one optimisation.
        leverage: As for one optimisation.
        append: Rows join the stream's window instead of replacing it.
        window: Rows the window keeps.
        timeout: Seconds for the whole stream; no limit where None.

    Returns:
        An iterator of weights, asynchronous from an AsyncClient.

    Raises:
        MeanRevError: as every call.
    """
    options = {"mode": mode, "covariance": estimator, "halflife": halflife, "leverage": leverage}
    metadata = wire.options(**options, append=append, window=window, bounds=sides(bounds, (), None))
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

    return Live(wire.path(_method), batches, encode, result, timeout, _RENAMED)


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
        **sharpe_errors(reply),
        utility=reply.utility,
        status=reply.status,
        timestamp_ms=reply.timestamp_ms,
        meta={**about, **wire.extras(reply.metadata)},
    )
