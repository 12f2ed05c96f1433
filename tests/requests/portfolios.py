"""Requests of the methods for prices and portfolios that the server keeps."""

import numpy as np

from meanrev_wire.research_pb2 import Holding, Portfolio, PortfolioRequest, PublishPricesRequest
from tests.server.making import block, names

__all__ = ["CASES", "book"]


def book(n):
    """Return the portfolio that GetPortfolio asks for, with n assets."""
    return Portfolio(portfolio_id="book", holdings=[Holding(asset_id=name, quantity=1.0) for name in names(n)])


CASES = {
    "PublishPrices": (block(PublishPricesRequest, asset_ids=names, prices=np.ones), (5, 6_000)),
    "PutPortfolio": (lambda n: [book(n).SerializeToString()], (5, 5_000)),
    "GetPortfolio": (block(PortfolioRequest, portfolio_id=lambda _: "book"), (5_000,)),
}
