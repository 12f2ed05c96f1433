"""Rates and costs as people write them."""

import numpy as np
import pytest

import meanrev as mr
from meanrev.methods.rates import fraction
from meanrev.methods.trading_rule import trading_options


@pytest.mark.parametrize(
    "given", [0.03, "0.03", "3%", "3 %", " 300bp ", "300 bps", "300BP", ".03", "3e-2", np.float64(0.03)]
)
def test_a_rate_is_a_fraction_however_it_is_written(given):
    assert fraction("borrow", given) == pytest.approx(0.03, rel=1e-15)


@pytest.mark.parametrize(
    "given", ["3 percent", "", "%", "-3%", "3%%", "1,5%", "nan", b"3%", None, [0.03], "9" * 5000 + "x"]
)
def test_what_is_no_rate_is_refused_by_name(given):
    with pytest.raises(mr.InvalidInput, match=r"^borrow must be a (fraction, such as|number)") as caught:
        fraction("borrow", given)
    assert len(str(caught.value)) < 250


def test_options_that_are_not_given_are_not_sent():
    assert set(trading_options(None, None, None, None, None, None).values()) == {None}
    assert trading_options(1, "unit", 2.0, 12.0, float("inf"), "50bp") == {
        "execution_delay": 1,
        "mode": "unit",
        "initial_capital": 2.0,
        "periods_per_year": 12.0,
        "stop": None,
        "borrow": 0.005,
        "forgetting": None,
    }
