"""Timestamps run forward and are milliseconds, wherever a request carries those of one series."""

import grpc
import numpy as np
import pytest

from gpu_kernels import interruption
from gpu_kernels.errors import Interrupted, InvalidInput
from meanrev_server.handlers import publish_prices
from meanrev_server.rpc.stamps import check_stamps
from meanrev_wire import meanrev_pb2, research_pb2
from tests.server.research import Research, chunks

DAY = 86_400_000
NOON = 1_700_000_000_000
PRICES = 100 + np.random.default_rng(1).normal(size=40)


def days(**changed):
    stamps = (NOON + DAY * np.arange(40)).tolist()
    for place, value in changed.items():
        stamps[int(place[1:])] = value
    return stamps


BACK = days(d30=NOON)
TWICE = days(d30=NOON + 29 * DAY)
MICRO = [1000 * stamp for stamp in days()]
NANO = [10**6 * stamp for stamp in days()]

BROKEN = [
    pytest.param(BACK, r"[30] must increase strictly from row to row (row 29 has", "sort the rows by time", id="back"),
    pytest.param(TWICE, r"[30] must increase strictly from row to row (row 29 has", "keep one row", id="twice"),
    pytest.param(
        MICRO, r"[0] must be milliseconds since the epoch", "looks like microseconds: divide by 1000)", id="us"
    ),
    pytest.param(NANO, r"[0] must be milliseconds since the epoch", "nanoseconds: divide by 1000000)", id="ns"),
    pytest.param(days(d39=10**14), r"[39] must be milliseconds since the epoch", "1900 to 2200", id="far"),
]


def refused(asked):
    with pytest.raises(grpc.RpcError) as error:
        list(asked())
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return error.value.details()


@pytest.mark.parametrize(("stamps", "rule", "way"), BROKEN)
class TestEverywhere:
    @pytest.mark.parametrize("rows", [40, 30, 7, 1])
    def test_in_chunks_however_they_are_cut(self, address, stamps, rule, way, rows):
        with Research(address) as ask:
            details = refused(lambda: ask("FitOu", chunks(PRICES[:, None], rows, stamps=stamps)))
        assert f"timestamps_ms{rule}" in details
        assert way in details

    def test_in_blocks_of_a_backtest(self, call, stamps, rule, way):
        block = meanrev_pb2.BacktestInput(prices=PRICES, timestamps_ms=stamps)
        details = refused(lambda: call("BacktestWithCosts", [block]))
        assert f"timestamps_ms{rule}" in details
        assert way in details

    def test_in_blocks_of_an_estimate(self, call, stamps, rule, way):
        block = meanrev_pb2.PriceUpdate(asset_id="A", prices=PRICES, timestamps_ms=stamps)
        details = refused(lambda: call("EstimateOUParams", [block]))
        assert f"timestamps_ms{rule}" in details
        assert way in details

    def test_in_the_history_of_signals(self, call, stamps, rule, way):
        history = meanrev_pb2.PriceHistory(prices=PRICES, timestamps_ms=stamps)
        details = refused(lambda: [call("GenerateSignals", price_history=history)])
        assert f"price_history.timestamps_ms{rule}" in details
        assert way in details


def test_the_row_is_the_matrix_s_own_and_both_times_are_named(address):
    with Research(address) as ask:
        details = refused(lambda: ask("FitOu", chunks(PRICES[:, None], 10, stamps=BACK)))
    assert f"timestamps_ms[30] must increase strictly from row to row (row 29 has {NOON + 29 * DAY};" in details
    assert details.endswith(f"got {NOON}")


def test_numbered_rows_and_early_years_are_legal():
    for stamps in (range(5), range(-5, 5), [-2_208_988_800_000, 7_258_118_399_999]):
        check_stamps(np.array(list(stamps)), "timestamps_ms")
    with pytest.raises(InvalidInput, match="1900 to 2200"):
        check_stamps(np.array([-2_208_988_800_001]), "timestamps_ms")


def test_marks_of_several_assets_may_have_one_time(address):
    asked = research_pb2.PublishPricesRequest(asset_ids=["A", "B"], prices=[1.0, 2.0], timestamps_ms=[NOON, NOON])
    with Research(address) as ask:
        assert ask("PublishPrices", asked).accepted == 2


def test_the_check_of_many_prices_ends_where_its_caller_has_gone():
    request = research_pb2.PublishPricesRequest(asset_ids=["A"] * 3_000, prices=np.ones(3_000))
    gone = interruption.Interrupt()
    gone.set()
    with interruption.using(gone), pytest.raises(Interrupted):
        publish_prices._checked(request, NOON)
