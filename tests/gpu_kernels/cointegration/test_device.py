"""What is launched on a GPU, as far as a stand-in for CuPy can show."""

import numpy as np
import pytest

from gpu_kernels import cointegration, device, device_pipeline, dispatch
from gpu_kernels.errors import OutOfMemory
from tests.gpu_kernels.cointegration.series import assert_same, market
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.stand_in import stand

__all__ = ["stand"]

pytestmark = needs_compiler


def both(prices, **options):
    expected = cointegration.scan(prices, **options)
    with dispatch.using("cuda"):
        found = cointegration.scan(prices, **options)
    return found, expected


@pytest.mark.parametrize(
    ("options", "entry"),
    [
        ({"lags": 0}, "pairs_0"),
        ({"lags": 1}, "pairs_1"),
        ({"lags": 3}, "pairs_8"),
        ({"autolag": "aic", "max_lags": 5}, "pairs_8"),
        ({"lags": 11}, "pairs_32"),
    ],
)
def test_each_rule_has_its_entry(stand, options, entry):
    assert_same(*both(market(4, 90, 7), **options))
    (launched,) = stand.launches
    assert launched[0] == entry
    assert launched[1] >= 7 * 7


def test_rows_of_series_may_go_in_parts(stand, monkeypatch):
    monkeypatch.setattr(device_pipeline, "parts", lambda *_: 3)
    assert_same(*both(market(5, 90, 8)))
    assert len(stand.launches) == 3


def test_rows_that_do_not_fit_go_in_halves(stand):
    prices = market(6, 40, 9)
    stand.room = 8 * 10 * 9 * 4  # the rows of four series
    assert_same(*both(prices))
    assert [threads // device.BLOCK for _, threads in stand.launches] == [1, 1, 1]
    assert stand.released > 0


def test_cross_products_that_do_not_fit_are_a_device_fault(stand):
    stand.room = 100
    with dispatch.using("cuda"), pytest.raises(OutOfMemory):
        cointegration.scan(np.cumsum(market(7, 60, 5), axis=0))
