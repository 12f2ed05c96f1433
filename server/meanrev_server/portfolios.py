"""Portfolios that callers have stored.

This is a pure core without a clock or an await. Everything runs on the event loop's thread, so nothing is locked.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated

from msgspec import Meta, Struct

from meanrev_server.errors import LimitReached, NotFound
from meanrev_server.stored_bytes import StoredBytes

__all__ = ["MAX_PORTFOLIOS", "AlertLimits", "Portfolio", "PortfolioStore", "Portfolios"]

MAX_PORTFOLIOS = 10_000
"""Most portfolios that are stored for a caller."""

_BYTES, _HOLDING_BYTES = 1024, 192
"""Bytes of memory of a portfolio, and of each of its holdings, beside the text of the asset id."""


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

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it takes, about."""
        texts = len(self.portfolio_id) + sum(map(len, self.holdings))
        return _BYTES + _HOLDING_BYTES * len(self.holdings) + texts


class Portfolios:
    """The stored portfolios of all callers."""

    def __init__(self, stored: StoredBytes) -> None:
        """Start empty.

        Args:
            stored: Counts their bytes.
        """
        self._bytes = stored
        self._of: dict[str, dict[str, Portfolio]] = {}
        self._coming: Counter[str] = Counter()

    def of(self, identity: str) -> "PortfolioStore":
        """Return the portfolios of a caller."""
        return PortfolioStore(self, identity)

    def restore(self, identity: str, portfolio: Portfolio) -> None:
        """Put a portfolio that was stored before the server started; no limit refuses it."""
        before = self.find(identity, portfolio.portfolio_id)
        self._bytes.adopt(identity, portfolio.nbytes - (before.nbytes if before else 0))
        self._of.setdefault(identity, {})[portfolio.portfolio_id] = portfolio

    def find(self, identity: str, portfolio_id: str) -> Portfolio | None:
        """Return a portfolio, or None where none is stored under that id."""
        return self._of.get(identity, {}).get(portfolio_id)

    @contextmanager
    def room_for(self, identity: str, portfolio: Portfolio) -> Iterator[Callable[[], None]]:
        """As PortfolioStore.room_for, for a caller."""
        before = self.find(identity, portfolio.portfolio_id)
        new = before is None
        if new and len(self._of.get(identity, {})) + self._coming[identity] >= MAX_PORTFOLIOS:
            raise LimitReached(f"at most {MAX_PORTFOLIOS} portfolios can be stored; put them under fewer ids")
        held = max(0, portfolio.nbytes - (before.nbytes if before else 0))
        self._bytes.hold(identity, held)
        self._coming[identity] += new
        try:
            yield lambda: self.restore(identity, portfolio)
        finally:
            self._bytes.adopt(identity, -held)
            self._coming[identity] -= new
            if not self._coming[identity]:
                del self._coming[identity]


class PortfolioStore:
    """The stored portfolios of one caller, by their id."""

    def __init__(self, everyone: Portfolios, identity: str = "") -> None:
        """Portfolios.of makes them."""
        self._everyone, self._identity = everyone, identity

    def room_for(self, portfolio: Portfolio) -> AbstractContextManager[Callable[[], None]]:
        """Reserve room for a portfolio while the context is open; its value stores it in place of an earlier one.

        Raises:
            LimitReached: MAX_PORTFOLIOS others are stored, or too many bytes.
        """
        return self._everyone.room_for(self._identity, portfolio)

    def get(self, portfolio_id: str) -> Portfolio:
        """Return a portfolio.

        Raises:
            NotFound: the caller has stored none under that id.
        """
        found = self._everyone.find(self._identity, portfolio_id)
        if found is None:
            raise NotFound(f"no portfolio {portfolio_id[:100]!r}; PutPortfolio stores one")
        return found
