"""A client can be copied and sent to another process; an error of ours ends at the caller's line."""

import copy
import multiprocessing
import pickle
import traceback

import pytest

import meanrev as mr


def ask(client):
    return client.log_returns([1.0, 2.0]).n_periods


@pytest.mark.parametrize("kind", [mr.Client, mr.AsyncClient])
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda client: pickle.loads(pickle.dumps(client))])
def test_a_client_is_made_again_from_its_address_and_settings(kind, again, monkeypatch):
    client = kind("box:7", timeout=3, tls=True)
    monkeypatch.setenv("MEANREV_HOST", "other:1")
    made = again(client)
    assert type(made) is kind
    assert (made.address, made.timeout, made._tls) == ("box:7", 3.0, True)
    assert made is not client


def test_it_calls_from_another_process(client):
    assert ask(client) == 1
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(ask, (client,)) == 1


def test_a_token_is_copied_and_never_pickled():
    client = mr.Client("localhost:1", token="a-secret")
    copied, own = (vars(each._transport)["_endpoint"] for each in (copy.copy(client), client))
    assert copied.metadata == own.metadata
    with pytest.raises(mr.MeanRevError, match="the token is a secret") as refusal:
        pickle.dumps(client)
    assert "a-secret" not in str(refusal.value)


def frames_of(error):
    return [frame for frame in traceback.extract_tb(error.__traceback__) if "test_portable" not in frame.filename]


def wrong_calls(client):
    yield lambda: client.log_returns([1.0, -2.0])
    yield lambda: client.cara([[0.1, 0.2]] * 3, estimator="ledoit-wolf")
    yield lambda: client.log_returns("text")
    yield lambda: list(client.ou_stream([("A", 1.0), {"prize": 1.0}]))
    yield lambda: next(client.health({"A": 1.0}, limits={"max_drawdwn": 1.0}))


def test_an_error_ends_at_the_callers_line(client):
    for call in wrong_calls(client):
        with pytest.raises(mr.InvalidInput) as error:
            call()
        assert len(frames_of(error.value)) <= 1
        told = "".join(traceback.format_exception(error.value))
        assert "direct cause" not in told
        assert "During handling" not in told


async def test_so_it_does_from_asyncio(where):
    async with mr.AsyncClient(where) as ask:
        with pytest.raises(mr.InvalidInput) as error:
            await ask.log_returns([1.0, -2.0])
        assert len(frames_of(error.value)) <= 1
        with pytest.raises(mr.InvalidInput) as error:
            async for _ in ask.backtest_stream([1.0], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=-1.0):
                pass
        assert len(frames_of(error.value)) <= 1
        assert error.value.field == "cost_per_side"


def test_all_of_a_traceback_is_there_for_the_asking(client, monkeypatch):
    monkeypatch.setenv("MEANREV_TRACEBACK", "full")
    with pytest.raises(mr.InvalidInput) as error:
        client.log_returns([1.0, -2.0])
    assert len(frames_of(error.value)) > 3
