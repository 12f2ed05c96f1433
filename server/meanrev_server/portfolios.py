"""Portfolios that callers have stored.

This is a pure core without a clock or an await. Everything runs on the event loop's thread, so nothing is locked.
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from meanrev_server.errors import LimitReached, NotFound

__all__ = ["MAX_PORTFOLIOS", "AlertLimits", "Portfolio", "PortfolioStore"]

MAX_PORTFOLIOS = 10_000
"""Most portfolios that are stored."""


class AlertLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits beyond which a report carries an alert.

    Attributes:
        max_drawdown: Fall from the peak, a fraction.
        max_abs_z: Distance from an asset's mean, in stationary standard deviations.
        stale_ms: Age of an asset's last mark.
    """

    max_drawdown: Annotated[float, Meta(gt=0)] = 0.2
    max_abs_z: Annotated[float, Meta(gt=0)] = 4.0
    stale_ms: Annotated[int, Meta(ge=1)] = 86_400_000


class Portfolio(Struct, frozen=True, kw_only=True):
    """What a caller holds.

    Attributes:
        portfolio_id: Its name.
        holdings: Quantity of each asset, negative where short.
        cash: In the currency of the marks.
        limits: Limits beyond which a report carries an alert.
        updated_ms: When it was stored.
    """

    portfolio_id: str
    holdings: Mapping[str, float]
    cash: float = 0.0
    limits: AlertLimits = AlertLimits()
    updated_ms: int = 0


class PortfolioStore:
    """Stored portfolios by their id."""

    def __init__(self) -> None:
        """Start empty."""
        self._stored: dict[str, Portfolio] = {}

    def put(self, portfolio: Portfolio) -> None:
        """Store a portfolio in place of an earlier one of its id.

        Raises:
            LimitReached: MAX_PORTFOLIOS others are stored.
        """
        if portfolio.portfolio_id not in self._stored and len(self._stored) >= MAX_PORTFOLIOS:
            raise LimitReached(f"at most {MAX_PORTFOLIOS} portfolios can be stored; put them under fewer ids")
        self._stored[portfolio.portfolio_id] = portfolio

    def get(self, portfolio_id: str) -> Portfolio:
        """Return a portfolio.

        Raises:
            NotFound: none is stored under that id.
        """
        found = self._stored.get(portfolio_id)
        if found is None:
            raise NotFound(f"no portfolio {portfolio_id[:100]!r}; PutPortfolio stores one")
        return found
