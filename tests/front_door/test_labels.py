"""Containers: what columns hold, and labels that come back as they went in and decide the order."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import meanrev as mr
from tests.front_door.series import DAYS, A, B, C

PRICES = np.column_stack([A, B, C])
RETURNS = np.diff(np.log(PRICES), axis=0)
LABELS = {
    "tuples": [("Close", "KO"), ("Close", "PEP"), ("Open", "KO")],
    "integers": [10, 20, 30],
    "days": [dt.date(2024, 3, 15), dt.date(2024, 6, 21), dt.date(2024, 9, 20)],
    "mixed": ["A", 2, ("x", 1)],
    "floats": [1.5, 2.5, 3.5],
}


def labelled(labels, values=PRICES):
    return pd.DataFrame(values, columns=pd.Index(labels, dtype=object, tupleize_cols=False))


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())
def test_labels_come_back_as_they_were(client, labels):
    """Labels became text inside, so that the frame's own label was unknown to the result."""
    rows = labelled(labels)
    grid = client.sweep(rows, entry=[1.0, 2.0], exit=[0.0], lookback=10)
    for place, label in enumerate(labels):
        np.testing.assert_array_equal(grid.surface(label).cells[:, 0], grid.figures.sharpe_ratio[place])
    assert list(grid.columns) == labels
    assert list(client.fit_ou(rows).asset_id) == labels
    pairs = client.scan(rows, alpha=1.0, lookback=10)
    assert {*pairs.y, *pairs.x} <= set(labels)


def test_levels_of_columns_come_back(client):
    """A frame with two levels of columns (field, ticker) is asked for by its tuples."""
    rows = pd.DataFrame(PRICES, columns=pd.MultiIndex.from_tuples(LABELS["tuples"]))
    grid = client.sweep(rows, entry=[1.0], exit=[0.0], lookback=10, walk_forward=(60, 30))
    assert grid.surface(("Close", "PEP")).cells[0, 0] == grid.figures.sharpe_ratio[1, 0]
    assert ("Open", "KO") in grid.walk_forward.column


def test_a_job_keeps_the_labels_while_the_prices_are_at_hand(client):
    """The same through a job: the labels of the frame, not their texts."""
    job = client.submit("fit_ou", labelled([10, 20, 30]))
    assert list(job.result().asset_id) == [10, 20, 30]


def test_an_unknown_label_is_told_with_those_that_are_there(client):
    """ "10" is not the column 10; the error lists what is there."""
    grid = client.sweep(labelled([10, 20, 30]), entry=[1.0], exit=[0.0])
    with pytest.raises(mr.InvalidInput, match=r"10.*20.*30"):
        grid.surface("ten")


@pytest.mark.parametrize(
    "weights",
    [
        {"A": 0.5, "B": 0.3, "Z": 0.2},
        {"A": 0.5, "B": 0.5},
        pd.Series({"A": 0.5, "B": 0.3, "Z": 0.2}),
        pd.Series([0.5, 0.3, 0.1, 0.1], index=["A", "B", "C", "A"]),
        {"a": 0.5, "b": 0.3, "c": 0.2},
    ],
)
def test_weights_that_match_in_part_are_refused(client, weights):
    """Weights of other assets than the returns' were taken by their place."""
    returns = pd.DataFrame(RETURNS, columns=["A", "B", "C"])
    with pytest.raises(mr.InvalidInput, match="weights"):
        client.portfolio_stats(returns, weights)


@pytest.mark.parametrize("kind", [dict, pd.Series])
@pytest.mark.parametrize("method", ["cara", "sharpe", "multiperiod"])
def test_labelled_expectations_find_their_assets(client, method, kind):
    """Expected returns and a covariance in another order than the returns' are aligned by their labels."""
    returns = pd.DataFrame(RETURNS, columns=["A", "B", "C"])
    expected = returns.mean() + np.array([0.001, 0.002, 0.004])
    covariance = returns.cov() * 1.3
    turned = ["C", "A", "B"]
    ask = getattr(client, method)
    more = {"n_periods": 2} if method == "multiperiod" else {}
    right = ask(RETURNS, expected_returns=expected.to_numpy(), covariance=covariance.to_numpy(), **more)
    got = ask(
        returns,
        expected_returns=kind(expected[turned].to_dict()),
        covariance=covariance.loc[turned, turned],
        **more,
    )
    assert np.asarray(got.to_dict()["weights"] if "weights" in got else got["weights_sequence"]) == pytest.approx(
        np.asarray(right.to_dict()["weights"] if "weights" in right else right["weights_sequence"]), rel=1e-12
    )


