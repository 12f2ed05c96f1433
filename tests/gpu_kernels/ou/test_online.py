import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import ou
from gpu_kernels.errors import InvalidInput
from gpu_kernels.ou.convergence import level as required
from tests.gpu_kernels.ou.irregular_times import fit_irregular
from tests.gpu_kernels.twins import STREAMS, by_numpy, on
from tests.naive import ou as naive

pytestmark = [pytest.mark.usefixtures("twin"), on(STREAMS)]

NUMBERS = [name for name in ou.OuFit._fields if name not in {"status", "reason", "bias_note"}]


def reverting(n_prices, level=0.0, theta=0.05, seed=0):
    rng = np.random.default_rng(seed)
    return naive.simulate(theta, level, 1.0, np.arange(n_prices), rng)


def streamed(prices, **options):
    stream = ou.OnlineOu(**options)
    for price in prices:
        stream.update(price)
    return stream


def assert_same(found, expected, rel=1e-9, near_zero=1e-300):
    for name in NUMBERS:
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=rel, abs=near_zero), name


def batch(prices, **options):
    return ou.single(by_numpy(ou.fit, np.asarray(prices)[None], **options))


@pytest.mark.parametrize("bias", ["none", "tang_chen"])
def test_ten_thousand_prices_at_a_million_give_the_batch_estimate(bias):
    prices = reverting(10_000, level=1e6)
    assert_same(streamed(prices, dt=0.5, bias=bias).estimate(), batch(prices, dt=0.5, bias=bias))


@pytest.mark.parametrize("seen", [500, 501, 777, 3000, 10_000])
def test_a_window_gives_the_batch_estimate_of_its_last_prices(seen):
    prices = reverting(seen, level=1e6)
    assert_same(streamed(prices, window=500).estimate(), batch(prices[-500:]))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-500, 500) | st.just(None), max_size=80),
    st.sampled_from([4, 5, 9, 40]),
    st.sampled_from([0.0, 1e6]),
)
def test_a_window_with_gaps_gives_the_batch_estimate_at_every_price(whole, length, level):
    prices = [math.nan if x is None else x / 16 + level for x in whole]
    stream = ou.OnlineOu(window=length)
    for seen, price in enumerate(prices, 1):
        stream.update(price)
        found, expected = stream.estimate(), batch(prices[max(0, seen - length) : seen])
        assert found.n_samples == expected.n_samples
        assert (found.status == "error") == (expected.status == "error")
        if expected.reason.startswith("deterministic") or (expected.status == "updating" and expected.theta == 0):
            continue
        assert_same(found, expected, rel=1e-6, near_zero=1e-9)


def test_an_outlier_that_leaves_the_window_leaves_nothing_behind():
    prices = reverting(400)
    prices[100] = 1e9
    assert_same(streamed(prices[:205], window=100).estimate(), batch(prices[105:205]))
    prices[100] = 1e200
    assert_same(streamed(prices[:205], window=100).estimate(), batch(prices[105:205]))


def test_a_window_that_becomes_constant_is_said_to_be():
    prices = np.concatenate([reverting(50, level=10.0), np.full(20, 10.0)])
    found = streamed(prices, window=20).estimate()
    assert (found.reason, found.mu) == ("constant series", 10.0)


def test_a_window_without_noise_is_deterministic_as_in_the_batch():
    prices = np.concatenate([reverting(50, level=10.0), 5 + 8 * 0.9 ** np.arange(30)])
    found = streamed(prices, window=30).estimate()
    assert found.reason == batch(prices[-30:]).reason == "deterministic series: no noise is left to estimate"


def test_a_stream_without_noise_is_deterministic():
    assert streamed(5 + 8 * 0.99 ** np.arange(500)).estimate().reason.startswith("deterministic")
    assert streamed(np.full(500, 0.1)).estimate().reason == "constant series"


