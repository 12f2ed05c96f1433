"""The asyncio client: the same declarations, awaited."""

import asyncio
import inspect

import pytest

import meanrev as mr
from meanrev.methods import Methods


@pytest.fixture
async def ask(where):
    async with mr.AsyncClient(where) as connected:
        yield connected


async def test_every_answer_equals_the_blocking_clients(ask, where, prices, returns):
    with mr.Client(where) as client:
        fit = await ask.ou(prices)
        assert fit == client.ou(prices)
        assert await ask.thresholds(fit, cost_per_side=1e-4) == client.thresholds(fit, cost_per_side=1e-4)
        assert await ask.cara(returns) == client.cara(returns)
        assert await ask.pca(returns) == client.pca(returns)
        assert await ask.signals(prices[:, 0]) == client.signals(prices[:, 0])


async def test_calls_run_at_once(ask, prices):
    found = await asyncio.gather(*(ask.ou(prices[:, i % 3]) for i in range(30)))
    assert len({fit.theta for fit in found}) == 3


async def test_asynchronous_ticks_are_answered_as_they_come(ask):
    heard = asyncio.Event()

    async def ticks():
        yield 1.0
        await heard.wait()
        yield ("", 2.0)

    seen = []
    async for estimate in ask.ou_stream(ticks()):
        seen.append(estimate.n_samples)
        heard.set()
    assert seen == [1, 2]


async def test_plain_iterables_do_as_well(ask):
    assert [metric.bar_number async for metric in _bars(ask)] == [1, 2, 3]


def _bars(ask):
    return ask.backtest_stream([1.0, 2.0, 3.0], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=0.0)


async def test_the_callers_own_error_comes_back_to_the_caller(ask):
    async def ticks():
        yield 1.0
        raise LookupError("no more ticks")

    with pytest.raises(LookupError, match="no more ticks"):
        async for _ in ask.ou_stream(ticks()):
            pass


async def test_errors_are_not_wrapped_in_groups(ask, prices):
    spoilt = prices.copy()
    spoilt[7, 2] = -2.0
    with pytest.raises(mr.InvalidInput, match=r"prices\[7, 2\]"):
        await ask.log_returns(spoilt)
    with pytest.raises(mr.InvalidInput, match="stop"):
        await ask.thresholds(await ask.ou(prices), cost_per_side=1e-4, stop=0.01)


async def test_leaving_a_stream_early_leaves_the_client_usable(ask):
    reports = ask.health({"A": 1.0}, update_frequency_ms=5)
    async for _ in reports:
        break
    await reports.aclose()
    assert (await ask.log_returns([1.0, 2.0])).n_periods == 1


async def test_a_call_can_be_cancelled(ask):
    async def follow():
        async for _ in ask.health({"A": 1.0}, update_frequency_ms=60_000):
            pass

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await ask.log_returns([1.0, 2.0])).n_periods == 1


async def test_a_deadline_that_passes_is_deadline_exceeded(ask):
    with pytest.raises(mr.DeadlineExceeded):
        async for _ in ask.health({"A": 1.0}, update_frequency_ms=60_000, timeout=0.2):
            pass


def test_one_client_serves_one_event_loop_after_another(where):
    ask = mr.AsyncClient(where)
    for _ in range(3):
        assert asyncio.run(_once(ask)) == 1


def test_channels_of_closed_event_loops_are_given_back(address):
    ask = mr.AsyncClient(address)
    for _ in range(5):
        asyncio.run(_once(ask))
    assert len(vars(ask._transport)["_channels"]) == 1


async def _once(ask):
    return (await ask.log_returns([1.0, 2.0])).n_periods


async def test_nothing_is_listened_for_where_no_server_is(closed_address):
    async with mr.AsyncClient(closed_address, timeout=1) as ask:
        with pytest.raises(mr.ConnectionFailed, match=closed_address):
            await ask.log_returns([1.0, 2.0])


def test_both_clients_have_the_same_methods_and_arguments(where):
    client, ask = mr.Client(where), mr.AsyncClient(where)
    for name in [name for name in vars(Methods) if not name.startswith("_")]:
        one, other = getattr(client, name), getattr(ask, name)
        assert list(inspect.signature(one).parameters) == list(inspect.signature(other).parameters)
        assert one.__doc__ == other.__doc__ == getattr(mr.Client, name).__doc__
        assert one.__name__ == name


def test_help_says_what_the_caller_gets(where):
    from meanrev.results import OuFit

    for client in (mr.Client(where), mr.AsyncClient(where)):
        assert inspect.signature(client.ou).return_annotation is OuFit
        assert str(inspect.signature(client.ou_stream).return_annotation).endswith(
            "Iterator[meanrev.results.series.OuFit]"
        )


async def test_a_stream_that_is_refused_while_it_is_sent_says_why(ask):
    """gRPC's client puts an error of its own in place of the refusal, where that comes between two messages."""

    async def refused():
        with pytest.raises(mr.InvalidInput, match="adf_lags"):
            async for _ in ask.ou_stream(iter([1.0, 2.0] * 200), adf_lags=1000):
                pass

    await asyncio.gather(*(refused() for _ in range(20)))
