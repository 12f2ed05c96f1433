"""Streams of events: the samples of the overview, and the health of a portfolio."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from meanrev_server.dashboard.gate import Gate
from meanrev_server.dashboard.requests import PortfolioRequest
from meanrev_server.dashboard.samples import Sampler
from meanrev_server.dashboard.thinning import numbers
from meanrev_server.errors import ServerStopping
from meanrev_server.records import Caller
from meanrev_wire import codec
from meanrev_wire import meanrev_pb2 as wire

__all__ = ["book", "samples"]

_HEALTH = "PortfolioHealthStream"
_PERIOD_MS = 1000


async def samples(gate: Gate, caller: Caller, sampler: Sampler) -> AsyncGenerator[tuple[str, Any], None]:
    """Yield ("history", the samples and errors so far), and from then on ("sample", the newest) once a second.

    Raises:
        LimitReached: too many calls are in flight.
        ServerStopping: the server stops.
        Unauthenticated: the caller's token has been removed.
    """
    with gate.place(caller):
        yield "history", {"samples": list(sampler.history), "errors": list(sampler.errors)}
        while True:
            newest = await sampler.following()
            if gate.stopping.is_set():
                raise ServerStopping
            gate.check_token(caller)
            yield "sample", {"sample": newest, "errors": list(sampler.errors)}


async def book(gate: Gate, caller: Caller, asked: PortfolioRequest) -> AsyncGenerator[tuple[str, Any], None]:
    """Yield ("health", the report) once a second.

    Raises:
        Refused: the method refused the request, the server stops, or the caller's token has been removed.
    """
    request = wire.HealthRequest(portfolio_id=asked.portfolio_id, update_frequency_ms=_PERIOD_MS)
    data = request.SerializeToString()
    with gate.visit(caller, _HEALTH, len(data), streaming=True) as visit:
        async with aclosing(visit.replies(_HEALTH, data)) as replies:
            async for reply in replies:
                gate.check_token(caller)
                yield "health", _health(codec.decode(wire.HealthMetric, reply))


def _health(report: wire.HealthMetric) -> dict[str, Any]:
    values = codec.doubles([getattr(report, name) for name in _FIGURES])
    return {
        "timestamp_ms": report.timestamp_ms,
        **dict(zip(_FIGURES, numbers(values), strict=True)),
        "open_positions": report.open_positions,
        "status": report.status,
        "alerts": list(report.alerts),
        "metadata": json.loads(report.metadata) if report.metadata else {},
    }


_FIGURES = ("total_value", "daily_return", "volatility_24h", "max_drawdown")