@pytest.mark.parametrize("alone", [[1e6], [math.nan, -1e9], [1e3, math.nan, 1e6]])
@pytest.mark.parametrize("options", [{}, {"window": 30}, {"forgetting": 0.99}])
def test_prices_in_no_pair_cost_a_stream_no_digits(alone, options):
    decay = 5 * 0.8 ** np.arange(40)
    found = streamed([*alone, math.nan, *decay], **options).estimate()
    assert found.reason.startswith("deterministic")
    assert found.theta == pytest.approx(-math.log(0.8), rel=1e-9)
    block = ou.OnlineOu(**options)
    block.extend([*alone, math.nan, *0.3 * decay, *np.full(200, math.nan)])
    block.extend([*np.full(200, math.nan), *decay])
    assert block.estimate().theta == pytest.approx(-math.log(0.8), rel=1e-9)


def test_forgetting_nothing_is_no_forgetting():
    prices = reverting(300, level=50.0)
    assert streamed(prices, forgetting=1.0).estimate() == streamed(prices).estimate()


@settings(max_examples=40, deadline=None)
@given(st.floats(0.7, 0.999), st.integers(0, 1000), st.sampled_from([0.0, 1e5]), st.booleans())
def test_forgetting_is_the_regression_with_fading_weights(forgetting, seed, level, gaps):
    prices = reverting(60, level=level, theta=0.3, seed=seed)
    if gaps:
        prices[[10, 11, 30]] = math.nan
    found = streamed(prices, forgetting=forgetting, dt=0.5).estimate()
    expected = naive.fit(prices.tolist(), 0.5, forgetting)
    if found.status == "error":
        assert not 0 < expected["b"] < 1
        return
    for name, value in expected.items():
        if name not in {"b", "se_b"}:
            assert getattr(found, name) == pytest.approx(value, rel=1e-7, abs=1e-9), name


def test_forgetting_too_fast_leaves_less_than_three_pairs():
    found = streamed(reverting(60), forgetting=0.4).estimate()
    assert found.status == "updating"
    assert found.reason == "forgetting leaves the weight of fewer than 3 pairs"


@pytest.mark.parametrize("options", [{"adf_lags": 3}, {"bias": "jackknife"}, {"adf_lags": 1, "bias": "tang_chen"}])
@pytest.mark.parametrize("window", [None, 150])
def test_estimates_that_need_the_prices_are_the_batch_of_the_kept_ones(options, window):
    prices = reverting(400, theta=0.2)
    found = streamed(prices, window=window, dt=0.1, **options).estimate()
    assert_same(found, batch(prices[-(window or 400) :], dt=0.1, **options), rel=1e-12)


def test_timestamps_in_a_unit_give_the_irregular_estimate():
    rng = np.random.default_rng(1)
    stamps = np.cumsum(rng.integers(1, 200_000, size=300)) + 1_700_000_000_000
    prices = naive.simulate(0.5, 10.0, 1.0, stamps / 60_000, rng)
    stream = ou.OnlineOu(time_unit_ms=60_000, window=200)
    stream.extend(prices, stamps)
    expected = ou.single(fit_irregular(prices[None, -200:], (stamps[-200:] - stamps[-200]) / 60_000))
    assert_same(stream.estimate(), expected, rel=1e-12)


def test_ticks_whose_timestamps_do_not_increase_are_skipped_and_counted():
    stream = ou.OnlineOu(time_unit_ms=1000)
    prices = reverting(50)
    stream.extend(prices, np.arange(1, 51) * 1000)
    before = stream.estimate()
    stream.extend([99.0, 99.0, 99.0], [50_000, 7, 0])
    after = stream.estimate()
    assert stream.n_skipped == 3
    assert after.theta == before.theta
    assert after.reason.endswith("3 ticks skipped: their timestamps are not above the one before")


@pytest.mark.parametrize("first_ms", [-2_000_000_000_000, -150_000, 0])
def test_times_before_1970_and_at_its_start_are_times_like_others(first_ms):
    rng = np.random.default_rng(1)
    steps = np.cumsum(rng.integers(1, 5, size=200)) * 1000
    steps -= steps[0]
    prices = reverting(200, theta=0.3)
    late, early, ticks = (ou.OnlineOu(time_unit_ms=1000) for _ in range(3))
    late.extend(prices, steps + 1_700_000_000_000)
    early.extend(prices, steps + first_ms)
    for price, stamp in zip(prices.tolist(), (steps + first_ms).tolist(), strict=True):
        ticks.update(price, stamp)
    assert (early.n_skipped, ticks.n_skipped) == (0, 0)
    assert early.estimate().n_samples == 200
    assert_same(early.estimate(), late.estimate(), rel=1e-12)
    assert_same(ticks.estimate(), late.estimate(), rel=1e-12)


