"""A stream in compiled code says what one in Python says."""

import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch, ou
from gpu_kernels.ou.compiled import CompiledStream
from tests.gpu_kernels.native import needs_compiler

pytestmark = needs_compiler

PRICE = st.integers(-6, 6) | st.floats(-100, 100) | st.just(math.nan)


def both(**options):
    with dispatch.using("native"):
        compiled = ou.OnlineOu(**options)
    return compiled, ou.OnlineOu(**options)


def assert_same(found, expected, rel=1e-12):
    for name, value in found._asdict().items():
        if isinstance(value, str | int):
            assert value == getattr(expected, name), name
        else:
            assert value == pytest.approx(getattr(expected, name), rel=rel, abs=rel), name


@settings(max_examples=200, deadline=None)
@given(
    st.lists(PRICE, max_size=60),
    st.sampled_from([0.0, 1e6]),
    st.sampled_from([None, 1.0, 0.97, 0.7]),
    st.sampled_from([1.0, 1 / 252, 60.0]),
    st.sampled_from(["none", "tang_chen"]),
)
def test_every_estimate_of_a_stream_is_that_of_python(prices, level, forgetting, dt, bias):
    compiled, plain = both(forgetting=forgetting, dt=dt, bias=bias)
    for price in prices:
        for stream in (compiled, plain):
            stream.update(price + level)
        assert_same(compiled.estimate(), plain.estimate())


@pytest.mark.parametrize("forgetting", [None, 0.99])
@pytest.mark.parametrize("level", [0.0, 1e6])
def test_blocks_are_their_prices_one_by_one_to_the_last_bit(forgetting, level):
    prices = level + np.random.default_rng(3).normal(size=700)
    prices[[0, 5, 6, 300]] = math.nan
    (blocks, _), (single, plain) = both(forgetting=forgetting), both(forgetting=forgetting)
    for block in np.split(prices, [1, 7, 400]):
        blocks.extend(block)
    for price in prices.tolist():
        single.update(price)
    plain.extend(prices)
    assert blocks.estimate() == single.estimate()
    assert_same(single.estimate(), plain.estimate(), rel=1e-9)


def test_blocks_may_have_any_layout():
    prices = np.random.default_rng(4).normal(size=(200, 3))
    prices.flags.writeable = False
    (whole, _), (part, _) = both(), both()
    whole.extend(prices[:, 1].copy())
    part.extend(prices[:, 1])
    assert whole.estimate() == part.estimate()


@pytest.mark.parametrize("options", [{"window": 50}, {"adf_lags": 1}, {"bias": "jackknife"}, {"time_unit_ms": 1.0}])
def test_streams_that_keep_prices_stay_in_python(options):
    prices = np.random.default_rng(5).normal(size=200)
    compiled, plain = both(**options)
    for stream in (compiled, plain):
        stream.extend(prices, np.arange(1, 201))
    assert compiled.estimate() == plain.estimate()


def test_streams_of_other_threads_are_their_own():
    prices = np.random.default_rng(6).normal(size=(4, 2000))
    streams = [CompiledStream(1.0, "none") for _ in prices]

    def feed(stream, row):
        for price in row.tolist():
            stream.add(price)
            stream.estimate()

    threads = [threading.Thread(target=feed, args=each) for each in zip(streams, prices, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for stream, row in zip(streams, prices, strict=True):
        alone = CompiledStream(1.0, "none")
        alone.extend(row)
        assert stream.estimate() == alone.estimate()
