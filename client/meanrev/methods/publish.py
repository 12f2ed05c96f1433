"""PublishPrices: marks for the portfolios of health."""

from collections.abc import Mapping
from typing import Any

from meanrev.methods import fields, wire
from meanrev.methods.research import research_path
from meanrev.question import About, Question, Replies
from meanrev_wire.research_pb2 import PublishPricesReply, PublishPricesRequest

__all__ = ["publish"]


def publish(
    prices: Mapping[str, float] | Any, *, timestamp_ms: int | None = None, timeout: float | None = None
) -> Question[int]:
    """Let prices mark the caller's portfolios, all or none.

    Where the connection is lost, only prices with a time are sent again: the server gives others the time at which they
    come, and they would replace newer ones.

    Args:
        prices: Price of each asset: a mapping, or a pandas Series.
        timestamp_ms: Of all of them; the server's clock where None.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        How many were taken.

    Raises:
        MeanRevError: as every call.
    """
    given = fields.quantities("prices", prices)
    stamp = None if timestamp_ms is None else [fields.stamp("timestamp_ms", timestamp_ms)] * len(given)
    message = wire.encode(
        PublishPricesRequest,
        asset_ids=list(given),
        prices=list(given.values()),
        timestamps_ms=stamp,
        metadata=wire.options(),
    )

    def result(replies: Replies, _about: About) -> int:
        return int(wire.decode(PublishPricesReply, replies[0][0]).accepted)

    return Question(
        research_path("PublishPrices"), [[message]], result, timeout=timeout, repeatable=timestamp_ms is not None
    )
