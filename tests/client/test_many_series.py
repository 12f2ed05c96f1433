"""ou of many series goes in one call, and answers as a stream of them does."""

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


def test_a_bad_price_is_found_alike(client, wide):
    spoilt = pd.DataFrame(wide).rename(columns=str)
    spoilt.iloc[7, 2] = np.inf
    told = []
    for ask in (client.ou, lambda given: one_by_one(client, given)):
        with pytest.raises(mr.InvalidInput, match=r"prices\[7, 2\] must not be infinite, got inf \(at '2'\)") as caught:
            ask(spoilt)
        told.append((caught.value.field, caught.value.index, caught.value.value))
    assert told[0] == told[1]


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
        np.testing.assert_array_equal(v2.estimate_ou_params(wide)["theta"], one_by_one(client, wide).theta)
