"""The page about GPUs says what the code does, and launches, copies and bytes of requests stay what they are."""

import asyncio
import threading
from contextlib import aclosing

import numpy as np
import pytest

from gpu_kernels import cointegration, dispatch, pair_trading
from meanrev_wire import research_pb2
from tests.gpu_kernels.gpu_page import OPERATIONS, PAGE, REQUESTS, chosen, page, server, traffic, walk
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand
from tests.server.research import chunks
from tests.server.test_announced import ROUTES, answered

__all__ = ["stand"]


def of(method):
    return [request for request in REQUESTS if request.method == method]


@needs_compiler
@pytest.mark.skipif(not PAGE.is_file(), reason="needs the checkout, and this run has the wheel alone")
def test_the_page_is_what_the_code_generates():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.gpu_kernels.gpu_page"


def test_a_request_is_large_by_its_own_bar_steps():
    work = OPERATIONS["ou.fit"]
    for fewest, place in ((180, "GPU"), (181, "lanes")):
        with chosen(fewest) as found:
            work()
        assert [ran.place for ran in found] == [place]


SERIES, PRICES = 20, 50
SUMS, VERDICTS = 11, 24
"""Numbers of a series that the kernels of a fit write."""


def fits(app, requests):
    """Return the result of each of some FitOu requests, all of which wait before the first one is computed."""
    launcher, gate = app.call.launcher, threading.Event()

    async def one(messages):
        async def streamed():
            for message in messages:
                yield message.SerializeToString()

        async with aclosing(app.routes[ROUTES["FitOu"].path].handle(streamed(), app.call)) as replies:
            return [research_pb2.FitOuReply.FromString(reply) async for reply in replies][-1].result

    async def all_of_them():
        holding = asyncio.ensure_future(launcher.run(gate.wait))  # in the only thread
        asking = asyncio.gather(*map(one, requests))
        while launcher.load.waiting < len(requests) and not asking.done():  # noqa: ASYNC110 - nothing else says so
            await asyncio.sleep(0.001)
        gate.set()
        await holding
        return await asking

    return asyncio.run(all_of_them())


@needs_compiler
@pytest.mark.parametrize(
    ("options", "most"),
    [({}, 4), ({"bias": "jackknife", "adf_lags": 2}, 10), ({"tests": ["adf", "kpss"]}, 10)],
    ids=str,
)
def test_small_fits_share_their_launches_and_have_the_answers_of_fits_alone(options, most):
    asked = [chunks(walk(50, n_columns) + seed, **options) for seed in range(16) for n_columns in (1, 2, 3, 5)]
    with server() as (app, stand):
        fits(app, asked[:1])  # tables are made
        stand.forget()
        found = fits(app, asked)
        assert sum(stand.traffic.launches.values()) <= most
        alone = [fits(app, [request])[0] for request in asked[:8]]
    assert [result.columns for result in found] == [[str(i) for i in range(n)] for _ in range(16) for n in (1, 2, 3, 5)]
    for one, other in zip(alone, found[:8], strict=True):
        assert one.SerializeToString() == other.SerializeToString()


@needs_compiler
def test_fits_that_do_not_go_together_are_computed_by_themselves():
    """Other options, other rows, a large matrix; and where the lanes are beside a GPU, small ones are theirs."""
    asked = [chunks(walk(50, 2)), chunks(walk(50, 2), dt=0.5), chunks(walk(51, 2)), chunks(walk(50, 1_400))]
    with server() as (app, stand):
        stand.forget()
        fits(app, asked)
        assert stand.traffic.launches["ou_verdicts"] == 6  # three parts of 512 columns of the last one
    with server(2**62) as (app, stand):
        stand.forget()
        fits(app, asked)
        assert not stand.traffic.launches


@needs_compiler
def test_a_bad_request_among_those_that_go_together_fails_alone():
    values = walk(50, 2)
    values[10, 1] = np.nan
    constant = np.full((50, 1), 7.0)
    with server() as (app, _):
        found = fits(app, [chunks(walk(50, 2)), chunks(values), chunks(constant), chunks(walk(50, 2))])
    assert found[2].status == ["error"]
    assert found[0].SerializeToString() == found[3].SerializeToString()
    assert found[1].n_samples == [50, 49]


