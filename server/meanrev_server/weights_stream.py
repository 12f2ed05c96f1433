"""CaraOptimalWeights and SharpeOptimalWeights: a stream of returns in, the weights of each message out.

Both methods estimate means and a covariance from the returns, unless the caller sends them, and differ in what the
weights maximise.
"""

import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from gpu_kernels import moments, weights
from gpu_kernels.bounds import within_reach
from gpu_kernels.checks import Floats, non_negative
from gpu_kernels.errors import InvalidInput
from gpu_kernels.performance.sharpe_error import portfolio_error, probability
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import option_names, same_fields, wire_names
from meanrev_server.rpc.registry import StreamHandler
from meanrev_server.rpc.weight_bounds import Side, sides
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import OptimizationInput, WeightsOutput

__all__ = ["HANDLERS", "WeightOptions"]

_LONGEST_WINDOW = 100_000

_COPIES, _SQUARES = 5, 10
"""Arrays of the size of the returns, and of the covariance, that are held at once."""
_CUBES, _AT_ONCE = 60, 8
"""Elementary steps of an optimum within bounds, in cubes of the number of assets; multiplications of a product in one
step."""
_OF_AN_ENTRY = 60
"""Elementary steps of reading and checking a return."""


class WeightOptions(options.Options, frozen=True, kw_only=True):
    """Options of CaraOptimalWeights and SharpeOptimalWeights.

    Attributes:
        mode: "budget" (weights sum to 1), "unconstrained", or "long_only".
        covariance: Estimator of the covariance.
        halflife: Periods after which an observation counts half, for "ewma".
        bounds: Lowest and highest weight: one for all assets, one an asset, or null for none.
        leverage: Largest sum of absolute weights.
        append: Rows join the stream's window instead of replacing it.
        window: Rows the window keeps.
    """

    mode: Literal["budget", "unconstrained", "long_only"] = "budget"
    covariance: Literal["sample", "ledoit_wolf", "oas", "ewma"] = "sample"
    halflife: Annotated[float, Meta(gt=0)] | None = None
    bounds: tuple[Side, Side] | None = None
    leverage: Annotated[float, Meta(gt=0)] | None = None
    append: bool = False
    window: Annotated[int, Meta(ge=2, le=_LONGEST_WINDOW)] = 10_000


_NAMES = option_names(WeightOptions, covariance="covariance")


Optimise = Callable[..., weights.Weights]


async def _answers(optimise: Optimise, messages: AsyncIterator[bytes], call: Call) -> AsyncGenerator[bytes, None]:
    """Answer each message with weights."""
    stream = options.StreamOptions(WeightOptions)
    state = _StreamState(optimise)
    async for data in messages:
        request = await call.decode(OptimizationInput, data)
        chosen = stream.read(request.metadata)
        call.ticket.announce(state.demand(request, chosen))
        held = state.nbytes
        reply = await call.compute(state.answer, request, chosen, stream.ignored_once())
        call.ticket.keep(state.nbytes - held)
        yield reply


