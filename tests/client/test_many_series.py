"""ou of many series goes in one call, and answers as a stream of them does."""

import math
import sys

import numpy as np
import pandas as pd
import pytest

import meanrev as mr


@pytest.fixture(scope="session")
def wide(prices):
    """(400, 12) prices of which some cannot be fitted."""
    out = np.tile(prices, (1, 4)) * np.repeat([1.0, -2.0, 1e-6, 30.0], 3)
    out[:, 1] = 5.0
    out[:, 4] = np.nan
    out[::3, 6] = np.nan
    out[:-4, 7] = np.nan
    out[:, 9] = np.arange(400.0)
    return out


def one_by_one(client, *args, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["meanrev.methods.ou"], "_MANY", 10**9)
        return client.ou(*args, **options)


def assert_the_same(one, other):
    assert list(one) == list(other)
    for name in one:
        if isinstance(one[name], tuple):
            assert one[name] == other[name], name
        else:
            assert one[name].dtype == other[name].dtype
            np.testing.assert_allclose(one[name], other[name], rtol=1e-8, err_msg=name)


@pytest.mark.parametrize("rows", [1, 3, 4, 20, 400])
@pytest.mark.parametrize(
    "options", [{}, {"adf_lags": 2, "dt": 0.5}, {"bias": "none"}, {"bias": "jackknife"}, {"window": 50}]
)
def test_one_call_answers_as_the_streams_do(client, wide, rows, options):
    assert_the_same(client.ou(wide[-rows:], **options), one_by_one(client, wide[-rows:], **options))


def test_names_and_times_are_treated_alike(client, wide):
    index = pd.date_range("2020-01-01", periods=len(wide))
    frame = pd.DataFrame(wide, columns=list("ABCDEFGHIJKL"), index=index)
    assert_the_same(client.ou(frame), one_by_one(client, frame))


@pytest.mark.parametrize("bias", ["none", "tang_chen"])
def test_a_column_with_an_infinite_price_is_told_alike_and_spoils_no_other(client, wide, bias):
    """A FitOu call, a call by streams, and streams after a FitOu call: a constant column has them asked."""
    spoilt = pd.DataFrame(wide).rename(columns=str)
    spoilt.iloc[7, 2] = np.inf
    spoilt.iloc[:, 4] = 5.0
    clean = spoilt.assign(**{"2": wide[:, 2]})
    reason = "the price inf at row 7 is infinite"
    for columns in (slice(None), slice(1, 6)):
        found = client.ou(spoilt.iloc[:, columns], bias=bias)
        expected = client.ou(clean.iloc[:, columns], bias=bias)
        place = found.asset_id.index("2")
        assert (found.status[place], found.reason[place]) == ("error", reason)
        assert math.isnan(found.theta[place])
        others = np.arange(len(found.status)) != place
        for name in ("theta", "mu", "sigma", "half_life", "adf_p_value"):
            np.testing.assert_array_equal(found[name][others], expected[name][others])
        assert [*np.array(found.reason)[others]] == [*np.array(expected.reason)[others]]
    fit = client.fit_ou(spoilt, bias=bias)
    assert (fit.status[2], fit.reason[2], fit.half_life[2]) == ("error", reason, math.inf)
    found = client.ou(spoilt, bias=bias)
    for name in ("theta", "mu", "sigma", "half_life", "half_life_lower", "adf_p_value", "n_samples"):
        np.testing.assert_equal(found[name][2], fit[name][2])


def test_a_single_series_with_an_infinite_price_is_refused_by_row(client, wide):
    spoilt = pd.Series(wide[:, 0], name="KO")
    spoilt.iloc[7] = np.inf
    with pytest.raises(mr.InvalidInput, match=r"prices\[7\] must not be infinite, got inf"):
        client.ou(spoilt)


def test_a_server_without_the_research_service_is_asked_by_streams(client, wide, monkeypatch):
    expected = one_by_one(client, wide)
    stream = client._transport.stream
    asked = []

    def earlier(path, messages, timeout):
        asked.append(path)
        if "MeanRevResearch" in path:
            raise mr.ServerError("unknown", "UNIMPLEMENTED")
        return stream(path, messages, timeout)

    monkeypatch.setattr(client._transport, "stream", earlier)
    assert client.ou(wide) == expected
    assert len(asked) == 2


async def test_an_asyncio_client_does_the_same(where, wide):
    with mr.Client(where) as client:
        expected = client.ou(wide)
    async with mr.AsyncClient(where) as client:
        assert await client.ou(wide) == expected


def test_the_earlier_functions_get_what_they_got(wide):
    from meanrev.compat import v2

    with mr.Client("local") as client:
        theta = one_by_one(client, wide).theta
    assert np.isnan(theta).any()
    expected = np.where(np.isnan(theta), 0.0, theta)  # what the wire has for too few prices
    np.testing.assert_array_equal(v2.estimate_ou_params(wide)["theta"], expected)
