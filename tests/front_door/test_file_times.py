"""Files: what is time or an index is never a price, and time runs forward."""

import numpy as np
import pytest

from tests.front_door.reading import read, values_of
from tests.front_door.series import DAYS, A, B, best, lines, refused, sharpes, swept, told, write

SECONDS = DAYS.astype("datetime64[s]").astype(np.int64)


@pytest.mark.parametrize(
    ("header", "stamps"),
    [
        ("Open time,A,B", SECONDS * 1_000),
        ("ts,A,B", SECONDS * 1_000_000),
        ("time,A,B", SECONDS * 1_000_000_000),
        ("timestamp,A,B", [f"{second}.0" for second in SECONDS]),
        ("date,A,B", [str(day).replace("-", "") for day in DAYS]),
        ("Date,A,B", [f"{day}T00:00:00Z" for day in DAYS]),
        ("DATE,A,B", [f"{day} 09:30:00" for day in DAYS]),
        ("date,A,B", [f"{day}T16:00:00+01:00" for day in DAYS]),
    ],
)
def test_stamps_are_time_whatever_their_unit(run, client, tmp_path, header, stamps):
    """An export's stamps were swept as a price series; right are the figures of the two price columns alone."""
    result = swept(run, write(tmp_path / "f.csv", header, lines(A, B, days=stamps)))
    assert result.exit_code == 0, result.stderr
    assert [row["column"] for row in result.document["best"]] == ["A", "B"]
    assert sharpes(result) == best(client, A, B)


@pytest.mark.parametrize(
    ("header", "numbers"),
    [(",A,B", range(1, 121)), ("Unnamed: 0,A,B", range(120)), ("index,A,B", range(0, 600, 5)), ("row,A,B", range(120))],
)
def test_row_numbers_are_an_index(run, client, tmp_path, header, numbers):
    """The index that a frame wrote beside its prices became a series; right is an index, and a word on it."""
    result = swept(run, write(tmp_path / "f.csv", header, lines(A, B, days=list(numbers))))
    assert result.exit_code == 0, result.stderr
    assert sharpes(result) == best(client, A, B)


def test_a_ramp_that_is_asked_for_by_name_is_a_price(run, tmp_path):
    """A column that grows by equal steps may be meant: where the caller names it, it is swept or refused aloud."""
    result = swept(run, write(tmp_path / "f.csv", "X,A", lines(A, days=range(100, 220))), "--column", "X")
    if result.exit_code == 0:
        assert [row["column"] for row in result.document["best"]] == ["X"]
    else:
        refused(result, "X")


def test_a_date_column_may_stand_last(run, client, tmp_path):
    """A database writes the day behind the prices; right is the same table as with the day in front."""
    rows = [f"{a:.4f},{b:.4f},{day}" for day, a, b in zip(DAYS, A, B, strict=True)]
    result = swept(run, write(tmp_path / "f.csv", "A,B,day", rows))
    assert result.exit_code == 0, result.stderr
    assert sharpes(result) == best(client, A, B)


def test_two_columns_of_times_are_settled_or_asked_for(run, client, tmp_path):
    """Klines hold an open and a close time: neither is a price, and --date-column says which one counts."""
    rows = [f"{s * 1000},{a:.4f},{s * 1000 + 86_399_999}" for s, a in zip(SECONDS, A, strict=True)]
    file = write(tmp_path / "f.csv", "open_time,close,close_time", rows)
    result = swept(run, file)
    if result.exit_code:
        refused(result, "--date-column")
        result = swept(run, file, "--date-column", "open_time")
    assert result.exit_code == 0, result.stderr
    assert [row["column"] for row in result.document["best"]] == ["close"]
    assert sharpes(result) == best(client, A)


@pytest.mark.parametrize("command", ["sweep", "scan"])
def test_shuffled_rows_are_refused_and_sorted_on_request(run, client, tmp_path, command):
    """Joined downloads come out of order; right is a refusal that names the first bad day, and --sort the way out."""
    rows = lines(A, B)
    rows[40], rows[41] = rows[41], rows[40]
    file = write(tmp_path / "f.csv", "Date,A,B", rows)
    refused(run(command, file, "--lookback", "10"), "--sort", str(DAYS[40]))
    assert run(command, file, "--lookback", "10", "--sort").exit_code == 0
    if command == "sweep":
        assert sharpes(swept(run, file, "--sort")) == best(client, A, B)


