"""Containers and the wire: time runs forward, in a unit that was checked, for every method."""

import json

import grpc
import numpy as np
import pandas as pd
import polars as pl
import pytest

import meanrev as mr
from meanrev_wire import meanrev_pb2, research_pb2
from tests.front_door.series import DAYS, A, B, C

PRICES = np.column_stack([A, B, C])
RETURNS = np.diff(np.log(PRICES), axis=0)
RULE = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 0.0, "lookback": 10}
STAMPS = DAYS.astype("datetime64[ms]").astype(np.int64)

MANY = {
    "ou": lambda c, x: c.ou(x, time_unit_ms=86_400_000.0),
    "fit_ou": lambda c, x: c.fit_ou(x),
    "sweep": lambda c, x: c.sweep(x, entry=[1.0], exit=[0.0]),
    "scan": lambda c, x: c.scan(x, alpha=1.0, lookback=10),
    "log_returns": lambda c, x: c.log_returns(x),
    "pca": lambda c, x: c.pca(x),
    "cara": lambda c, x: c.cara(x),
    "sharpe": lambda c, x: c.sharpe(x),
    "portfolio_stats": lambda c, x: c.portfolio_stats(x),
    "multiperiod": lambda c, x: c.multiperiod(x, n_periods=2),
    "submit": lambda c, x: c.submit("fit_ou", x),
}
ONE = {
    "backtest": lambda c, x: c.backtest(x, **RULE),
    "signals": lambda c, x: c.signals(x),
    "sweep": lambda c, x: c.sweep(x, entry=[1.0], exit=[0.0]),
}


def frame(index, values=PRICES):
    return pd.DataFrame(values, index=index, columns=["A", "B", "C"])


@pytest.mark.parametrize("method", MANY)
def test_a_newest_first_frame_is_refused_by_every_method(client, method):
    """The rows of a pandas frame run backwards: every figure over time would be of the reversed series."""
    with pytest.raises(mr.InvalidInput, match=r"2020-04-28|2020-04-29"):
        MANY[method](client, frame(pd.DatetimeIndex(DAYS))[::-1])


@pytest.mark.parametrize("method", MANY)
def test_a_newest_first_polars_frame_is_refused_by_every_method(client, method):
    """The same of a polars frame, whose time is a column."""
    rows = pl.DataFrame({"day": DAYS, "A": A, "B": B, "C": C}).reverse()
    with pytest.raises(mr.InvalidInput, match=r"2020-04-28|2020-04-29"):
        MANY[method](client, rows)


@pytest.mark.parametrize("method", MANY)
def test_a_day_that_comes_twice_is_refused_by_every_method(client, method):
    """A duplicated index doubles a bar; the first repeated day is named."""
    twice = frame(pd.DatetimeIndex(DAYS)).iloc[np.r_[0:60, 59:120]]
    with pytest.raises(mr.InvalidInput, match="2020-02-29"):
        MANY[method](client, twice)


@pytest.mark.parametrize("method", ONE)
def test_a_series_is_looked_at_like_a_frame(client, method):
    """One price series with a descending, duplicated or holed index is refused by the methods for one series."""
    series = pd.Series(A, index=pd.DatetimeIndex(DAYS), name="A")
    for bad in (series[::-1], series.iloc[np.r_[0:60, 59:120]], series.iloc[np.r_[0:30, 60:90, 30:60]]):
        with pytest.raises(mr.InvalidInput):
            ONE[method](client, bad)


@pytest.mark.parametrize("method", ["fit_ou", "sweep", "log_returns", "ou"])
def test_a_missing_time_is_refused(client, method):
    """NaT in the index switched the check of times off; right is a refusal that names the row."""
    index = pd.DatetimeIndex(DAYS).insert(60, pd.NaT).delete(61)
    with pytest.raises(mr.InvalidInput, match=r"60|NaT"):
        MANY[method](client, frame(index))


@pytest.mark.parametrize("descending", [False, True])
def test_periods_are_times(client, descending):
    """A PeriodIndex was not looked at: in order it gives the figures of its days, and backwards it is refused."""
    rows = frame(pd.PeriodIndex(pd.DatetimeIndex(DAYS), freq="D"))
    if descending:
        with pytest.raises(mr.InvalidInput):
            client.fit_ou(rows[::-1])
    else:
        assert client.fit_ou(rows).theta.tolist() == client.fit_ou(PRICES).theta.tolist()


