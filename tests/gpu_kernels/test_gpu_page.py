"""The page about GPUs says what the code does, and launches, copies and bytes of requests stay what they are."""

import asyncio

import pytest

from gpu_kernels import cointegration, dispatch
from tests.gpu_kernels.gpu_page import OPERATIONS, PAGE, REQUESTS, chosen, page, server, traffic, walk
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand
from tests.server.test_announced import answered

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


@needs_compiler
def test_a_fit_goes_up_once_and_two_launches_answer_it():
    found = traffic(of("FitOu")[0])
    assert found.launches == {"ou_sums": 1, "ou_verdicts": 1}
    assert (found.copies_up, found.bytes_up) == (2, 8 * SERIES * (PRICES + SUMS))
    assert (found.copies_down, found.bytes_down) == (2, 8 * SERIES * (SUMS + VERDICTS))


@needs_compiler
@pytest.mark.parametrize(("fewest", "launches"), [(dispatch.FEWEST_ON_DEVICE, 0), (0, 128)])
def test_small_fits_share_no_launches_and_stay_on_the_lanes_where_these_are_there(fewest, launches):
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
