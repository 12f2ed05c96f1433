"""PutPortfolio and GetPortfolio: portfolios that the server keeps by their id."""

from collections.abc import Mapping
from typing import Any

from meanrev.methods import fields, wire
from meanrev.methods.research import research_path
from meanrev.question import About, Question, Replies
from meanrev.results import Portfolio
from meanrev_wire import research_pb2

__all__ = ["get_portfolio", "put_portfolio"]


def put_portfolio(
    portfolio_id: str,
    holdings: Mapping[str, float] | Any,
    *,
    cash: float = 0.0,
    limits: Mapping[str, float] | None = None,
    timeout: float | None = None,
) -> Question[Portfolio]:
    """Store a portfolio under its id, in place of an earlier one; health(portfolio_id=...) watches it.

    Args:
        portfolio_id: Its name.
        holdings: Quantity of each asset, negative where short: a mapping, or a pandas Series.
        cash: In the currency of the prices.
        limits: Where alerts begin: max_drawdown, max_abs_z, stale_ms.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        What is stored now.

    Raises:
        MeanRevError: as every call.
    """
    given = fields.quantities("holdings", holdings)
    message = wire.encode(
        research_pb2.Portfolio,
        portfolio_id=portfolio_id,
        holdings=[research_pb2.Holding(asset_id=name, quantity=quantity) for name, quantity in given.items()],
        cash=cash,
        limits=None if limits is None else wire.json_of("limits", limits),
    )
    return Question(research_path("PutPortfolio"), [[message]], _portfolio, timeout=timeout)


def get_portfolio(portfolio_id: str, *, timeout: float | None = None) -> Question[Portfolio]:
    """Return a stored portfolio of the caller's.

    Args:
        portfolio_id: Its name.
        timeout: Seconds for everything; the client's own where None.

    Raises:
        MeanRevError: as every call.
    """
    message = wire.encode(research_pb2.PortfolioRequest, portfolio_id=portfolio_id)
    return Question(research_path("GetPortfolio"), [[message]], _portfolio, timeout=timeout)


def _portfolio(replies: Replies, about: About) -> Portfolio:
    reply = wire.decode(research_pb2.Portfolio, replies[0][0])
    return Portfolio(
        portfolio_id=reply.portfolio_id,
        holdings={holding.asset_id: holding.quantity for holding in reply.holdings},
        cash=reply.cash,
        limits=wire.extras(reply.limits),
        updated_ms=reply.updated_ms,
        meta=about,
    )