def test_timestamps_pass_through_where_no_unit_is_given():
    stream = ou.OnlineOu()
    stream.extend([1.0, 2.0, 1.5, 1.2, 1.9], [5, 5, 3, 0, 0])
    assert (stream.n_skipped, stream.estimate().n_samples) == (0, 5)


def test_a_stream_converges_once_theta_stands_still_between_estimates():
    prices = reverting(2000, theta=0.5)
    stream = streamed(prices[:1999])
    assert (stream.estimate().status, stream.estimate().reason) == ("converged", "")
    stream.update(prices[-1])
    assert (stream.estimate().status, stream.estimate().reason) == ("converged", "")
    stream.extend(reverting(2000, theta=1.5, seed=5))
    moved = stream.estimate()
    assert (moved.status, moved.reason) == ("updating", "theta still moves between estimates")


@pytest.mark.parametrize("options", [{}, {"window": 200}, {"forgetting": 0.99}])
def test_a_stream_converges_where_the_unit_root_is_rejected_at_the_level_of_every_tick(options):
    prices = reverting(400, theta=0.06, seed=3)
    single = ou.OnlineOu(convergence="single_look", **options)
    always = ou.OnlineOu(**options)
    statuses = set()
    for seen, price in enumerate(prices.tolist(), start=1):
        single.update(price)
        always.update(price)
        one, other = single.estimate(), always.estimate()
        n_pairs = min(seen - 1, 199) if "window" in options else min(seen - 1, 199.0) if options else seen - 1
        rejected = one.status == "converged" or one.reason.startswith("theta still moves")
        if rejected and one.adf_p_value >= required(seen, n_pairs):
            assert other.status == "updating"
            assert "which holds at every tick" in other.reason
        else:
            assert (other.status, other.reason) == (one.status, one.reason)
        statuses.add((one.status, other.status))
    assert ("converged", "updating") in statuses


def test_an_unknown_rule_of_convergence_is_refused():
    with pytest.raises(InvalidInput, match="convergence must be one of 'every_tick', 'single_look', got 'often'"):
        ou.OnlineOu(convergence="often")


def test_blocks_and_single_prices_end_in_the_same_state():
    prices = reverting(200)
    stream = ou.OnlineOu(window=70)
    stream.extend(prices[:120])
    stream.extend([])
    stream.extend(prices[120:])
    assert stream.estimate() == streamed(prices, window=70).estimate()


@pytest.mark.parametrize("level", [0.0, 1e6])
@pytest.mark.parametrize("cuts", [(), (1,), (3, 500), (128, 256, 1000), (999, 2600)])
def test_long_blocks_give_the_estimate_of_single_prices(cuts, level):
    prices = reverting(3000, level=level)
    prices[[0, 126, 300, 301, 1500, 2999]] = math.nan
    stream = ou.OnlineOu()
    for block in np.split(prices, cuts):
        stream.extend(block)
    stream.update(level)
    assert_same(stream.estimate(), streamed([*prices, level]).estimate())


def test_a_long_block_of_gaps_leaves_a_stream_as_a_gap_does():
    stream = streamed([1.0, 2.0, 1.5])
    stream.extend(np.full(500, math.nan))
    stream.extend(reverting(200))
    expected = streamed([1.0, 2.0, 1.5, math.nan, *reverting(200)]).estimate()
    assert_same(stream.estimate(), expected)
    empty = ou.OnlineOu()
    empty.extend(np.full(500, math.nan))
    assert empty.estimate().n_samples == 0


@pytest.mark.parametrize("scale", [1e-200, 1e155])
def test_a_long_block_overflows_as_single_prices_do(scale):
    prices = reverting(500) * scale
    stream = ou.OnlineOu()
    stream.extend(prices)
    assert stream.estimate().status == streamed(prices).estimate().status
    assert stream.estimate().reason == streamed(prices).estimate().reason


