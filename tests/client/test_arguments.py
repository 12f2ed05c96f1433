"""Arguments of wrong types: each is refused before anything is sent, by its name."""

import math

import numpy as np
import pytest

import meanrev as mr

FIT = {"theta": 0.1, "mu": 50.0, "sigma": 1.0}
LEVELS = {"entry_zscore": 1.5, "exit_zscore": 0.0}
WRONG = [b"1", {"a": 1}, [1, 2], object(), 1j, 10**400, np.zeros((2, 2)), {1, 2}, float]
TICKS = [50.0, 50.5, 49.5, 50.2, 49.9, 50.1]


@pytest.fixture(scope="module")
def client():
    with mr.Client("local") as near:
        yield near


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: type(wrong).__name__)
@pytest.mark.parametrize(
    ("method", "field", "others"),
    [
        ("ou", "dt", {"prices": TICKS}),
        ("ou", "window", {"prices": TICKS}),
        ("thresholds", "objective", {"fit": FIT, "round_trip_cost": 0.1}),
        ("backtest", "thresholds", {"prices": TICKS, "cost_per_side": 0.0}),
        ("backtest", "entry_zscore", {"prices": TICKS, "cost_per_side": 0.0, "exit_zscore": 0.0}),
        ("pca", "n_components", {"returns": np.eye(4)}),
        ("cara", "gamma", {"returns": np.eye(4)}),
        ("cara", "risk_free_rate", {"returns": np.eye(4)}),
        ("multiperiod", "rebalance_frequency", {"returns_sequence": np.eye(4), "n_periods": 2}),
        ("signals", "fit", {"prices": TICKS}),
        ("log_returns", "return_type", {"prices": TICKS}),
    ],
)
def test_an_argument_of_a_wrong_type_is_named(client, method, field, others, wrong):
    name = "optimization_objective" if field == "objective" else field  # fields are named as on the wire
    with pytest.raises(mr.InvalidInput, match=f"^{name} must"):
        getattr(client, method)(**others, **{field: wrong})


@pytest.mark.parametrize("wrong", [2.5, math.nan, math.inf, 2**31, "3"])
def test_a_count_is_never_cut_or_wrapped(client, wrong):
    with pytest.raises(mr.InvalidInput, match="n_components must be a whole number of at most 31 bits"):
        client.pca(np.eye(4), n_components=wrong)


def test_a_whole_float_is_a_count(client):
    assert client.pca(np.eye(4), n_components=2.0).explained_variance_ratio.shape == (2,)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, np.longdouble("inf")])
def test_an_option_that_is_not_finite_is_named(client, wrong):
    with pytest.raises(mr.InvalidInput, match=r"^dt must be"):
        client.ou(TICKS, dt=wrong)


def test_an_option_may_be_any_number_of_numpy(client):
    for one in (np.float32(1), np.longdouble(1), np.int64(1), np.array(1.0)):
        assert client.ou(TICKS, dt=one).theta == client.ou(TICKS).theta


def test_numbers_that_numpy_would_convert_in_part_are_refused(client):
    for wrong in (np.array([1 + 1j, 2]), np.array(["2020-01-01"], dtype="datetime64[D]"), [10**400]):
        with pytest.raises(mr.InvalidInput, match=r"^prices must be numbers"):
            client.ou(wrong)


def test_a_masked_price_is_no_price(client):
    masked = np.ma.masked_array([*TICKS, 1e9], mask=[False] * len(TICKS) + [True])
    assert client.ou(masked).theta == client.ou([*TICKS, math.nan]).theta


def test_timestamps_are_milliseconds_or_dates(client):
    days = np.arange("2020-01-01", "2020-01-07", dtype="datetime64[D]")
    stamps = days.astype("datetime64[ms]").astype(np.int64)
    dated, stamped, whole = (
        client.ou(TICKS, timestamps_ms=given, time_unit_ms=86_400_000) for given in (days, stamps, stamps.astype(float))
    )
    assert dated.theta == stamped.theta == whole.theta
    for wrong in (["a"] * 6, [0.5] * 6, [math.nan] * 6, [[1]], [[1], [1, 2]], 5, np.array(["NaT"] * 6, dtype="M8[D]")):
        with pytest.raises(mr.InvalidInput, match="timestamps_ms must be whole milliseconds"):
            client.ou(TICKS, timestamps_ms=wrong)


def test_a_tick_of_none_is_no_price_instead_of_zero(client):
    given = [[*TICKS, None], [*TICKS, math.nan], [*[("", tick) for tick in TICKS], ("", None)]]
    assert len({list(client.ou_stream(ticks))[-1].theta for ticks in given}) == 1


@pytest.mark.parametrize("wrong", [(), ("A",), ("A", 1.0, 2, 3), {}, {"asset_id": "A"}])
def test_a_tick_without_a_price_is_refused_instead_of_zero(client, wrong):
    with pytest.raises(mr.InvalidInput, match="ticks must"):
        list(client.ou_stream([wrong]))


def test_a_field_that_the_message_lacks_is_named_with_those_it_has(client):
    with pytest.raises(mr.InvalidInput, match=r"prize is not a field of PriceUpdate .its fields: asset_id, price"):
        list(client.ou_stream([{"price": 1.0, "prize": 2.0}]))


@pytest.mark.parametrize("wrong", ["KO", 5, None, 1.5])
def test_one_text_is_no_list_of_names(client, wrong):
    with pytest.raises(mr.InvalidInput, match="asset_ids must be a sequence of names"):
        next(client.health(asset_ids=wrong))


def test_names_may_be_an_array(client):
    assert client.ou(np.array([TICKS, TICKS]).T, asset_ids=np.array(["KO", "PEP"])).asset_id == ("KO", "PEP")


@pytest.mark.parametrize("forever", [math.inf, 1e300, 10**20])
def test_a_timeout_may_be_endless(client, forever):
    assert client.ou(TICKS, timeout=forever).n_samples == client.ou(TICKS).n_samples
    assert next(client.health({"KO": 1.0}, timeout=forever)).open_positions == 1


def test_rows_of_different_lengths_are_no_returns(client):
    with pytest.raises(mr.InvalidInput, match="returns_sequence"):
        client.multiperiod([[1, 2], [3]], n_periods=2)
