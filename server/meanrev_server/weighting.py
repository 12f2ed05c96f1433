"""What both weight methods share: a stream of returns, estimates from them or from the caller, weights, a reply."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from gpu_kernels import moments, weights
from gpu_kernels.bounds import within_reach
from gpu_kernels.checks import Floats, non_negative
from gpu_kernels.errors import InvalidInput
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import wire_names
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import OptimizationInput, WeightsOutput

__all__ = ["Side", "WeightOptions", "answers", "sides"]

Side = float | tuple[float | None, ...] | None
"""A bound of all assets, or one an asset; null where there is none."""

_LONGEST_WINDOW = 100_000

_NAMES = {
    "halflife": "metadata.halflife",
    "covariance": "covariance",
    "bounds": "metadata.bounds",
    "leverage": "metadata.leverage",
    "mode": "metadata.mode",
}


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


def sides(bounds: tuple[Side, Side] | None) -> tuple[Any, Any] | None:
    """Return bounds as the operations take them: infinities where an asset has none, None where no asset has one.

    Args:
        bounds: Lowest and highest weights, or None.
    """
    if bounds is None:
        return None
    low, high = (_filled(side, nothing) for side, nothing in zip(bounds, (-np.inf, np.inf), strict=True))
    return low, high


def _filled(side: Side, nothing: float) -> Any:
    return [nothing if bound is None else bound for bound in side] if isinstance(side, tuple) else side


Optimise = Callable[..., weights.Weights]


async def answers(messages: AsyncIterator[bytes], call: Call, optimise: Optimise) -> AsyncIterator[bytes]:
    """Answer each message with weights.

    Args:
        messages: OptimizationInput messages.
        call: The call's surroundings.
        optimise: weights.cara or weights.sharpe.
    """
    stream = options.StreamOptions(WeightOptions)
    portfolio = _Portfolio(optimise)
    async for data in messages:
        request = await call.decode(OptimizationInput, data)
        chosen = stream.read(request.metadata)
        yield await call.compute(portfolio.answer, request, chosen, stream.ignored_once())


class _Portfolio:
    """What one stream remembers: the rows of its window, and the weights it answered last."""

    def __init__(self, optimise: Optimise) -> None:
        self._optimise = optimise
        self._window: Floats | None = None
        self._held: Floats | None = None

    def answer(self, request: OptimizationInput, chosen: WeightOptions, ignored: list[str]) -> bytes:
        """Answer one message; runs in a compute thread, one message of a stream at a time."""
        rate = non_negative("transaction_cost", request.transaction_cost)
        within_reach("transaction_cost", np.asarray(rate))
        returns = codec.matrix(request.returns, "returns") if request.HasField("returns") else None
        if chosen.append and returns is not None:
            returns = self._window = _joined(self._window, returns, chosen.window)
        extras, found = _weigh(request, returns, chosen, self._optimise)
        if self._held is not None and self._held.size == found.weights.size:
            turnover = float(np.abs(found.weights - self._held).sum())
            extras.update(turnover=turnover, trading_cost=rate * turnover)
        self._held = found.weights
        return _encoded(found, extras, request.timestamp_ms, ignored)


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
    """Return means, covariance and what to say of them: the caller's own where given, else estimates.

    Raises:
        InvalidInput: neither returns nor both replacements are given.
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


def _encoded(found: weights.Weights, extras: dict[str, Any], timestamp_ms: int, ignored: list[str]) -> bytes:
    fallback = extras.pop("fallback", None)
    reasons = [reason for reason in (found.reason, fallback) if reason]
    return codec.encode(
        WeightsOutput,
        weights=found.weights,
        expected_return=found.expected_return,
        expected_volatility=found.expected_volatility,
        sharpe_ratio=found.sharpe_ratio,
        utility=found.utility,
        status="constrained" if reasons else found.status,
        timestamp_ms=timestamp_ms,
        metadata=options.reply_metadata(ignored, reason="; ".join(reasons) or None, **extras),
    )
