"""PortfolioStats: moments, correlation, risk contributions and tail risk of a portfolio."""

from typing import Annotated

from msgspec import Meta

from gpu_kernels import moments
from gpu_kernels.time_units import PERIODS_PER_YEAR
from meanrev_server.capacity import Demand
from meanrev_server.rpc import options
from meanrev_server.rpc.call import Call
from meanrev_server.rpc.naming import option_names, same_fields, wire_names
from meanrev_server.rpc.unary import answered
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import PortfolioStatsRequest, PortfolioStatsResponse

__all__ = ["StatsOptions", "handle"]


class StatsOptions(options.Options, frozen=True, kw_only=True):
    """Options of PortfolioStats.

    Attributes:
        periods_per_year: For the annualised figures in the reply's metadata.
        levels: Confidence levels of value at risk and expected shortfall.
    """

    periods_per_year: Annotated[float, Meta(gt=0)] = PERIODS_PER_YEAR
    levels: Annotated[tuple[Annotated[float, Meta(gt=0, lt=1)], ...], Meta(max_length=100)] = (0.95,)


_NAMES = option_names(StatsOptions)
_EXTRAS = (
    *("annual_return", "annual_volatility", "sharpe_ratio", "sharpe_std_error", "probability_sharpe_positive"),
    *("levels", "value_at_risk", "expected_shortfall"),
)
"""Figures that travel in the reply's metadata."""
_COPIES, _SQUARES = 5, 4
"""Arrays of the size of the returns, and of the covariance, that are held at once."""
_AT_ONCE = 8
"""Multiplications of a matrix product that take as long as an elementary step."""
_OF_AN_ENTRY, _OF_A_CELL = 60, 100
"""Elementary steps of reading and checking a return, and of a cell of the reply's matrices."""
_AROUND = 16_384
"""Most bytes of the reply beside its matrices and contributions."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    return await answered(data, call, PortfolioStatsRequest, StatsOptions, _answer, _demand)


def _demand(request: PortfolioStatsRequest, _: StatsOptions) -> Demand:
    n_rows, n_assets = codec.shape(request.returns, "returns")
    square = 8 * n_assets**2
    return Demand(
        work=n_rows * n_assets * (n_assets // _AT_ONCE + _OF_AN_ENTRY) + _OF_A_CELL * n_assets**2,
        peak_bytes=_COPIES * 8 * n_rows * n_assets + _SQUARES * square,
        reply_bytes=2 * square + 8 * n_assets + _AROUND,
        field="returns",
        remedy="fewer assets take less",
    )


def _answer(request: PortfolioStatsRequest, chosen: StatsOptions, ignored: list[str]) -> bytes:
    weights = codec.doubles(request.weights) if len(request.weights) else None
    with wire_names(_NAMES):
        found = moments.portfolio_stats(
            codec.matrix(request.returns, "returns"),
            weights,
            periods_per_year=chosen.periods_per_year,
            levels=chosen.levels,
        )
    extras = {name: getattr(found, name) for name in _EXTRAS}
    metadata = options.reply_metadata(ignored, **extras, dropped_rows=found.dropped_rows or None)
    return codec.encode(PortfolioStatsResponse, **same_fields(PortfolioStatsResponse, found), metadata=metadata)
