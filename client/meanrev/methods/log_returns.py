"""ComputeLogReturns: log or simple returns."""

from collections.abc import Sequence
from typing import Any

from meanrev.intake.containers import table
from meanrev.methods import fields, wire
from meanrev.methods.naming import reported
from meanrev.question import About, Question, Replies
from meanrev.results import LogReturns
from meanrev_wire import codec
from meanrev_wire.meanrev_pb2 import ReturnsRequest, ReturnsResponse

__all__ = ["log_returns"]


def log_returns(
    prices: Any,
    *,
    return_type: str = "log",
    asset_ids: Sequence[str] = (),
    timeout: float | None = None,
) -> Question[LogReturns]:
    """Compute returns from prices.

    Args:
        prices: (T,) or (T, N), positive, oldest first.
        return_type: "log" for ln(p_t / p_{t-1}), "simple" for p_t / p_{t-1} - 1.
        asset_ids: Names of the series, sent along; the result does not depend on them.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        One row fewer than prices, in the same container, with mean and standard deviation (ddof 1) over all of them.

    Raises:
        MeanRevError: as every call.
    """
    read = table("prices", prices)
    values = read.values
    width = 1 if values.ndim == 1 else values.shape[1]
    message = wire.encode(
        ReturnsRequest,
        asset_ids=",".join(map(str, fields.names("asset_ids", asset_ids))),
        prices=values.reshape(-1),
        return_type=return_type,
        metadata=wire.options(n_assets=width if values.ndim == 2 else None),
    )

    def result(replies: Replies, about: About) -> LogReturns:
        reply = wire.decode(ReturnsResponse, replies[0][0])
        returns = codec.doubles(reply.log_returns)
        return LogReturns(
            log_returns=read.over_time(returns.reshape(-1, width) if values.ndim == 2 else returns),
            mean_return=reply.mean_return,
            std_return=reply.std_return,
            n_periods=reply.n_periods,
            meta={**about, **wire.extras(reply.metadata)},
        )

    return Question(
        wire.path("ComputeLogReturns"),
        [[message]],
        reported(read, result),
        timeout=timeout,
        labels=read,
        labelled="prices",
    )