class _StreamState:
    """What one stream remembers: the rows of its window, and the weights of its last reply."""

    def __init__(self, optimise: Optimise) -> None:
        self._optimise = optimise
        self._window: Floats | None = None
        self._held: Floats | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of the rows that it keeps between messages."""
        return 0 if self._window is None else self._window.nbytes

    def demand(self, request: OptimizationInput, chosen: WeightOptions) -> Demand:
        """Return what the answer to a message takes, the rows of the window included."""
        n_rows, n_assets = codec.shape(request.returns, "returns") if request.HasField("returns") else (0, 0)
        n_assets = n_assets or len(request.expected_returns)
        if chosen.append:
            n_rows = min(chosen.window, n_rows + (0 if self._window is None else len(self._window)))
        plain = chosen.mode != "long_only" and chosen.bounds is None and chosen.leverage is None
        cubes = 1 if plain else _CUBES
        return Demand(
            work=n_rows * n_assets * (n_assets // _AT_ONCE + _OF_AN_ENTRY) + cubes * n_assets**3,
            peak_bytes=8 * (_COPIES * n_rows * n_assets + _SQUARES * n_assets**2),
            reply_bytes=8 * n_assets,
            field="returns" if request.HasField("returns") else "expected_returns",
            remedy="fewer assets or rows take less",
        )

    def answer(self, request: OptimizationInput, chosen: WeightOptions, ignored: list[str]) -> bytes:
        """Answer one message, in a compute thread; a stream has one message at a time in work."""
        rate = non_negative("transaction_cost", request.transaction_cost)
        within_reach("transaction_cost", np.asarray(rate))
        returns = codec.matrix(request.returns, "returns") if request.HasField("returns") else None
        if chosen.append and returns is not None:
            returns = self._window = _joined(self._window, returns, chosen.window)
        extras, found = _weigh(request, returns, chosen, self._optimise)
        if self._held is not None and self._held.size == found.weights.size:
            turnover = float(weights.turnover(found.weights, self._held))
            extras.update(turnover=turnover, trading_cost=rate * turnover)
        self._held = found.weights
        error = _sharpe_error(request, returns, found)
        return _encoded(found, error, extras, request.timestamp_ms, ignored)


def _joined(window: Floats | None, rows: Floats, most: int) -> Floats:
    if window is None:
        return rows[-most:]
    if rows.shape[1] != window.shape[1]:
        rule = f"must stay {window.shape[1]}, as in the stream's first message, where rows are appended"
        raise InvalidInput("returns.cols", rule, value=rows.shape[1])
    return np.concatenate([window, rows])[-most:]


def _weigh(
    request: OptimizationInput, returns: Floats | None, chosen: WeightOptions, optimise: Optimise
) -> tuple[dict[str, Any], weights.Weights]:
    with wire_names(_NAMES):
        expected, covariance, extras = _estimate(request, returns, chosen)
        found = optimise(
            expected,
            covariance,
            gamma=1.0 if request.gamma == 0 else request.gamma,
            risk_free_rate=request.risk_free_rate,
            mode=chosen.mode,
            bounds=sides(chosen.bounds),
            leverage=chosen.leverage,
        )
    return extras, found


def _estimate(
    request: OptimizationInput, returns: Floats | None, chosen: WeightOptions
) -> tuple[Floats, Floats, dict[str, Any]]:
    """Return means, covariance and extra outputs about them: the caller's own where given, else estimates.

    Raises:
        InvalidInput: the request has no returns, and not both means and covariance.
    """
    expected = codec.doubles(request.expected_returns) if len(request.expected_returns) else None
    covariance = codec.matrix(request.covariance, "covariance") if request.HasField("covariance") else None
    if expected is not None and covariance is not None:
        return expected, covariance, {}
    if returns is None:
        raise InvalidInput("returns", "must be given unless both expected_returns and covariance are")
    if expected is not None and expected.size != returns.shape[1]:
        rule = f"must hold one value for each of the {returns.shape[1]} assets"
        raise InvalidInput("expected_returns", rule, value=expected.size)
    found = moments.covariance(returns, method=chosen.covariance, halflife=chosen.halflife)
    extras: dict[str, Any] = {"dropped_rows": found.dropped_rows or None}
    if covariance is None:
        extras.update(covariance=found.method, shrinkage=found.shrinkage, fallback=found.fallback or None)
    return (
        found.mean if expected is None else expected,
        found.matrix if covariance is None else covariance,
        extras,
    )


def _sharpe_error(request: OptimizationInput, returns: Floats | None, found: weights.Weights) -> float:
    """Return the standard error of the Sharpe ratio of the weights; NaN where it is not estimated from the returns."""
    estimated = returns is not None and not len(request.expected_returns) and not request.HasField("covariance")
    if returns is None or not estimated or found.expected_volatility <= 0:
        return math.nan
    return portfolio_error(returns, found.weights, request.risk_free_rate)


def _encoded(
    found: weights.Weights, error: float, extras: dict[str, Any], timestamp_ms: int, ignored: list[str]
) -> bytes:
    fallback = extras.pop("fallback", None)
    reasons = [reason for reason in (found.reason, fallback) if reason]
    metadata = options.reply_metadata(ignored, reason="; ".join(reasons) or None, **extras)
    fields = same_fields(WeightsOutput, found) | {"status": "constrained" if reasons else found.status}
    fields |= {"sharpe_std_error": error, "probability_sharpe_positive": probability(found.sharpe_ratio, error)}
    return codec.encode(WeightsOutput, **fields, timestamp_ms=timestamp_ms, metadata=metadata)


HANDLERS: Mapping[str, StreamHandler] = {
    "CaraOptimalWeights": partial(_answers, weights.cara),
    "SharpeOptimalWeights": partial(_answers, weights.sharpe),
}
"""The handlers of both methods."""
