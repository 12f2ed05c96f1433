"""The rules of the arguments, and what an error says."""

import numpy as np
import pytest

from gpu_kernels import residuals
from gpu_kernels.errors import InvalidInput
from tests.gpu_kernels.residuals.universe import SMALL, universe

PRICES = universe(1, 60, 6)
LISTS = {"factors": [2], "filters": residuals.Filters(min_dof=5), **{name: [value] for name, value in SMALL.items()}}


def changed(row, column, value):
    prices = PRICES.copy()
    prices[row, column] = value
    return prices


@pytest.mark.parametrize(
    ("options", "field", "rule"),
    [
        ({"factors": [0]}, "factors", "whole number from 1 to 100"),
        ({"factors": [101]}, "factors", "whole number from 1 to 100"),
        ({"factors": [2.5]}, "factors", "whole number from 1 to 100"),
        ({"factors": ["0%"]}, "factors", "share of the variance"),
        ({"factors": ["100%"]}, "factors", "share of the variance"),
        ({"factors": ["half"]}, "factors", "share of the variance"),
        ({"factors": []}, "factors", "must not be empty"),
        ({"factors": [2, 2]}, "factors", "must not repeat"),
        ({"window": [19]}, "window", "from 20 to 10000"),
        ({"regression": [19]}, "regression", "from 20 to 1000"),
        ({"regression": [41]}, "regression", "at most the window, 40"),
        ({"max_reversion": [0.0]}, "max_reversion", "> 0"),
        ({"max_p": [0.0]}, "max_p", "above 0 and at most 1"),
        ({"max_p": [1.1]}, "max_p", "above 0 and at most 1"),
        ({"entry": [0.0]}, "entry", "> 0"),
        ({"entry": [1.0, np.nan]}, "entry", "must be finite"),
        ({"entry": 1.0, "exit_long": 1.0}, "entry", "no cell is valid"),
        ({"entry": 1.0, "exit_short": -1.5}, "entry", "no cell is valid"),
        ({"cost": [-0.1]}, "cost", ">= 0"),
        ({"cost": np.linspace(0.0, 1.0, 100_001)}, "cells", "at most 100000"),
        ({"rules": residuals.Rules(delay=101)}, "delay", "at most 100"),
        ({"rules": residuals.Rules(delay=-1)}, "delay", ">= 0"),
        ({"rules": residuals.Rules(cost_basis="names")}, "cost_basis", "'book', 'stocks'"),
        ({"rules": residuals.Rules(size=0.0)}, "size", "> 0"),
        ({"rules": residuals.Rules(borrow=-1.0)}, "borrow", ">= 0"),
        ({"filters": residuals.Filters(min_r2=1.0)}, "min_r2", "below 1"),
        ({"filters": residuals.Filters(min_dof=0)}, "min_dof", ">= 1"),
        ({"filters": residuals.Filters(refit=0)}, "refit", ">= 1"),
        ({"members": np.ones((3, 3))}, "members", "shape of prices"),
        ({"members": np.full(PRICES.shape, 0.5)}, "members", "0 or 1"),
        ({"spans": residuals.Spans(15, 6, 0)}, "prices", "train + purge + test = 21"),
        ({"spans": residuals.Spans(1, 6, 0)}, "train", ">= 2"),
        ({"years": [2020]}, "years", "one entry a row, 60"),
        ({"factors": [4]}, "factors", "take fewer factors, or '55%'"),
        ({"filters": residuals.Filters(), "regression": [22]}, "regression", "factors + 1 + min_dof = 23"),
        ({"years": np.full(60, 2020.5)}, "years", "must be a whole number"),
        ({"years": np.full(60, np.nan)}, "years", "must be a whole number"),
    ],
)
def test_an_argument_that_breaks_its_rule_is_named(options, field, rule):
    with pytest.raises(InvalidInput) as caught:
        residuals.trade(PRICES, **{**LISTS, **options})
    assert caught.value.field == field
    assert rule in caught.value.rule


@pytest.mark.parametrize(
    ("prices", "index", "rule"),
    [
        (PRICES[:41], None, "at least window + 2 = 42 rows"),
        (PRICES[:, :1], None, "2 columns"),
        (changed(50, 3, 0.0), (50, 3), "must be positive, or NaN"),
        (changed(7, 1, -2.0), (7, 1), "must be positive, or NaN"),
        (changed(7, 1, np.inf), (7, 1), "must not be infinite"),
        (changed(7, 1, 1e51), (7, 1), "at most 1e+50"),
        (PRICES[0], None, "must have shape (T, N)"),
    ],
    ids=["rows", "columns", "zero", "negative", "infinite", "huge", "dimensions"],
)
def test_a_price_that_breaks_its_rule_is_named(prices, index, rule):
    with pytest.raises(InvalidInput) as caught:
        residuals.trade(prices, **LISTS)
    assert (caught.value.field, caught.value.index) == ("prices", index)
    assert rule in caught.value.rule


@pytest.mark.parametrize("rows", [[3, 2], [60], [-1], [1.5], [2, 2]])
def test_rows_of_a_panel_ascend_within_the_prices(rows):
    with pytest.raises(InvalidInput, match="must ascend, and be whole numbers from 0 to 59"):
        residuals.panel(PRICES, factors=2, rows=rows, **SMALL)


def test_the_fewest_rows_are_a_decision_and_a_return():
    book = residuals.trade(PRICES[:42], rules=residuals.Rules(delay=0), **LISTS)
    assert np.isfinite(book.returns).sum() == 2
    assert book.counts.days == 2


def test_prices_may_be_read_only_and_of_any_layout():
    held = np.asfortranarray(PRICES)
    held.flags.writeable = False
    first, second = residuals.trade(PRICES, **LISTS), residuals.trade(held, **LISTS)
    np.testing.assert_array_equal(first.returns, second.returns)