@pytest.mark.parametrize(("keep", "times"), [("first", (1.0, 1.5)), ("last", (1.5, 1.0))])
def test_the_caller_says_which_row_of_a_day_counts(run, client, tmp_path, keep, times):
    """A preliminary and a final price share a day; --duplicates picks one, and figures are those of that table."""
    rows = []
    for i, day in enumerate(DAYS):
        factors = times if i % 9 == 4 else (1.0,)
        rows += [f"{day},{a * factor:.6f}" for a in [A[i]] for factor in factors]
    file = write(tmp_path / "f.csv", "Date,A", rows)
    refused(swept(run, file), "--duplicates", str(DAYS[4]))
    refused(swept(run, file, "--duplicates", "refuse"), str(DAYS[4]))
    result = swept(run, file, "--duplicates", keep)
    assert result.exit_code == 0, result.stderr
    assert sharpes(result) == pytest.approx(best(client, A), abs=0)


def test_a_row_without_its_day_is_named(run, tmp_path):
    """One row lost its date: its place in time is unknown, so that the file is refused with its line."""
    rows = lines(A)
    rows[10] = rows[10][10:]
    refused(swept(run, write(tmp_path / "f.csv", "Date,A", rows)), ("line 12", "row 12"), "date")


def test_a_day_that_does_not_exist_is_named(run, tmp_path):
    """2020-02-30 was read as text, and the column of days became labels; right is a refusal with the line."""
    rows = lines(A)
    rows[59] = "2020-02-30" + rows[59][10:]
    refused(swept(run, write(tmp_path / "f.csv", "Date,A", rows)), "2020-02-30")


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%b-%Y"])
def test_other_forms_of_days_are_read_rightly_or_refused(run, client, tmp_path, form):
    """Days in a country's own form, sorted as text, turn months around: they are read as meant or refused by name."""
    days = [day.item().strftime(form) for day in DAYS]
    result = swept(run, write(tmp_path / "f.csv", "Date,A,B", lines(A, B, days=days)))
    if result.exit_code == 0:
        assert sharpes(result) == best(client, A, B)
    else:
        refused(result, "date")


def test_a_gap_of_weeks_is_reported(run, tmp_path):
    """A download broke off for a month in the middle; the table is read, and a sentence or a number says so."""
    rows = lines(A)
    result = swept(run, write(tmp_path / "f.csv", "Date,A", rows[:60] + rows[90:]))
    assert result.exit_code == 0, result.stderr
    assert "gap" in told(result) or "step" in told(result)


@pytest.mark.parametrize(("zone", "hours"), [(None, 0), ("America/New_York", 5), ("Asia/Tokyo", -9)])
def test_times_of_a_place_are_told_by_tz(tmp_path, zone, hours):
    """A broker writes the exchange's clock: with --tz the stamps are of that place, without it of UTC."""
    rows = lines(A[:40], days=[f"{day} 16:00:00" for day in DAYS[:40]])
    words = () if zone is None else ("--tz", zone)
    _, _, stamps = values_of(read(write(tmp_path / "f.csv", "Date,A", rows), *words))
    np.testing.assert_array_equal(stamps, SECONDS[:40] * 1_000 + (16 + hours) * 3_600_000)


def test_a_column_named_by_the_caller_is_the_time(run, client, tmp_path):
    """Two columns could be the time; --date-column takes the one that is meant, and the other is no price."""
    rows = [f"{day},{day + 2},{a:.4f},{b:.4f}" for day, a, b in zip(DAYS, A, B, strict=True)]
    file = write(tmp_path / "f.csv", "trade_date,settle_date,A,B", rows)
    done = swept(run, file, "--date-column", "settle_date")
    assert done.exit_code == 0, done.stderr
    assert sharpes(done) == best(client, A, B)
    assert str(DAYS[-1] + 2) in told(done)