@pytest.mark.parametrize("method", ["cara", "sharpe", "multiperiod"])
def test_expectations_of_other_assets_are_refused(client, method):
    """Expected returns and a covariance whose labels are not the returns' were taken by place."""
    returns = pd.DataFrame(RETURNS, columns=["A", "B", "C"])
    other = ["X", "Y", "Z"]
    more = {"n_periods": 2} if method == "multiperiod" else {}
    with pytest.raises(mr.InvalidInput, match="expected_returns"):
        getattr(client, method)(returns, expected_returns=pd.Series([0.1, 0.2, 0.3], index=other), **more)
    with pytest.raises(mr.InvalidInput, match="covariance"):
        getattr(client, method)(returns, covariance=pd.DataFrame(np.eye(3), index=other, columns=other), **more)


def test_held_weights_of_a_plan_may_be_a_mapping(client):
    """The weights held today come as a dictionary of tickers, in any order."""
    returns = pd.DataFrame(RETURNS, columns=["A", "B", "C"])
    right = client.multiperiod(RETURNS, n_periods=2, initial_weights=[0.2, 0.3, 0.5], transaction_cost=0.01)
    got = client.multiperiod(
        returns, n_periods=2, initial_weights={"C": 0.5, "A": 0.2, "B": 0.3}, transaction_cost=0.01
    )
    assert np.asarray(got.weights_sequence) == pytest.approx(np.asarray(right.weights_sequence), abs=1e-12)


@pytest.mark.parametrize("method", ["fit_ou", "sweep", "scan", "pca", "log_returns"])
@pytest.mark.parametrize("shape", ["forgotten date", "text", "list"])
def test_a_column_that_is_no_number_is_named(client, method, shape):
    """A frame with one column that holds no numbers is refused, or read without it; its name is said."""
    filler = {
        "forgotten date": [day.item() for day in DAYS],
        "text": ["KO"] * 120,
        "list": [[1.0, 2.0]] * 120,
    }[shape]
    rows = pd.DataFrame({"odd one": filler, "A": A, "B": B})
    ask = getattr(client, method)
    more = {"entry": [1.0], "exit": [0.0]} if method == "sweep" else {}
    try:
        answer = ask(rows, **more)
    except mr.InvalidInput as error:
        assert "odd one" in str(error)  # noqa: PT017 - read without it is right as well
    else:
        assert shape == "forgotten date" or "odd one" in str(answer.meta)


@pytest.mark.parametrize("hole", [None, pd.NA, float("nan"), pd.NaT, Decimal("NaN")], ids=str)
def test_a_hole_in_an_object_column_is_a_missing_price(client, hole):
    """Frames of a database hold objects; a hole among them is a missing price, or named with its column."""
    rows = pd.DataFrame({"A": A, "B": B}).astype(object)
    rows.iloc[60, 1] = hole
    clean = np.column_stack([A, B])
    clean[60, 1] = np.nan
    try:
        fit = client.fit_ou(rows)
    except mr.InvalidInput as error:
        assert "'B'" in str(error)  # noqa: PT017 - named is right as well
    else:
        assert fit.theta.tolist() == client.fit_ou(clean).theta.tolist()
        assert fit.n_samples.tolist() == [120, 119]


def test_decimals_and_nullable_numbers_are_prices(client):
    """Decimal objects, Float64 with NA and Int64: the same fit as of floats."""
    whole = np.round(C).astype(int)
    rows = pd.DataFrame(
        {
            "A": [Decimal(f"{value:.4f}") for value in A],
            "B": pd.array(B, dtype="Float64"),
            "C": pd.array(whole, dtype="Int64"),
        }
    )
    rows.loc[60, "B"] = pd.NA
    clean = np.column_stack([A, B, whole.astype(float)])
    clean[60, 1] = np.nan
    assert client.fit_ou(rows).theta.tolist() == client.fit_ou(clean).theta.tolist()


@pytest.mark.parametrize("method", ["fit_ou", "sweep", "pca", "cara"])
def test_two_columns_of_one_name_are_ours_to_refuse(client, method):
    """An Arrow table may hold two columns of one name; the error is ours and names it."""
    table = pa.table([pa.array(A), pa.array(B)], names=["KO", "KO"])
    with pytest.raises(mr.MeanRevError, match="KO"):
        getattr(client, method)(table, **({"entry": [1.0], "exit": [0.0]} if method == "sweep" else {}))


def test_a_lazy_frame_is_ours_to_refuse_or_read(client):
    """A polars LazyFrame holds no numbers yet: collected, or refused in our words."""
    lazy = pl.DataFrame({"A": A, "B": B}).lazy()
    try:
        assert client.fit_ou(lazy).theta.tolist() == client.fit_ou(np.column_stack([A, B])).theta.tolist()
    except mr.InvalidInput as error:
        assert "lazy" in str(error).lower() or "collect" in str(error)  # noqa: PT017 - refused is right as well


def test_text_beside_numbers_in_polars_is_named(client):
    """A ticker column in a polars frame is named, where it stops the call or where it is left out."""
    rows = pl.DataFrame({"day": DAYS, "ticker": ["KO"] * 120, "A": A})
    try:
        said = str(client.fit_ou(rows).meta)
    except mr.InvalidInput as error:
        said = str(error)
    assert "ticker" in said
