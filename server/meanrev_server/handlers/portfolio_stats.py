"""PortfolioStats: moments, correlation, risk contributions and tail risk of a portfolio."""

from typing import Annotated

from msgspec import Meta

from gpu_kernels import moments
from gpu_kernels.time_units import PERIODS_PER_YEAR
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
_EXTRAS = ("annual_return", "annual_volatility", "sharpe_ratio", "levels", "value_at_risk", "expected_shortfall")
"""Figures that travel in the reply's metadata."""


async def handle(data: bytes, call: Call) -> bytes:
    """Answer one request."""
    return await answered(data, call, PortfolioStatsRequest, StatsOptions, _answer)


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
