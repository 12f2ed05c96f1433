import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels.errors import InvalidInput
from gpu_kernels.health import STATUSES, Account, Health, ProcessEstimate
from gpu_kernels.ou import OnlineOu
from tests.naive import health as naive

DAY = 86_400_000
HOUR = 3_600_000

marks_of_three = st.lists(
    st.tuples(st.sampled_from("ABC"), st.floats(1.0, 100.0), st.integers(0, 90)), min_size=1, max_size=60
)


class Reverting:
    """An estimator whose answer is set by hand."""

    def __init__(self):
        self.theta, self.mu, self.sigma, self.theta_lower, self.n_samples = 0.5, 100.0, 1.0, 0.1, 100
        self.prices = []

    def update(self, price, timestamp_ms=0):
        self.prices.append(price)

    def estimate(self):
        return self


def close(actual, expected):
    assert actual == pytest.approx(expected, rel=1e-12, abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(
    marks=marks_of_three,
    quantities=st.tuples(*[st.floats(-10, 10)] * 3),
    cash=st.floats(-100, 5000),
    step=st.sampled_from([1, 7_000, 40_000, HOUR, 5 * HOUR]),
    waited=st.integers(0, 3),
)
def test_account_equals_a_recomputation_from_all_marks(marks, quantities, cash, step, waited):
    holdings = dict(zip("ABC", quantities, strict=True))
    account = Account(holdings, cash=cash)
    timed = [(asset, price, tick * step) for asset, price, tick in marks]
    for mark in timed:
        account.mark(*mark)
    now = max(time for _, _, time in timed) + waited * 7 * HOUR
    health = account.report(now)
    path = naive.values({name: q for name, q in holdings.items() if q}, cash, timed)
    assert not any(math.isnan(number) for number in health[:5])
    if not path or not any(quantities):
        assert health[2:5] == (0.0, 0.0, 0.0)
        return
    close(health.total_value, path[-1][1])
    if min(abs(value) for _, value in path) < 1e-3:
        return  # the relative rounding of a value near zero is what a logarithm shows
    for actual, expected in zip(health[2:5], naive.report(holdings, cash, timed, now), strict=True):
        assert actual == pytest.approx(expected, rel=1e-7, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(marks=marks_of_three, scale=st.sampled_from([2.0**-20, 8.0, 2.0**30]))
def test_figures_do_not_depend_on_the_currency(marks, scale):
    small, large = Account({"A": 1.0, "B": 2.0, "C": 3.0}), Account({"A": 1.0, "B": 2.0, "C": 3.0})
    for asset, price, tick in marks:
        small.mark(asset, price, tick * HOUR)
        large.mark(asset, price * scale, tick * HOUR)
    a, b = small.report(90 * HOUR), large.report(90 * HOUR)
    close(b.total_value / scale, a.total_value)
    for actual, expected in zip(a[2:5], b[2:5], strict=True):
        close(actual, expected)


def test_reports_between_marks_change_nothing():
    rng = np.random.default_rng(2)
    asked, left = Account({"A": 3.0, "B": -1.0}, cash=500.0), Account({"A": 3.0, "B": -1.0}, cash=500.0)
    for tick in range(3_000):
        for asset in "AB":
            price = float(rng.uniform(50, 60))
            asked.mark(asset, price, tick * 90_000)
            left.mark(asset, price, tick * 90_000)
            asked.report(tick * 90_000)
    assert asked.report(3_000 * 90_000)[:6] == left.report(3_000 * 90_000)[:6]


def test_memory_is_bounded_over_a_million_milliseconds_of_marks_and_ten_days():
    account = Account({"A": 1.0})
    for minute in range(0, 14_400, 2):
        account.mark("A", 100.0 + minute % 7, minute * 60_000)
        account.mark("A", 100.0 + minute % 5, minute * 60_000 + 1)
    assert len(account._history._minutes) <= 1_440


def test_the_two_legs_of_a_hedge_show_no_drawdown_between_them():
    account = Account({"A": 1.0, "B": -1.0}, cash=100.0)
    for time, price in enumerate([100.0, 150.0, 90.0, 120.0]):
        account.mark("A", price, time)
        account.mark("B", price, time)
    health = account.report(5)
    assert (health.total_value, health.max_drawdown, health.volatility_24h) == (100.0, 0.0, 0.0)


def test_a_report_inside_a_snapshot_counts_the_leg_that_is_there():
    account = Account({"A": 1.0, "B": -1.0}, cash=100.0)
    for asset in "AB":
        account.mark(asset, 100.0, 1)
    account.mark("A", 80.0, 2)
    close(account.report(2).max_drawdown, 0.2)
    account.mark("B", 80.0, 2)
    assert account.report(2).max_drawdown == 0.0


def test_golden_day_return_volatility_and_drawdown():
    account = Account({"A": 2.0}, cash=100.0)
    for time, price in [(0, 50.0), (HOUR, 75.0), (DAY - 1, 50.0), (DAY, 40.0), (DAY + HOUR, 60.0)]:
        account.mark("A", price, time)
    health = account.report(DAY + HOUR)
    assert health.total_value == 220.0
    close(health.daily_return, 0.1)
    close(health.max_drawdown, 1 - 180 / 250)
    changes = [math.log(250 / 200), math.log(200 / 250), math.log(180 / 200), math.log(220 / 180)]
    close(account.report(DAY).volatility_24h, math.sqrt(sum(c * c for c in changes[1:])))
    close(health.volatility_24h, math.sqrt(sum(c * c for c in changes[1:])))


def test_a_new_day_without_marks_returns_nothing_yet():
    account = Account({"A": 1.0})
    account.mark("A", 10.0, 0)
    account.mark("A", 12.0, HOUR)
    close(account.report(2 * HOUR).daily_return, 0.2)
    assert account.report(DAY).daily_return == 0.0
    assert account.report(3 * DAY).volatility_24h == 0.0


def test_before_the_first_mark_the_status_is_warning_and_names_the_asset():
    health = Account({"A": 1.0, "B": 1.0}, cash=7.0).report(5)
    assert health == Health(5, 7.0, 0.0, 0.0, 0.0, 2, "warning", ("no price yet for A", "no price yet for B"))


def test_an_account_whose_prices_are_all_there_is_healthy():
    account = Account({"A": 1.0, "B": 0.0})
    account.mark("A", 10.0, 1)
    assert account.report(1).alerts == ("no price yet for B",)
    account.mark("B", 10.0, 1)
    health = account.report(1)
    assert (health.status, health.alerts, health.open_positions, health.total_value) == ("healthy", (), 1, 10.0)


def test_watching_alone_is_worth_nothing_and_says_so():
    account = Account({}, watched=["A"])
    account.mark("A", 10.0, 1)
    health = account.report(1)
    assert (health.total_value, health.status, health.alerts) == (0.0, "warning", ("no holdings",))


def test_a_drawdown_over_its_limit_is_a_risk_until_it_is_recovered():
    account = Account({"A": 1.0}, max_drawdown=0.1)
    account.mark("A", 100.0, 1)
    account.mark("A", 85.0, 2)
    health = account.report(2)
    assert (health.status, health.alerts) == ("risk", ("drawdown 15.00% is over 10.00%",))
    account.mark("A", 99.0, 3)
    health = account.report(3)
    assert health.status == "healthy"
    close(health.max_drawdown, 0.15)


def test_a_value_that_is_not_positive_is_a_risk_and_every_number_stays_finite():
    account = Account({"A": -1.0}, cash=100.0)
    for time, price in enumerate([50.0, 100.0, 150.0, 80.0], start=1):
        account.mark("A", price, time)
        health = account.report(time)
        assert np.isfinite(health[1:5]).all()
        if price >= 100:
            assert health.status == "risk"
            assert any("is not positive" in alert for alert in health.alerts)
    close(health.max_drawdown, 2.0)
    close(health.volatility_24h, 0.0)
    assert health.alerts == ("drawdown 60.00% is over 20.00%",)


def test_a_stale_price_is_a_warning():
    account = Account({"A": 1.0}, stale_ms=1_000)
    account.mark("A", 10.0, 5)
    assert account.report(1_005).status == "healthy"
    health = account.report(3_005)
    assert (health.status, health.alerts) == ("warning", ("last price of A is 3 s old, over 1 s",))


def test_an_older_mark_is_ignored_and_one_of_the_same_time_replaces():
    account = Account({"A": 1.0})
    account.mark("A", 10.0, 5)
    account.mark("A", 99.0, 4)
    assert account.report(5).total_value == 10.0
    account.mark("A", 11.0, 5)
    assert account.report(5)[1:5] == (11.0, 0.0, 0.0, 0.0)


def test_z_and_theta_alert_only_where_the_asset_was_seen_to_revert():
    made = []
    account = Account({"A": 1.0}, watched=["B"], estimator=lambda: made.append(Reverting()) or made[-1])
    held, watched = made
    held.theta_lower = watched.theta_lower = 0.0
    for asset in "AB":
        account.mark(asset, 110.0, 1)
    assert (held.prices, watched.prices) == ([110.0], [110.0])
    assert account.report(1).status == "healthy"
    watched.theta_lower = 0.1
    health = account.report(1)
    assert (health.status, health.alerts) == ("warning", ("z of B is 10.00, over 4 from the mean",))
    held.theta_lower = 0.1
    health = account.report(1)
    assert health.status == "risk"
    assert health.alerts[0] == "z of A is 10.00, over 4 from the mean"
    held.theta_lower = held.theta = watched.theta_lower = 0.0
    watched.mu = 109.0
    health = account.report(1)
    assert health.status == "warning"
    assert health.alerts == tuple(f"theta of {asset} is no longer distinguishable from 0" for asset in "AB")


def test_a_spread_that_leaves_its_mean_is_a_risk_at_first_and_then_no_longer_reverts():
    rng = np.random.default_rng(1)
    account, price = Account({"A": 1.0}, estimator=OnlineOu), 100.0
    for time in range(500):
        account.mark("A", price, time)
        price += 0.3 * (100.0 - price) + rng.normal()
    assert account.report(499).status == "healthy"
    account.mark("A", 115.0, 500)
    health = account.report(500)
    assert health.status == "risk"
    assert health.alerts[0].startswith("z of A is 10.")
    for time in range(501, 700):
        account.mark("A", 115.0 + 0.1 * (time - 500), time)
    assert "theta of A is no longer distinguishable from 0" in account.report(699).alerts


def test_an_estimate_of_few_prices_is_not_believed():
    few = Reverting()
    few.n_samples = 29
    account = Account({"A": 1.0}, estimator=lambda: few)
    account.mark("A", 500.0, 1)
    assert account.report(1).alerts == ()


def test_a_price_corrected_at_the_same_time_reaches_the_estimator_once():
    seen = Reverting()
    account = Account({"A": 1.0}, estimator=lambda: seen)
    account.mark("A", 500.0, 1)
    account.mark("A", 100.0, 1)
    assert seen.prices == [500.0]


def test_rounding_does_not_pile_up():
    account = Account({"A": 1.0, "B": 1.0})
    account.mark("B", 0.1, 0)
    for time in range(1, 10_001):
        account.mark("A", 1e9 if time % 2 else 0.3, time)
    close(account.report(10_000).total_value, 0.4)


def test_a_large_account_follows_single_prices_and_adds_up_afresh_in_time():
    holdings = {f"asset {i}": 1.0 + i for i in range(100)}
    account, prices = Account(holdings), dict.fromkeys(holdings, 1.0)
    rng = np.random.default_rng(3)
    for name in holdings:
        account.mark(name, 1.0, 0)
    for time in range(1, 1_000):
        name = f"asset {rng.integers(100)}"
        prices[name] = float(rng.lognormal())
        account.mark(name, prices[name], time)
        close(account.report(time).total_value, sum(holdings[key] * price for key, price in prices.items()))


def test_statuses_are_those_of_the_wire():
    assert STATUSES == ("healthy", "warning", "risk")
    assert {"theta", "mu", "sigma", "theta_lower", "n_samples"} <= set(dir(ProcessEstimate))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Account({"A": math.nan}), r"holdings\['A'\] must be finite, got nan"),
        (lambda: Account({}, cash=math.inf), "cash must be finite, got inf"),
        (lambda: Account({}, max_drawdown=0.0), "max_drawdown must be finite and > 0, got 0.0"),
        (lambda: Account({}, max_abs_z=-1.0), "max_abs_z must be finite and > 0, got -1.0"),
        (lambda: Account({}, stale_ms=0), "stale_ms must be >= 1, got 0"),
        (lambda: Account({"A": 1.0}).mark("B", 1.0, 1), "asset_id must be held or watched, got 'B'"),
        (lambda: Account({"A": 1.0}).mark("A", math.nan, 1), "price must be finite, got nan"),
        (lambda: Account({"A": 1e10}).mark("A", 1e300, 1), "price must keep quantity times price within 1e300"),
        (lambda: Account({"A": 1.0}).mark("A", 1.0, -1), "timestamp_ms must be >= 0, got -1"),
        (lambda: Account({"A": 1.0}).report(-1), "now_ms must be >= 0, got -1"),
    ],
)
def test_bad_input_names_field_rule_and_value(make, message):
    with pytest.raises(InvalidInput, match=f"^{message}"):
        make()


def test_a_refused_mark_leaves_the_account_as_it_was():
    account = Account({"A": 1.0})
    account.mark("A", 10.0, 1)
    with pytest.raises(InvalidInput):
        account.mark("A", math.inf, 2)
    assert account.report(2)[1:5] == (10.0, 0.0, 0.0, 0.0)
