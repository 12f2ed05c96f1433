"""MultiperiodOptimize: weights for several periods, with trading costs between them."""

from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta

from gpu_kernels import moments, multiperiod
from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from gpu_kernels.performance.sharpe_error import portfolio_error, probability_positive
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_server.rpc.unary import answered
from meanrev_server.rpc.weight_bounds import Side, sides
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import MultiperiodRequest, MultiperiodResponse

__all__ = ["MultiperiodOptions", "handle"]

_MOST_PERIODS = 10_000

_OF_A_PLAN, _OF_A_WEIGHT, _OF_GIVEN = 6, 100, 5
"""Arrays that are held at once: matrices and vectors of each block of a plan, and matrices of each period given."""
_CUBES, _STEPS_OF_A_BLOCK = 50, 100_000
"""Elementary steps of a block of a plan: in cubes of the number of assets, and beside them."""
_OF_A_PERIOD, _AROUND = 210, 4096
"""Most bytes of a period in the reply beside its weights, and of the rest of the reply."""
_OBJECTS = 2048
"""Bytes of memory of a period's part of the reply until it is written, beside its weights."""


class MultiperiodOptions(options.Options, frozen=True, kw_only=True):
    """Options of MultiperiodOptimize.

    Attributes:
        initial_weights: Weights held before the first period; equal weights where not given.
        cost_model: Estimate of a change of weights: its absolute size, or its variance.
        mode: Plan all periods at once, or re-solve each with what is known then.
        bounds: Lowest and highest weight: one for all assets, one an asset, or null for none.
        rho: Discount rate per period of the quadratic cost model.
    """

    initial_weights: tuple[float, ...] | None = None
    cost_model: Literal["proportional", "quadratic"] = "proportional"
    mode: Literal["plan", "mpc"] = "plan"
    bounds: tuple[Side, Side] | None = None
    rho: Annotated[float, Meta(ge=0, lt=1)] = 0.0


_NAMES = option_names(MultiperiodOptions, means="expected_returns", covariances="covariance")


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    return await answered(data, call, MultiperiodRequest, MultiperiodOptions, _answer, _demand)


