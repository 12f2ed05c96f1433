"""The client's johansen: 2 to 12 series, in any container."""

import asyncio

import numpy as np
import pandas as pd
import polars as pl
import pytest

import meanrev as mr

DAYS = pd.date_range("2020-01-01", periods=400)


@pytest.fixture
def frame(prices):
    return pd.DataFrame(prices, index=DAYS, columns=["KO", "PEP", "KDP"])


def test_a_frame_gives_weights_by_label_and_a_spread_by_time(client, frame):
    found = client.johansen(frame, det_order=0, lags=1)
    assert isinstance(found, mr.results.JohansenTest)
    assert list(found.vectors.columns) == ["KO", "PEP", "KDP"]
    expected = np.log(frame) @ found.vectors.iloc[0] - found.intercept
    pd.testing.assert_series_equal(found.spread, expected, check_names=False)
    assert found.spread.name is None
    assert found.eigenvalues.shape == found.trace_statistic.shape == (3,)
    assert found.trace_critical_values.shape == found.max_eigenvalue_critical_values.shape == (3, 3)
    assert (found.trace_rank, found.max_eigenvalue_rank, found.n_samples) == (3, 3, 398)
    assert (found.status, found.reason) == ("ok", "")


def test_the_spread_feeds_the_other_methods(client, frame):
    found = client.johansen(frame)
    fit = client.ou(found.spread)
    for name in ("theta", "mu", "sigma", "half_life"):
        assert fit[name] == pytest.approx(found[name], rel=1e-9, abs=1e-9)
    assert client.thresholds(found, round_trip_cost=0.001).entry_zscore > 0


def test_arrays_lists_and_mappings(client, prices, frame):
    expected = client.johansen(frame)
    found = client.johansen(prices)
    assert isinstance(found.vectors, np.ndarray)
    by_name = client.johansen(dict(zip("ABC", prices.T, strict=True)))
    assert list(by_name.vectors) == ["A", "B", "C"]
    np.testing.assert_array_equal(by_name.vectors["B"], expected.vectors["PEP"].to_numpy())
    for other in (found, client.johansen(prices.tolist())):
        np.testing.assert_array_equal(np.asarray(other.vectors), expected.vectors.to_numpy())
    for other in (found, by_name):
        np.testing.assert_array_equal(np.asarray(other.spread), expected.spread.to_numpy())
        np.testing.assert_array_equal(other.trace_statistic, expected.trace_statistic)


def test_a_frame_of_polars(client, frame):
    found = client.johansen(pl.DataFrame({name: frame[name].to_numpy() for name in frame}))
    assert isinstance(found.spread, pl.Series)
    assert found.vectors.columns == ["KO", "PEP", "KDP"]


def test_every_option_reaches_the_server(client, frame):
    plain = client.johansen(frame)
    assert client.johansen(frame, det_order=0, lags=1, log=True) == plain
    assert client.johansen(frame, det_order=1).trend != 0
    assert client.johansen(frame, det_order=-1).intercept == 0
    assert client.johansen(frame, lags=3).n_samples == 396
    logarithms = client.johansen(np.log(frame), log=False)
    np.testing.assert_allclose(logarithms.trace_statistic, plain.trace_statistic, rtol=1e-9)
    assert client.johansen(frame, log=False).trace_statistic[0] != plain.trace_statistic[0]


def test_it_is_awaited_of_an_asyncio_client(where, frame):
    async def ask():
        async with mr.AsyncClient(where) as client:
            return await client.johansen(frame)

    with mr.Client(where) as client:
        assert asyncio.run(ask()) == client.johansen(frame)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda c, f: c.johansen(f["KO"]), r"prices must have shape \(T, N\)"),
        (lambda c, f: c.johansen(f[["KO"]]), r"prices must be \(T, N\) with N >= 2"),
        (lambda c, f: c.johansen(f[:5]), "prices must have T >= 12 rows for 3 series, 1 lags and det_order 0, got 5"),
        (lambda c, f: c.johansen(f.mask(f == f.iloc[4, 1])), r"prices\[4, 1\] .*'PEP', 2020-01-05"),
        (lambda c, f: c.johansen(-f), r"prices\[0, 0\] must be > 0 with log.*'KO', 2020-01-01"),
        (lambda c, f: c.johansen(f.assign(PEP=5.0)), r"prices\[:, 1\] must vary, got 5\.0.*'PEP'"),
        (lambda c, f: c.johansen(f.assign(KDP=f.KO * f.PEP)), r"\(at 'KO', 'PEP', 'KDP'\)$"),
        (lambda c, f: c.johansen(f.assign(MNST=2 * f.PEP), log=False), r"\(at 'PEP', 'MNST'\)$"),
        (
            lambda c, f: c.johansen(f.assign(T=np.exp(0.01 * np.arange(400)))),
            r"prices\[:, 3\] must vary by.*\(at 'T'\)$",
        ),
        (lambda c, f: c.johansen(f, det_order=2), "det_order must be one of -1, 0, 1"),
        (lambda c, f: c.johansen(f, lags=25), "lags must be a whole number from 0 to 24, got 25"),
    ],
)
def test_what_is_wrong_is_named(client, frame, ask, words):
    with pytest.raises(mr.InvalidInput, match=words):
        ask(client, frame)


def test_columns_without_labels_are_named_by_their_number(client, prices):
    with pytest.raises(mr.InvalidInput, match=r"^prices\[:, \[1, 3\]\] must not determine each other") as caught:
        client.johansen(np.column_stack([prices, 2 * prices[:, 1]]), log=False)
    assert caught.value.hint == ""
