"""PortfolioHealthStream: value, risk and alerts of a portfolio."""

from collections.abc import Mapping, Sequence
from typing import Any

from meanrev.methods import fields, wire
from meanrev.question import Live
from meanrev.results import Health
from meanrev_wire.meanrev_pb2 import HealthMetric, HealthRequest

__all__ = ["health"]

_FIELDS = tuple(name for name in Health.__dataclass_fields__ if name not in {"meta", "alerts"})


def health(
    holdings: Mapping[str, float] | None = None,
    *,
    cash: float | None = None,
    limits: Mapping[str, float] | None = None,
    asset_ids: Sequence[str] = (),
    portfolio_id: str = "",
    update_frequency_ms: int = 1000,
    timeout: float | None = None,
) -> Live[Health]:
    """Report a portfolio's value, risk and alerts, at once and then every update_frequency_ms.

    Args:
        holdings: Quantity of each asset, negative where short.
        cash: In the currency of the prices.
        limits: Where alerts begin: max_drawdown, max_abs_z, stale_ms.
        asset_ids: Assets to watch beside the holdings.
        portfolio_id: Name in the reports.
        update_frequency_ms: Time between reports.
        timeout: Seconds for the whole stream; no limit where None.

    Returns:
        An iterator of reports without end, asynchronous from an AsyncClient.

    Raises:
        MeanRevError: as every call.
    """
    held = None if holdings is None else fields.quantities("holdings", holdings)
    options = wire.options(holdings=held, cash=cash, limits=limits)

    def encode(request: Mapping[str, Any], _first: bool) -> bytes:
        return wire.encode(HealthRequest, **request)

    def result(reply: bytes) -> Health:
        metric = wire.decode(HealthMetric, reply)
        values = {name: getattr(metric, name) for name in _FIELDS}
        return Health(**values, alerts=tuple(metric.alerts), meta=wire.extras(metric.metadata))

    request = {
        "portfolio_id": portfolio_id,
        "update_frequency_ms": update_frequency_ms,
        "asset_ids": fields.names("asset_ids", asset_ids),
        "metadata": options,
    }
    return Live(wire.path("PortfolioHealthStream"), [request], encode, result, timeout)