@needs_compiler
def test_a_fit_goes_up_once_and_two_launches_answer_it():
    found = traffic(of("FitOu")[0])
    assert found.launches == {"ou_sums": 1, "ou_verdicts": 1}
    assert (found.copies_up, found.bytes_up) == (2, 8 * SERIES * (PRICES + SUMS))
    assert (found.copies_down, found.bytes_down) == (2, 8 * SERIES * (SUMS + VERDICTS))


@needs_compiler
@pytest.mark.parametrize(("fewest", "launches"), [(dispatch.FEWEST_ON_DEVICE, 0), (0, 4)])
def test_small_fits_share_launches_and_stay_on_the_lanes_where_these_are_there(fewest, launches):
    request = of("FitOu")[0]

    async def together(app):
        await asyncio.gather(*(answered(app, request.method, request.messages) for _ in range(64)))

    with server(fewest) as (app, stand):
        stand.forget()
        asyncio.run(together(app))
        assert sum(stand.traffic.launches.values()) == launches


@needs_compiler
@pytest.mark.parametrize("names", [10, 20])
def test_all_pairs_come_down_with_ten_figures_each(stand, names):
    prices = walk(100, names)
    with dispatch.using("cuda"):
        cointegration.scan(prices)
    found = stand.traffic
    assert found.launches == {"pairs_1": 1}
    assert (found.copies_down, found.bytes_down) == (1, 80 * names**2)
    assert found.bytes_up == prices.nbytes


@needs_compiler
@pytest.mark.parametrize("alpha", [0.05, 1.0])
def test_a_scan_brings_a_statistic_of_each_pair_down_and_three_figures_of_those_that_pass(stand, alpha):
    """Of a tile of a block with itself, bands of 64 rows come down from the diagonal on."""
    prices = walk(150, 150)
    stand.forget()
    with dispatch.using("cuda"):
        found = pair_trading.test_pairs(prices, range(150), range(150), n_train=150, alpha=alpha)
    traffic = stand.traffic
    bands = 64 * 150 + 64 * (150 - 64) + 22 * 22
    listed = found.y.size
    assert traffic.launches == {"tile_1": 1}
    assert (traffic.copies_down, traffic.bytes_down) == (4, 8 * bands + 24 * listed)
    assert traffic.bytes_up == prices.nbytes + 2 * 8 * 150 + 8 * listed
    assert found.n_pairs == 150 * 149 // 2 == found.p_values.size
    assert (listed == found.n_pairs) == (alpha == 1.0)


@needs_compiler
def test_a_sweep_sends_its_prices_for_each_lookback_the_moments_and_the_fits():
    one, three, _ = map(traffic, of("SweepThresholds"))
    assert one.launches == {
        "rolling_z": 2, "sweep_compounding": 1, "moments_compounding": 1, "ou_sums": 1, "ou_verdicts": 1
    }  # fmt: skip
    prices = 8 * 4 * 100
    assert one.bytes_up // prices == 3
    assert three.launches["sweep_compounding"] == 3
    assert three.bytes_up // prices >= 5


@needs_compiler
def test_of_a_spectrum_all_values_come_down_and_the_vectors_that_are_kept():
    for request, kept in zip(of("PcaPortfolios"), (40, 3), strict=True):
        found = traffic(request)
        assert (found.copies_up, found.bytes_up) == (1, 8 * 80 * 40)
        assert (found.copies_down, found.bytes_down) == (3, 8 * (40 + 40 * kept + 2))


@needs_compiler
def test_what_the_lanes_compute_asks_nothing_of_the_gpu():
    with server(dispatch.FEWEST_ON_DEVICE) as (app, stand):
        for request in REQUESTS:
            stand.forget()
            asyncio.run(answered(app, request.method, request.messages))
            assert (stand.traffic.launches, stand.traffic.bytes_up, stand.traffic.bytes_down) == ({}, 0, 0)
