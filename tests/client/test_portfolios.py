"""Portfolios that the server stores, and the prices that value them."""

import math

import pandas as pd
import pytest

import meanrev as mr


def test_what_is_put_is_got(client):
    put = client.put_portfolio("book", {"A": 2.0, "B": -1.0}, cash=5.0, limits={"max_drawdown": 0.1})
    got = client.get_portfolio("book")
    assert got.holdings == put.holdings == {"A": 2.0, "B": -1.0}
    assert (got.cash, got.limits["max_drawdown"], got.updated_ms) == (5.0, 0.1, put.updated_ms)


def test_published_prices_mark_it(client):
    client.put_portfolio("marked", {"P1": 2.0, "P2": -1.0}, cash=100.0)
    assert client.publish(pd.Series({"P1": 60.0, "P2": 170.0}), timestamp_ms=1_000) == 2
    assert next(client.health(portfolio_id="marked")).total_value == 100 + 2 * 60 - 170


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda c: c.put_portfolio("", {}), "portfolio_id must not be empty"),
        (lambda c: c.put_portfolio("x", {"A": "two"}), r"holdings\['A'\] must be a number"),
        (lambda c: c.put_portfolio("x", [1.0]), "holdings must map names to numbers"),
        (lambda c: c.put_portfolio("x", {}, limits={"max_loss": 1}), "max_loss"),
        (lambda c: c.get_portfolio("nobody's"), "no portfolio"),
        (lambda c: c.publish({"A": math.nan}), "prices"),
        (lambda c: c.publish({"A": 1.0}, timestamp_ms=0.5), "timestamp_ms must be a whole number"),
    ],
)
def test_what_is_wrong_is_named(client, ask, words):
    with pytest.raises(mr.InvalidInput, match=words):
        ask(client)
