"""Labels of any kind come back as they went in, and what is labelled is read by its labels, never by its place."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import meanrev as mr

T = 120
GRID = {"entry": [1.0, 2.0], "exit": [0.0], "lookback": 10}
LABELS: dict[str, list[Any]] = {
    "integers": [30, 10, 20],
    "tuples": [("close", "KO"), ("close", "PEP"), ("open", 1)],
    "dates": [dt.date(2024, 3, 15), dt.date(2024, 6, 21), dt.date(2024, 9, 20)],
    "timestamps": list(pd.to_datetime(["2024-03-15", "2024-06-21", "2024-09-20"])),
    "one text": [1, "1", 1.5],
    "their texts": ["1", 1, "1 (2)"],
    "markup": ["[red]KO", "<b>PEP</b>", "a\nb"],
    "empty": ["", " ", "KO"],
}


@pytest.fixture(scope="module")
def client():
    with mr.Client("local") as near:
        yield near


@pytest.fixture(scope="module")
def prices():
    """(T, 3) prices that revert at different speeds, so that no two columns have a figure in common."""
    rng = np.random.default_rng(4)
    out = np.full((T, 3), 50.0)
    for t in range(1, T):
        out[t] = 50 + np.array([0.5, 0.7, 0.9]) * (out[t - 1] - 50) + rng.normal(0, 0.5, 3)
    return out


def labelled(values, labels):
    frame = pd.DataFrame(values)
    frame.columns = pd.Index(labels, dtype=object, tupleize_cols=False)
    return frame


@pytest.mark.parametrize("kind", LABELS)
class TestAnyLabels:
    def test_fits_have_them(self, client, prices, kind):
        labels, frame = LABELS[kind], labelled(prices, LABELS[kind])
        plain = client.ou(prices)
        wide = client.ou(labelled(np.tile(prices, 3), [(label, i) for i in range(3) for label in labels]))
        for fit in (client.ou(frame), client.fit_ou(frame), client.ou(frame, window=T)):
            assert fit.asset_id == tuple(labels)
            np.testing.assert_allclose(fit.theta, plain.theta)
            assert fit.to_frame().index.tolist() == labels
            assert client.thresholds(fit, round_trip_cost=0.01).to_frame().index.tolist() == labels
        assert wide.asset_id == tuple((label, i) for i in range(3) for label in labels)

    def test_one_series_has_its_own(self, client, prices, kind):
        for place, label in enumerate(LABELS[kind]):
            fit = client.ou(labelled(prices, LABELS[kind]).iloc[:, place])
            assert fit.asset_id == label
            assert type(fit.asset_id) is type(label)
            assert fit.to_frame().index.tolist() == [label]
            assert client.thresholds(fit, round_trip_cost=0.01).to_frame().shape == (1, 6)

    def test_sweeps_have_them_and_find_them(self, client, prices, kind):
        labels = tuple(LABELS[kind])
        grid = client.sweep(labelled(prices, labels), walk_forward=(60, 20), **GRID)
        plain = client.sweep(prices, walk_forward=(60, 20), **GRID)
        assert grid.columns == grid.best.column == labels
        assert list(dict.fromkeys(grid.walk_forward.column)) == list(labels)
        for place, label in enumerate(labels):
            found = grid.surface(label)
            assert (found.column, type(found.column)) == (label, type(label))
            np.testing.assert_array_equal(found.cells, plain.surface(place).cells)
        assert list(grid.to_columns()["column"]) == [label for label in labels for _ in range(2)]
        assert list(grid.best.to_frame()["column"]) == list(labels)
        assert len(grid.walk_forward.to_frame()) == len(grid.walk_forward.column)
        assert grid.to_frame().shape[0] == 6

    def test_jobs_have_them(self, client, prices, kind):
        frame = labelled(prices, LABELS[kind])
        assert client.submit("sweep", frame, **GRID).result() == client.sweep(frame, **GRID)
        assert client.submit("fit_ou", frame).result().asset_id == tuple(LABELS[kind])

    def test_pairs_have_them(self, client, prices, kind):
        found = client.scan(labelled(prices, LABELS[kind]), alpha=1.0, lookback=10, cost_per_side=0.0)
        plain = client.scan(prices, alpha=1.0, lookback=10, cost_per_side=0.0)
        assert found.y == tuple(LABELS[kind][int(name)] for name in plain.y)
        assert found.x == tuple(LABELS[kind][int(name)] for name in plain.x)
        assert len(found.to_frame()) == len(plain.y) == 3

    def test_portfolios_have_them_and_read_them(self, client, prices, kind):
        labels = LABELS[kind]
        returns = labelled(np.diff(np.log(prices), axis=0), labels)
        weights = dict(zip(labels[::-1], [0.7, 0.2, 0.1], strict=True))
        assert client.portfolio_stats(returns, weights) == client.portfolio_stats(returns, [0.1, 0.2, 0.7])
        assert client.cara(returns).weights.index.tolist() == labels
        assert client.multiperiod(returns, n_periods=2).weights_sequence.columns.tolist() == labels
        bounded = client.cara(returns, bounds={labels[1]: (0.9, 1.0), labels[0]: (0, None), labels[2]: (0, 1)})
        assert bounded.weights.iloc[1] >= 0.9 - 1e-9

    def test_names_that_are_given_beside_an_array_come_back(self, client, prices, kind):
        assert client.ou(prices, asset_ids=LABELS[kind]).asset_id == tuple(LABELS[kind])
        spoilt = prices.copy()
        spoilt[5, 1] = np.inf
        fitted = client.fit_ou(spoilt, asset_ids=LABELS[kind])
        assert fitted.asset_id == tuple(LABELS[kind])
        assert ["infinite" in reason for reason in fitted.reason] == [i == 1 for i in range(len(LABELS[kind]))]


def test_a_label_that_is_not_there_is_named_with_a_suggestion(client, prices):
    grid = client.sweep(labelled(prices, ["KO", "PEP", "XOM"]), **GRID)
    with pytest.raises(
        mr.InvalidInput, match=r"column must be one of 'KO', 'PEP', 'XOM' .did you mean 'PEP'.*got 'PEPS'"
    ):
        grid.surface("PEPS")
    assert client.sweep(labelled(prices, [10, 20, 30]), **GRID).surface("20").column == 20


MAPPINGS = {
    "mapping": lambda labels, values: dict(zip(labels, values, strict=True)),
    "pandas": lambda labels, values: pd.Series(values, index=labels),
    "pandas column": lambda labels, values: pd.DataFrame({"weight": values}, index=labels),
    "pandas row": lambda labels, values: pd.DataFrame([values], columns=labels),
    "polars": lambda labels, values: pl.DataFrame({"asset": labels, "weight": values}),
    "polars row": lambda labels, values: pl.DataFrame([values], schema=labels, orient="row"),
    "pyarrow": lambda labels, values: pa.table({"asset": labels, "weight": values}),
    "pyarrow row": lambda labels, values: pa.table({name: [value] for name, value in zip(labels, values, strict=True)}),
}
NAMES = ["KO", "PEP", "XOM", "CVX"]


@pytest.fixture(scope="module")
def returns():
    draws = np.random.default_rng(3).normal(0.001, [0.01, 0.02, 0.03, 0.04], (80, 4))
    return pd.DataFrame(draws, columns=NAMES)


@pytest.mark.parametrize("kind", MAPPINGS)
class TestVectors:
    @settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(order=st.permutations(range(4)))
    def test_the_order_of_rows_does_not_matter(self, client, returns, kind, order):
        values = np.array([0.4, 0.3, 0.2, 0.1])
        made = MAPPINGS[kind]([NAMES[i] for i in order], [float(values[i]) for i in order])
        for frame in (returns, pl.DataFrame(returns), pa.Table.from_pandas(returns, preserve_index=False)):
            assert client.portfolio_stats(frame, made).std_return == client.portfolio_stats(returns, values).std_return
        plain = client.cara(returns, expected_returns=values / 100)
        assert plain == client.cara(returns, expected_returns=MAPPINGS[kind](NAMES, [float(x) for x in values / 100]))

    @pytest.mark.parametrize(
        ("labels", "words"),
        [
            (["ko", "pep", "xom", "cvx"], "did you mean 'KO' for 'ko'"),
            (
                [" KO", "PEP ", "XOM", "CVX"],
                "missing: 'KO', 'PEP'; not known: ' KO', 'PEP '; did you mean 'KO' for ' KO'",
            ),
            (["A", "B", "C", "D"], "missing: 'KO', 'PEP', 'XOM', 'CVX'; not known: 'A', 'B', 'C', 'D'"),
            (["KO", "PEP", "XOM", "D"], "missing: 'CVX'; not known: 'D'"),
            (["KO", "PEP", "XOM"], "missing: 'CVX'"),
            (["KO", "PEP", "XOM", "CVX", "D"], "not known: 'D'"),
        ],
    )
    def test_other_labels_are_refused(self, client, returns, kind, labels, words):
        made = MAPPINGS[kind](labels, [0.25] * len(labels))
        for ask, field in [
            (lambda: client.portfolio_stats(returns, made), "weights"),
            (lambda: client.cara(returns, expected_returns=made), "expected_returns"),
            (lambda: client.multiperiod(returns, n_periods=2, initial_weights=made), "initial_weights"),
        ]:
            with pytest.raises(mr.InvalidInput, match=f"{field} must be labelled like the returns: KO, PEP.*{words}"):
                ask()


def test_what_has_no_labels_is_taken_by_place(client, returns):
    values = [0.4, 0.3, 0.2, 0.1]
    right = client.portfolio_stats(returns, values)
    for plain in (
        np.array(values),
        tuple(values),
        pd.Series(values),
        pl.Series(values),
        pa.array(values),
        [[0.4, 0.3, 0.2, 0.1]],
    ):
        assert client.portfolio_stats(returns, plain) == right
    assert client.portfolio_stats(returns.to_numpy(), pd.Series(values, index=NAMES)).mean_return == right.mean_return


def test_a_mapping_beside_returns_without_labels_is_refused(client, returns):
    with pytest.raises(mr.InvalidInput, match="weights is labelled, and the returns are not"):
        client.portfolio_stats(returns.to_numpy(), dict.fromkeys(NAMES, 0.25))
    assert client.portfolio_stats(returns.to_numpy(), {0: 0.4, 1: 0.3, 2: 0.2, 3: 0.1}).mean_return != 0


def test_a_series_without_an_index_of_its_own_counts_from_0(client, returns):
    weights, two = pd.Series([0.9, 0.1]), returns.iloc[:, :2]

    def mean(columns):
        return client.portfolio_stats(two.set_axis(columns, axis=1), weights).mean_return

    assert mean([10, 20]) == mean(["KO", "PEP"]) == mean([0, 1])
    assert mean([1, 0]) == client.portfolio_stats(two, [0.1, 0.9]).mean_return
    with pytest.raises(mr.InvalidInput, match="missing: 2; not known: 0"):
        mean([1, 2])


def test_a_label_of_another_type_is_named(client, returns):
    with pytest.raises(mr.InvalidInput, match="did you mean 10 for '10'"):
        client.portfolio_stats(returns.set_axis([10, 20, 30, 40], axis=1), {"10": 1.0, 20: 0.0, 30: 0.0, 40: 0.0})


SQUARES = {
    "pandas": lambda frame: frame,
    "mapping": lambda frame: frame.to_dict(),
    "mapping of series": lambda frame: {name: frame[name][::-1] for name in frame},
    "polars": pl.DataFrame,
    "polars with labels": lambda frame: pl.DataFrame(
        {"asset": list(frame.index)} | {n: frame[n].to_numpy() for n in frame}
    ),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
}


@pytest.mark.parametrize("kind", SQUARES)
@pytest.mark.parametrize("turned", [NAMES[::-1], ["PEP", "KO", "CVX", "XOM"]])
def test_a_covariance_is_read_by_its_labels(client, returns, kind, turned):
    covariance = returns.cov()
    right = client.cara(returns, covariance=covariance.to_numpy()).weights
    made = SQUARES[kind](covariance.loc[turned, turned])
    pd.testing.assert_series_equal(client.cara(returns, covariance=made).weights, right)
    alone = client.cara(expected_returns=dict(returns.mean()), covariance=made).weights
    got = alone if isinstance(alone, dict) else dict(zip(turned, np.asarray(alone), strict=True))
    assert {name: pytest.approx(weight) for name, weight in got.items()} == dict(right)


def test_labels_that_went_through_a_file_are_labels(client, returns):
    covariance = returns.cov()
    square = covariance.loc[NAMES[::-1]].reset_index(names="Unnamed: 0")
    weights = pd.DataFrame({"Unnamed: 0": NAMES[::-1], "weight": [0.1, 0.2, 0.3, 0.4]})
    assert client.cara(returns, covariance=square) == client.cara(returns, covariance=covariance)
    assert client.portfolio_stats(returns, weights) == client.portfolio_stats(returns, [0.4, 0.3, 0.2, 0.1])


def test_rows_and_columns_of_a_covariance_may_have_orders_of_their_own(client, returns):
    covariance = returns.cov()
    right = client.cara(returns, covariance=covariance)
    assert right == client.cara(returns, covariance=covariance.loc[NAMES[::-1]])
    with pytest.raises(mr.InvalidInput, match="covariance must be labelled like its columns"):
        client.cara(returns, covariance=covariance.rename(index={"KO": "ko"}))
    with pytest.raises(mr.InvalidInput, match="covariance must be square"):
        client.cara(returns, covariance=covariance.iloc[:3])


def test_periods_in_other_orders_are_the_same_periods(client, returns):
    first, second = returns[:40], returns[40:]
    right = client.multiperiod([first, second])
    assert right == client.multiperiod([first, second[NAMES[::-1]]])
    with pytest.raises(mr.InvalidInput, match=r"returns_sequence\[1\] must be labelled like the first period"):
        client.multiperiod([first, second.rename(columns={"KO": "ko"})])


def test_a_stream_of_returns_keeps_the_order_of_its_first_batch(client, returns):
    def last(batches):
        return list(client.cara_stream(batches, append=True))[-1].weights

    start, rows = returns[:70], [returns.iloc[i] for i in range(70, 80)]
    right = last([start, *rows])
    assert right.index.tolist() == NAMES
    for turned in (
        [row[NAMES[::-1]] for row in rows],
        [dict(row[NAMES[::-1]]) for row in rows],
        [returns[70:][NAMES[::-1]]],
    ):
        pd.testing.assert_series_equal(last([start, *turned]), right)
    with pytest.raises(mr.InvalidInput, match="returns must be labelled like the first batch"):
        last([start, rows[0].rename({"KO": "ko"})])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(3)))
def test_a_permutation_of_columns_permutes_the_answers(client, prices, order):
    frame = pd.DataFrame(prices, columns=["KO", "PEP", "XOM"])
    turned = frame.iloc[:, order]
    pd.testing.assert_frame_equal(client.fit_ou(turned).to_frame(), client.fit_ou(frame).to_frame().iloc[order])
    one, other = (client.sweep(each, **GRID) for each in (frame, turned))
    for name in frame:
        assert one.surface(name) == other.surface(name)
    returns = client.log_returns(frame).log_returns
    assert client.cara(returns).weights.to_dict() == pytest.approx(
        client.cara(returns.iloc[:, order]).weights.to_dict()
    )


def test_a_mapping_of_columns_gives_mappings(client, returns):
    mapping = {name: returns[name].to_numpy() for name in NAMES}
    weights = client.cara(mapping).weights
    assert weights == pytest.approx(dict(client.cara(returns).weights))
    stats = client.portfolio_stats(mapping, weights)
    assert stats.covariance["KO"]["PEP"] == pytest.approx(returns.cov().loc["KO", "PEP"])
    assert list(client.pca(mapping, n_components=2).components) == NAMES
    assert client.ou({name: 50 + returns[name].to_numpy() for name in NAMES}).asset_id == tuple(NAMES)


def test_processes_are_read_by_their_labels(client):
    theta, mu = pd.Series([0.1, 0.2], index=["KO", "PEP"]), pd.Series([60.0, 50.0], index=["PEP", "KO"])
    found = client.thresholds({"theta": theta, "mu": mu, "sigma": 1.0}, round_trip_cost=0.01)
    right = client.thresholds({"theta": [0.1, 0.2], "mu": [50.0, 60.0], "sigma": 1.0}, round_trip_cost=0.01)
    assert found == right
    assert found.to_frame().index.tolist() == ["KO", "PEP"]


def test_holdings_and_marks_may_have_labels_of_any_kind(client):
    for labels in (["KO", "PEP"], [10, 20], [("KO", 1), ("KO", 2)], [dt.date(2024, 3, 15), dt.date(2024, 6, 21)]):
        holdings = dict(zip(labels, [2.0, -1.0], strict=True))
        assert client.put_portfolio("any", holdings, cash=100.0).holdings == {str(k): v for k, v in holdings.items()}
        assert client.publish(dict(zip(labels, [60.0, 170.0], strict=True))) == 2
        assert next(client.health(portfolio_id="any")).total_value == 50.0
        assert (
            next(client.health(pd.Series([2.0, -1.0], index=pd.Index(labels, tupleize_cols=False)))).open_positions == 2
        )
    with pytest.raises(mr.InvalidInput, match="holdings must have a different name for each asset"):
        client.put_portfolio("any", {1: 1.0, "1": 2.0})


class TestErrors:
    """Which asset an error is about."""

    @pytest.mark.parametrize(
        "ask",
        [
            lambda c, r: c.cara(r),
            lambda c, r: c.sharpe(r),
            lambda c, r: c.portfolio_stats(r),
            lambda c, r: c.multiperiod(r, n_periods=2),
            lambda c, r: c.multiperiod([r, r]),
        ],
    )
    def test_an_asset_without_returns_is_named(self, client, returns, ask):
        with pytest.raises(mr.InvalidInput, match="'XOM'"):
            ask(client, returns.assign(XOM=np.nan))

    def test_an_infinite_return_is_named(self, client, returns):
        spoilt = returns.set_axis(pd.date_range("2024-01-01", periods=80))
        spoilt.iloc[3, 2] = np.inf
        for ask in (client.cara, client.pca, client.portfolio_stats):
            with pytest.raises(mr.InvalidInput, match=r"\(at 'XOM', 2024-01-04\)"):
                ask(spoilt)

    def test_an_asset_of_a_vector_is_named(self, client, returns):
        with pytest.raises(mr.InvalidInput, match=r"expected_returns\[1\].*\(at 'PEP'\)"):
            client.cara(returns, expected_returns=[0.1, np.inf, 0.1, 0.1])