@pytest.mark.parametrize("unit", [1e-50, 1e50])
def test_the_time_unit_changes_nothing_but_the_unit(unit):
    prices, stamps = reverting(60), np.cumsum(np.tile([1000, 3000, 2000], 20))
    found, plain = ou.OnlineOu(time_unit_ms=unit), ou.OnlineOu(time_unit_ms=1.0)
    found.extend(prices, stamps)
    plain.extend(prices, stamps)
    assert found.estimate().theta == pytest.approx(plain.estimate().theta * unit, rel=1e-9)
    assert found.estimate().mu == pytest.approx(plain.estimate().mu, rel=1e-9)


def test_equal_prices_whose_squares_overflow_have_their_level_and_no_speed():
    found = streamed([1e308] * 5).estimate()
    assert (found.status, found.mu, found.theta) == ("error", 1e308, 0.0)
    assert "constant" in found.reason


def test_prices_of_uneven_times_whose_differences_overflow_are_an_error():
    stream = ou.OnlineOu(time_unit_ms=1000)
    stream.extend([1e308, -1e308, 1e308, 3.0, -1e308, 5.0, 1e200], np.array([0, 1, 3, 4, 7, 8, 9]) * 1000)
    assert (stream.estimate().status, stream.estimate().reason) == (
        "error",
        "the prices are too large: their squares overflow",
    )


def test_a_stream_without_prices_is_updating():
    for options in ({}, {"window": 5}, {"adf_lags": 1}, {"time_unit_ms": 1000.0}, {"bias": "jackknife"}):
        found = ou.OnlineOu(**options).estimate()
        assert (found.status, found.n_samples, found.theta) == ("updating", 0, 0.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dt": -1.0}, "dt must be finite and > 0, got -1.0"),
        ({"window": 3}, "window must be >= 4, got 3"),
        ({"window": 10_001, "adf_lags": 1}, "window must be <= 10000 with adf_lags"),
        ({"forgetting": 0.0}, "forgetting must be above 0 and at most 1, got 0.0"),
        ({"forgetting": math.nan}, "forgetting must be above 0"),
        ({"forgetting": 0.9, "window": 50}, "forgetting cannot be given together with window"),
        ({"forgetting": 0.9, "adf_lags": 1}, "forgetting cannot be given together with adf_lags"),
        ({"bias": "x"}, "bias must be one of"),
        ({"adf_lags": -2}, "adf_lags must be >= 0, got -2"),
        ({"time_unit_ms": 0.0}, "time_unit_ms must be finite and > 0"),
        ({"time_unit_ms": 5e-324}, r"time_unit_ms must be between 1e-50 and 1e\+50, got 5e-324"),
        ({"time_unit_ms": 1.0, "dt": 0.5}, "dt cannot be given together with time_unit_ms"),
    ],
)
def test_a_broken_option_is_named_with_its_value(options, message):
    with pytest.raises(InvalidInput, match=message):
        ou.OnlineOu(**options)


def test_an_infinite_price_is_refused_and_leaves_the_state_as_it_was():
    stream = streamed(reverting(50))
    before = stream.estimate()
    with pytest.raises(InvalidInput, match="price must not be infinite, got inf"):
        stream.update(math.inf)
    with pytest.raises(InvalidInput, match=r"prices\[1\] must not be infinite, got -inf"):
        stream.extend([1.0, -math.inf])
    assert stream.estimate()[:6] == before[:6]


@pytest.mark.parametrize("stamps", [[1], [1, 2, 3], [1.5, 2.5], [[1, 2]]])
def test_timestamps_that_do_not_fit_the_prices_are_refused(stamps):
    with pytest.raises(InvalidInput, match="timestamps_ms must be 2 integers, one a price"):
        ou.OnlineOu().extend([1.0, 2.0], stamps)


def test_missing_timestamps_are_refused_where_a_unit_is_given():
    with pytest.raises(InvalidInput, match="timestamps_ms must be given where time_unit_ms is"):
        ou.OnlineOu(time_unit_ms=1000).extend([1.0, 2.0])
