"""The special functions, beside mpmath at 40 digits and beside SciPy over the whole line."""

import mpmath as mp
import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels.thresholds import special
from gpu_kernels.thresholds.durations import in_trade_and_cycle
from tests.naive import thresholds as naive


def exact_dawson(x):
    return mp.exp(-x * x) * mp.erfi(x) * mp.sqrt(mp.pi) / 2


EXACT = {
    "dawson": exact_dawson,
    "gap_from_dawson": lambda x: x - exact_dawson(x),
    "erfi": mp.erfi,
    "erfcx": lambda x: mp.exp(x * x) * mp.erfc(x),
    "exp_square": lambda x: mp.exp(x * x),
}
SAMPLES = np.concatenate([np.geomspace(1e-9, 0.5, 25), np.linspace(0.6, 1.4, 41), np.linspace(1.5, 26.5, 61)])


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_it_keeps_fifteen_digits(name, sign):
    with mp.workdps(40):
        expected = [EXACT[name](mp.mpf(float(sign * x))) for x in SAMPLES]
        found = getattr(special, name)(sign * SAMPLES)
        worst = max(abs(mp.mpf(float(f)) / e - 1) for f, e in zip(found, expected, strict=True))
    assert worst < 1e-15


PEERS = {"dawson": "dawsn", "erfi": "erfi", "erfcx": "erfcx"}


@pytest.mark.parametrize("name", PEERS)
@given(x=st.floats(-26, 26))
@settings(max_examples=200, deadline=None)
def test_it_agrees_with_scipy(name, x):
    expected = getattr(scipy.special, PEERS[name])(x)
    # SciPy rounds x^2 before it raises e to it, which costs its erfi up to x^2 units in the last place.
    assert getattr(special, name)(np.array([x]))[0] == pytest.approx(expected, rel=2e-13, abs=1e-300)


@pytest.mark.parametrize("name", ["dawson", "erfcx"])
def test_far_out_it_follows_its_asymptote(name):
    x = np.geomspace(27, 1e8, 40)
    expected = getattr(scipy.special, PEERS[name])(x)
    np.testing.assert_allclose(getattr(special, name)(x), expected, rtol=2e-15)


def test_zero_stays_zero_and_keeps_its_sign():
    zeros = np.array([0.0, -0.0])
    for name in ("dawson", "gap_from_dawson", "erfi"):
        assert np.array_equal(np.signbit(getattr(special, name)(zeros)), [False, True])
    assert special.erfcx(zeros).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("name", EXACT)
def test_any_shape_is_kept_and_the_input_is_left_alone(name):
    x = np.linspace(-3, 3, 24).reshape(2, 3, 4)
    x.flags.writeable = False
    assert getattr(special, name)(x).shape == x.shape
    assert getattr(special, name)(np.array(1.5)).shape == ()


@given(entry=st.floats(0.01, 7), share=st.floats(-1, 0.99))
@settings(max_examples=60, deadline=None)
def test_durations_are_the_integrals_they_stand_for(entry, share):
    leave = share * entry
    inside, cycle = in_trade_and_cycle(np.array([0.5 * (entry + leave)]), np.array([0.5 * (entry - leave)]))
    assert (inside[0], cycle[0]) == pytest.approx(naive.times(entry, leave), rel=1e-11)


@pytest.mark.parametrize(("entry", "leave"), [(36.0, -36.0), (36.0, 0.0), (20.0, -15.0), (1e-6, -1e-6), (9.0, 8.999)])
def test_durations_hold_their_digits_at_the_ends_of_the_range(entry, leave):
    with mp.workdps(30):
        low, high = mp.mpf(leave), mp.mpf(entry)
        cycle = mp.pi / 2 * (mp.erfi(high / mp.sqrt(2)) - mp.erfi(low / mp.sqrt(2)))
        points = mp.linspace(low, high, 25)
        fall = mp.quad(lambda t: mp.sqrt(mp.pi / 2) * mp.exp(t * t / 2) * mp.erfc(t / mp.sqrt(2)), points)
    centre, half = 0.5 * (entry + leave), 0.5 * (entry - leave)
    found = in_trade_and_cycle(np.array([centre]), np.array([half]))
    assert found[0][0] == pytest.approx(float(fall), rel=2e-11)
    assert found[1][0] == pytest.approx(float(cycle), rel=2e-11)
