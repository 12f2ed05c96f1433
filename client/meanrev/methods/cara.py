"""CaraOptimalWeights: mean-variance weights."""

from collections.abc import AsyncIterable, Iterable
from typing import Any

from meanrev.methods.bounds import Bounds
from meanrev.methods.weights import weights, weights_stream
from meanrev.question import Live, Question
from meanrev.results import Weights

__all__ = ["cara", "cara_stream"]

_METHOD = "CaraOptimalWeights"


def cara(
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
    """Find the weights with the highest certainty equivalent, w'mu - gamma/2 w'Sw.

    Args:
        returns: (T, N); may be left out where both of the next two are given.
        expected_returns: (N,), replaces the sample mean; a mapping or a Series is read by its labels.
        covariance: (N, N), replaces the sample covariance; a frame or a mapping of mappings is read by its labels.
        gamma: Risk aversion, above zero.
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
    return weights(
        _METHOD,
        returns,
        expected_returns,
        covariance,
        gamma=gamma,
        risk_free_rate=risk_free_rate,
        estimator=estimator,
        halflife=halflife,
        mode=mode,
        bounds=bounds,
        leverage=leverage,
        timeout=timeout,
    )


def cara_stream(
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
        gamma: As for cara, like the arguments that follow.
        risk_free_rate: As for cara.
        transaction_cost: Per unit of turnover, for the trading cost in the result's meta.
        estimator: As for cara.
        halflife: As for cara.
        mode: As for cara.
        bounds: As for cara.
        leverage: As for cara.
        append: Rows join the stream's window instead of replacing it.
        window: Rows the window keeps.
        timeout: Seconds for the whole stream; no limit where None.

    Returns:
        An iterator of weights, asynchronous from an AsyncClient.

    Raises:
        MeanRevError: as every call.
    """
    return weights_stream(
        _METHOD,
        batches,
        gamma=gamma,
        risk_free_rate=risk_free_rate,
        transaction_cost=transaction_cost,
        options={
            "mode": mode,
            "covariance": estimator,
            "halflife": halflife,
            "bounds": bounds,
            "leverage": leverage,
            "append": append,
            "window": window,
        },
        timeout=timeout,
    )
