"""One decision beside the same rules in bare Python, and its probability beside SciPy's special functions."""

import math

import pytest
from scipy.special import erfi

from gpu_kernels import signals

MODEL = (99.0, 2.0, 100.0, 1.0, 1.5, 0.0)
STOP = 3.0


def bare_rules():
    price, theta, mu, sigma, entry, _ = MODEL
    deviation = sigma / math.sqrt(2 * theta)
    z = (price - mu) / deviation
    signal = "buy" if z <= -entry else "sell" if z >= entry else "hold"
    return signal, z, f"theta={theta} mu={mu} sigma={sigma} z={z}: {signal}"


def rules_and_scipy():
    signal, z, text = bare_rules()
    top, at, low = erfi([STOP / math.sqrt(2), abs(z) / math.sqrt(2), MODEL[5]])
    return signal, z, text, (top - at) / (top - low)


def test_both_agree():
    made = signals.decide(*MODEL, stop=STOP)
    signal, z, _, share = rules_and_scipy()
    assert (made.signal, made.zscore) == (signal, z)
    assert made.confidence == pytest.approx(share, rel=1e-12)


@pytest.mark.benchmark(group="one decision")
@pytest.mark.parametrize("decide", [lambda: signals.decide(*MODEL), bare_rules], ids=["meanrev", "peer: bare rules"])
def test_decide(benchmark, decide):
    benchmark(decide)


@pytest.mark.benchmark(group="one decision with a stop")
@pytest.mark.parametrize(
    "decide",
    [lambda: signals.decide(*MODEL, stop=STOP), rules_and_scipy],
    ids=["meanrev", "peer: bare rules and scipy"],
)
def test_decide_with_a_stop(benchmark, decide):
    benchmark(decide)
