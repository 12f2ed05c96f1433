"""rolling: windows of returns in the containers of the caller, beside the single calls for each window's rows."""

import asyncio

import numpy as np
import pandas as pd
import polars as pl
import pytest

import meanrev as mr
from meanrev.results import Rolling

SIZES = {"window": 60, "step": 20}


@pytest.fixture(scope="module")
def frame():
    """(200, 3) returns by day, one of them missing and one column still for some months."""
    rng = np.random.default_rng(11)
    values = 1e-3 + 0.01 * rng.normal(size=(200, 3)) + 0.004 * rng.normal(size=(200, 1))
    values[150, 1] = np.nan
    values[40:110, 2] = 0.0
    days = pd.date_range("2022-01-03", periods=200, tz="UTC")
    return pd.DataFrame(values, index=days, columns=pd.Index(["KO", 7, ("a", 1)], tupleize_cols=False))


@pytest.mark.parametrize("kind", ["cara", "sharpe"])
def test_each_window_is_the_single_call(client, frame, kind):
    options = {"gamma": 3.0, "risk_free_rate": 1e-4, "mode": "long_only", "bounds": (0.0, 0.6)}
    found = client.rolling(frame, kind, **SIZES, **options)
    assert isinstance(found, Rolling)
    assert found.columns == ("KO", 7, ("a", 1))
    assert list(found.weights.columns) == list(frame.columns)
    assert list(found.weights.index) == list(frame.index[found.stop - 1])
    for k, (start, stop) in enumerate(zip(found.start, found.stop, strict=True)):
        rows = frame.iloc[start:stop]
        if found.status[k] == "error":
            with pytest.raises(mr.InvalidInput, match="does not vary"):
                getattr(client, kind)(rows, **options)
            continue
        single = getattr(client, kind)(rows, **options)
        np.testing.assert_allclose(found.weights.iloc[k], single.weights, rtol=0, atol=1e-10)
        for name in ("expected_return", "sharpe_ratio", "sharpe_std_error", "probability_sharpe_positive", "utility"):
            assert found[name][k] == pytest.approx(single[name], rel=1e-8, nan_ok=True), name
        assert (found.status[k], found.reason[k]) == (single.status, single.meta.get("reason", ""))
    assert found.status.count("error") == 1


def test_components_are_those_of_the_single_call(client, frame):
    found = client.rolling(frame, "pca", n_components=2, scaling="zscore", **SIZES)
    single = client.pca(frame.iloc[:60], n_components=2, scaling="zscore")
    np.testing.assert_array_equal(found.components[0], single.components)
    np.testing.assert_array_equal(found.explained_variance_ratio[0], single.explained_variance_ratio)
    assert found.weights is None
    assert found.reason[-1] == "returns[150, 1] must be finite, got nan"


def test_a_table_has_a_row_a_window_with_its_dates(client, frame):
    table = client.rolling(frame, "cara", **SIZES).to_frame()
    assert len(table) == 8
    assert {"first", "last", "status", "reason", "weight_KO", "weight_7", "turnover"} <= set(table.columns)
    assert table["last"][0] == frame.index[59].tz_localize(None)
    components = client.rolling(frame, "pca", **SIZES)
    assert "explained_variance_ratio_3" in components.to_polars().columns
    assert components.to_arrow().num_rows == 8
    assert "Rolling(" in repr(components)
    assert "weight_KO" in str(client.rolling(frame, **SIZES))


def test_arrays_and_other_frames_come_back_as_they_came(client, frame):
    values = frame.to_numpy()
    found = client.rolling(values, "cara", asset_ids=["x", "y", "z"], **SIZES)
    assert isinstance(found.weights, np.ndarray)
    assert (found.columns, found.first, found.last) == (("x", "y", "z"), None, None)
    assert "weight_y" in found.to_columns()
    as_polars = client.rolling(pl.DataFrame({"x": values[:, 0], "y": values[:, 1], "z": values[:, 2]}), "cara", **SIZES)
    assert isinstance(as_polars.weights, pl.DataFrame)
    np.testing.assert_array_equal(as_polars.weights.to_numpy(), found.weights)
    assert as_polars.to_columns().keys() == found.to_columns().keys()


def test_a_picture_shows_the_largest_weights(client, frame):
    found = client.rolling(frame, "cara", **SIZES)
    chart = found.chart(most=2)
    names = [line.name for line in chart.panels[0].parts]
    sizes = np.nansum(np.abs(found.weights.to_numpy()), axis=0)
    assert set(names) == {str(found.columns[place]) for place in np.argsort(-sizes)[:2]}
    assert "the 2 largest of 3 assets" in chart.title
    assert "1 of 8 windows have no answer" in chart.note
    assert "<svg" in chart.svg()
    shares = client.rolling(frame, "pca", **SIZES).chart()
    assert [line.name for line in shares.panels[0].parts] == ["component 1", "component 2", "component 3"]


def test_it_is_a_job_an_asyncio_call_and_a_question_of_its_price(client, frame):
    found = client.rolling(frame, "sharpe", **SIZES)
    assert client.submit("rolling", frame, kind="sharpe", **SIZES).result() == found
    assert client.rolling(frame, dry_run=True, **SIZES).reply_bytes > 0
    steps = []
    client.rolling(frame, progress=lambda done, total, _: steps.append((done, total)), **SIZES)
    assert steps[-1] == (8, 8)

    async def asked():
        async with mr.AsyncClient("local") as aio:
            return await aio.rolling(frame, "sharpe", **SIZES)

    assert asyncio.run(asked()) == found


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "mean"}, "kind must be one of 'cara', 'pca', 'sharpe'"),
        ({"window": 201}, "window must be at most the 200 rows"),
        (
            {"kind": "pca", "estimator": "oas"},
            "estimator must be left out: it applies to kind 'cara' and 'sharpe' only",
        ),
        ({"bounds": {"KO": (0, 1)}}, "bounds"),
    ],
)
def test_a_wrong_argument_is_named(client, frame, given, message):
    with pytest.raises(mr.InvalidInput, match=message):
        client.rolling(frame, **given)
    with pytest.raises(mr.InvalidInput, match=r"returns must have shape \(T, N\)"):
        client.rolling(frame["KO"])