def test_an_hour_that_the_clock_shows_twice_is_no_duplicate(client):
    """When summer time ends, local clocks repeat an hour: in UTC the index increases, and it is read."""
    index = pd.date_range("2020-10-23", periods=120, freq="h", tz="Europe/Berlin")
    assert client.fit_ou(frame(index)).status == client.fit_ou(PRICES).status


STAMPED = {
    "ou": lambda c, stamps: c.ou(A, timestamps_ms=stamps, time_unit_ms=86_400_000.0),
    "backtest": lambda c, stamps: c.backtest(A, timestamps_ms=stamps, **RULE),
    "signals": lambda c, stamps: c.signals(A, timestamps_ms=stamps),
}


@pytest.mark.parametrize("factor", [1_000, 1_000_000], ids=["microseconds", "nanoseconds"])
@pytest.mark.parametrize("method", STAMPED)
def test_stamps_of_another_unit_are_refused(client, method, factor):
    """Micro- or nanoseconds passed as timestamps_ms moved the bars beyond the year 9999."""
    with pytest.raises(mr.InvalidInput, match="timestamps_ms"):
        STAMPED[method](client, STAMPS * factor)


def test_seconds_are_refused_or_told(client):
    """Seconds passed as timestamps_ms are days of January 1970: refused, or the answer says which days it read."""
    try:
        said = str(STAMPED["ou"](client, STAMPS // 1_000).meta)
    except mr.InvalidInput as error:
        said = str(error)
    assert "timestamps_ms" in said or "1970" in said


@pytest.mark.parametrize("method", STAMPED)
@pytest.mark.parametrize("order", [slice(None, None, -1), [*range(60), 59, *range(61, 120)]])
def test_stamps_given_beside_prices_must_increase(client, method, order):
    """timestamps_ms that descend or repeat are refused, and the field is named."""
    with pytest.raises(mr.InvalidInput, match="timestamps_ms"):
        STAMPED[method](client, STAMPS[order])


def _chunk(start, stop, stamps, **options):
    return research_pb2.MatrixChunk(
        row_offset=start,
        block=meanrev_pb2.Matrix(rows=stop - start, cols=3, values=PRICES[start:stop].reshape(-1)),
        timestamps_ms=stamps[start:stop],
        metadata=json.dumps(options) if start == 0 else "",
    )


def _ended(ask, chunks):
    answer = ask(iter(chunks), timeout=30)
    return answer if isinstance(answer, bytes) else list(answer)


@pytest.mark.parametrize("method", ["FitOu", "SweepThresholds", "ScanPairs", "SubmitJob"])
@pytest.mark.parametrize("where", ["inside", "between", "equal", "unit"])
def test_chunks_whose_stamps_do_not_increase_are_refused_by_the_server(address, method, where):
    """A client of another language sends rows backwards: INVALID_ARGUMENT, inside a chunk and between two."""
    stamps = STAMPS.copy()
    if where == "inside":
        stamps[[10, 11]] = stamps[[11, 10]]
    elif where == "between":
        stamps[60:] -= 90 * 86_400_000
    elif where == "equal":
        stamps[60] = stamps[59]
    else:
        stamps *= 1_000
    options = {"method": "FitOu"} if method == "SubmitJob" else {}
    chunks = [_chunk(0, 60, stamps.tolist(), **options), _chunk(60, 120, stamps.tolist())]
    kind = "stream_unary" if method == "SubmitJob" else "stream_stream"
    with grpc.insecure_channel(address) as channel:
        ask = getattr(channel, kind)(
            f"/meanrev.MeanRevResearch/{method}", lambda message: message.SerializeToString(), bytes
        )
        with pytest.raises(grpc.RpcError) as caught:
            _ended(ask, chunks)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "timestamps_ms" in caught.value.details()


def test_a_block_of_a_stream_must_run_forward(client):
    """Blocks of a stream carry a stamp a price: a block that runs backwards is refused like a matrix."""
    block = {"asset_id": "A", "prices": A, "timestamps_ms": STAMPS[::-1]}
    with pytest.raises(mr.InvalidInput, match="timestamps_ms"):
        list(client.ou_stream([block], time_unit_ms=86_400_000.0))


def test_steps_of_a_walk_forward_carry_their_days(client):
    """Bar numbers of a filtered frame mean nothing to a reader: steps carry the days of their parts."""
    walk = client.sweep(frame(pd.DatetimeIndex(DAYS)), entry=[1.0], exit=[0.0], lookback=10, walk_forward=(60, 30))
    shown = str(walk.walk_forward.to_columns())
    for row in (0, 59, 60, 89):
        assert str(DAYS[row]) in shown or str(STAMPS[row]) in shown
