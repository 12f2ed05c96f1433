"""PortfolioStats: moments, correlation and risk contributions of a portfolio."""

from collections.abc import Mapping, Sequence
from typing import Any

from meanrev.intake.containers import table
from meanrev.intake.labels import vector
from meanrev.methods import wire
from meanrev.methods.assets import Assets
from meanrev.methods.naming import reported
from meanrev.question import About, Question, Replies
from meanrev.results import PortfolioStats
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import PortfolioStatsRequest, PortfolioStatsResponse

__all__ = ["portfolio_stats"]


def portfolio_stats(
    returns: Any,
    weights: Any = None,
    *,
    periods_per_year: float | None = None,
    levels: Sequence[float] | None = None,
    timeout: float | None = None,
) -> Question[PortfolioStats]:
    """Compute a portfolio's moments, and the correlation and covariance of its assets.

    Args:
        returns: (T, N), T >= 2.
        weights: (N,), or what cara or sharpe returned; 1/N each where None.
        periods_per_year: For the annualised figures in the result's meta; 252 where None.
        levels: Confidence levels of value at risk and expected shortfall, in the result's meta.
        timeout: Seconds for everything; the client's own where None.

    Raises:
        MeanRevError: as every call.
    """
    read = table("returns", returns).matrix("returns")
    held = weights["weights"] if isinstance(weights, Mapping) and "weights" in weights else weights
    message = wire.encode(
        PortfolioStatsRequest,
        returns=read.values,
        weights=None if held is None else vector("weights", held, read.names),
        metadata=wire.options(periods_per_year=periods_per_year, levels=levels),
    )

    def result(replies: Replies, about: About) -> PortfolioStats:
        reply = wire.decode(PortfolioStatsResponse, replies[0][0])
        return PortfolioStats(
            mean_return=reply.mean_return,
            std_return=reply.std_return,
            skewness=reply.skewness,
            kurtosis=reply.kurtosis,
            correlation=read.between_assets(codec.matrix(reply.correlation, "correlation")),
            covariance=read.between_assets(codec.matrix(reply.covariance, "covariance")),
            marginal_contrib=read.over_assets(codec.doubles(reply.marginal_contrib)),
            meta={**about, **wire.extras(reply.metadata)},
        )

    return Question(
        wire.path("PortfolioStats"),
        [[message]],
        reported(read, result),
        timeout=timeout,
        labels=Assets(read, read.names),
    )