def _demand(request: MultiperiodRequest, chosen: MultiperiodOptions) -> Demand:
    """Return what a plan takes, from its periods and assets; a request without assets is refused later.

    Raises:
        InvalidInput: there are more periods than any plan may have.
    """
    if not 0 <= request.n_periods <= _MOST_PERIODS:
        raise InvalidInput("n_periods", f"must be between 0 and {_MOST_PERIODS}", value=request.n_periods)
    shapes = [codec.shape(given, f"returns_sequence[{k}]") for k, given in enumerate(request.returns_sequence)]
    n_given = sum(rows * cols for rows, cols in shapes)
    n_assets = shapes[0][1] if shapes else len(request.expected_returns)
    n_periods = max(1, request.n_periods, len(shapes))
    n_blocks = -(-n_periods // max(1, request.rebalance_frequency))
    n_covariances = n_periods if shapes and not request.HasField("covariance") else 1
    square, quadratic = n_assets**2, chosen.cost_model == "quadratic"
    n_planned = n_blocks * (n_blocks + 1) // 2 if chosen.mode == "mpc" and not quadratic else n_blocks
    of_a_block = n_assets * square if quadratic else _CUBES * n_assets * square + _STEPS_OF_A_BLOCK
    plan = 0 if quadratic else n_blocks * (_OF_A_PLAN * square + _OF_A_WEIGHT * n_assets)
    reply_bytes = n_periods * (8 * n_assets + _OF_A_PERIOD) + _AROUND
    return Demand(
        work=n_planned * of_a_block + n_given * n_assets,
        peak_bytes=8 * (plan + _OF_GIVEN * (n_covariances * square + n_given)) + n_periods * _OBJECTS + 2 * reply_bytes,
        reply_bytes=reply_bytes,
        field="n_periods" if request.n_periods else "returns_sequence",
        remedy="fewer periods or assets, a higher rebalance_frequency, or mode 'plan' take less",
    )


def _answer(request: MultiperiodRequest, chosen: MultiperiodOptions, ignored: list[str]) -> bytes:
    with wire_names(_NAMES):
        means, covariances, periods, extras = _estimates(request)
        plan = multiperiod.optimize(
            means,
            covariances,
            gamma=1.0 if request.gamma == 0 else request.gamma,
            transaction_cost=request.transaction_cost,
            rebalance_frequency=request.rebalance_frequency or 1,
            initial_weights=chosen.initial_weights,
            cost_model=chosen.cost_model,
            mode=chosen.mode,
            bounds=sides(chosen.bounds),
            rho=chosen.rho,
        )
    errors = _sharpe_errors(periods, plan.weights)
    positive = probability_positive(plan.sharpe_ratio, errors)
    return codec.encode(
        MultiperiodResponse,
        weights_sequence=[
            {
                "weights": plan.weights[k],
                "expected_return": float(plan.expected_return[k]),
                "expected_volatility": float(plan.expected_volatility[k]),
                "sharpe_ratio": float(plan.sharpe_ratio[k]),
                "sharpe_std_error": float(errors[k]),
                "probability_sharpe_positive": float(positive[k]),
                "utility": float(plan.utility[k]),
                "status": plan.status,
            }
            for k in range(len(plan.weights))
        ],
        cumulative_utility=plan.cumulative_utility,
        avg_turnover=plan.avg_turnover,
        rebalance_times=plan.rebalance_times,
        metadata=options.reply_metadata(ignored, turnover=plan.turnover, **extras),
    )


def _sharpe_errors(periods: list[Floats], weights: Floats) -> Floats:
    """Return the standard errors (K,) of the Sharpe ratios of weights (K, N) over the returns of their periods."""
    found = np.full(len(weights), np.nan)
    for k, block in enumerate(periods):
        found[k] = portfolio_error(block, weights[k])
    return found


def _estimates(request: MultiperiodRequest) -> tuple[Floats, Floats, list[Floats], dict[str, Any]]:
    """Return means (K, N), covariances (K, N, N) or (N, N), the returns that gave both, and extra outputs."""
    expected = codec.doubles(request.expected_returns) if len(request.expected_returns) else None
    covariance = codec.matrix(request.covariance, "covariance") if request.HasField("covariance") else None
    if not len(request.returns_sequence):
        if expected is None or covariance is None:
            raise InvalidInput("returns_sequence", "must be given unless both expected_returns and covariance are")
        return np.tile(expected, (request.n_periods or 1, 1)), covariance, [], {}
    periods = _periods(request)
    found = []
    for k, block in enumerate(periods):
        with wire_names({"returns": f"returns_sequence[{k}]"}):
            found.append(moments.covariance(block))
    fallbacks = {str(k): estimate.fallback for k, estimate in enumerate(found) if estimate.fallback}
    means = np.array([estimate.mean for estimate in found])
    if expected is not None:
        if expected.size != means.shape[1]:
            raise InvalidInput("expected_returns", f"must hold {means.shape[1]} values", value=expected.size)
        means = np.tile(expected, (len(periods), 1))
    covariances = np.array([estimate.matrix for estimate in found]) if covariance is None else covariance
    extras = {"fallbacks": fallbacks or None} if covariance is None else {}
    return means, covariances, periods if expected is None and covariance is None else [], extras


def _periods(request: MultiperiodRequest) -> list[Floats]:
    """Return the returns of each period, a single matrix cut into n_periods."""
    if len(request.returns_sequence) > _MOST_PERIODS:
        rule = f"must hold at most {_MOST_PERIODS} periods"
        raise InvalidInput("returns_sequence", rule, value=len(request.returns_sequence))
    blocks = [codec.matrix(message, f"returns_sequence[{k}]") for k, message in enumerate(request.returns_sequence)]
    for k, block in enumerate(blocks):
        if block.shape[1] != blocks[0].shape[1]:
            rule = f"must be {blocks[0].shape[1]}, as in the first period"
            raise InvalidInput(f"returns_sequence[{k}].cols", rule, value=block.shape[1])
    if request.n_periods in {0, len(blocks)}:
        return blocks
    if len(blocks) > 1:
        rule = f"must be 0 or {len(blocks)}, the length of returns_sequence"
        raise InvalidInput("n_periods", rule, value=request.n_periods)
    if len(blocks[0]) < 2 * request.n_periods:
        rule = f"must leave at least 2 of the {len(blocks[0])} rows to a period"
        raise InvalidInput("n_periods", rule, value=request.n_periods)
    return np.array_split(blocks[0], request.n_periods)
