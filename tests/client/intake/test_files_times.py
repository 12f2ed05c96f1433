"""Columns of times in files: found, read exactly, never taken for prices; what is ambiguous is refused."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from meanrev.errors import InvalidInput
from meanrev.intake.files import read_file
from tests.client.intake.writing import DAYS, price, text

FIRST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def ms(*parts):
    return int(dt.datetime(*parts, tzinfo=dt.UTC).timestamp() * 1000)


def read(tmp_path, content, **options):
    path = tmp_path / "prices.csv"
    path.write_text(content)
    return read_file(path, **options)


SECOND = int(FIRST.timestamp())


@pytest.mark.parametrize(
    ("name", "stamp", "kind"),
    [
        ("Date", lambda i: DAYS[i], "ISO text"),
        ("x", lambda i: DAYS[i].replace("-", "/"), "ISO text"),
        ("Date", lambda i: f"{DAYS[i]} 00:00", "ISO text"),
        ("Date", lambda i: f"{DAYS[i]}T00:00:00.000", "ISO text"),
        ("Date", lambda i: f"{DAYS[i]}T00:00:00Z", "ISO text"),
        ("Date", lambda i: f"{DAYS[i]} 02:00:00+02:00", "ISO text"),
        ("timestamp", lambda i: SECOND + 86_400 * i, "epoch s"),
        ("timestamp", lambda i: f"{SECOND + 86_400 * i}.0", "epoch s"),
        ("timestamp", lambda i: (SECOND + 86_400 * i) * 10**3, "epoch ms"),
        ("timestamp", lambda i: (SECOND + 86_400 * i) * 10**6, "epoch us"),
        ("timestamp", lambda i: (SECOND + 86_400 * i) * 10**9, "epoch ns"),
        ("A column of no such name", lambda i: SECOND + 86_400 * i, "epoch s"),
        ("", lambda i: (SECOND + 86_400 * i) * 10**3, "epoch ms"),
        ("day", lambda i: DAYS[i].replace("-", ""), "yyyymmdd"),
        ("no name of a time", lambda i: DAYS[i].replace("-", ""), "yyyymmdd"),
        ("Date", lambda i: 43_831 + i, "spreadsheet serial"),
        ("Date", lambda i: dt.date.fromisoformat(DAYS[i]).strftime("%d/%m/%Y"), "text, day first"),
        ("Date", lambda i: dt.date.fromisoformat(DAYS[i]).strftime("%m/%d/%Y"), "text, month first"),
        ("Date", lambda i: dt.date.fromisoformat(DAYS[i]).strftime("%d.%m.%Y"), "text, day first"),
        ("Date", lambda i: dt.date.fromisoformat(DAYS[i]).strftime("%d-%b-%Y"), "text"),
        ("Date", lambda i: dt.date.fromisoformat(DAYS[i]).strftime('"%b %d, %Y"'), "text"),
        ("Date", lambda i: dt.date.fromisoformat(DAYS[i]).strftime("%d-%b-%y"), "text"),
    ],
)
def test_ways_to_write_a_day(tmp_path, name, stamp, kind):
    table = read(tmp_path, text(f"{name},A", lambda i: (stamp(i), price(i))))
    assert table.names == ("A",)
    assert table.timestamps_ms.tolist() == [ms(2020, 1, 1) + 86_400_000 * i for i in range(20)]
    assert table.report.time_kind == kind
    assert (table.report.first_time, table.report.last_time) == ("2020-01-01", "2020-01-20")


def test_nanoseconds_stay_exact_in_order_and_are_cut_to_the_milliseconds_that_travel(tmp_path):
    table = read(tmp_path, text("ts,A", lambda i: (1_577_836_800_123_456_789 + 10**6 * i, price(i))))
    assert table.timestamps_ms.tolist() == [1_577_836_800_123 + i for i in range(20)]
    assert table.report.first_time.endswith("00:00:00.123456789")


def test_times_of_one_millisecond_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match=r"line 3 .*within the millisecond of line 2.*--duplicates"):
        read(tmp_path, text("ts,A", lambda i: (1_577_836_800_123_000_000 + 10**5 * i, price(i))))


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index", "A"])
def test_a_first_column_that_counts_is_no_price(tmp_path, name):
    table = read(tmp_path, text(f"{name},B", lambda i: (i, price(i))))
    assert table.names == ("B",)
    [out] = table.report.left_out
    assert (out.what, out.reason) == ("column", "row numbers, no prices")


@pytest.mark.parametrize("options", [{}, {"decimal_comma": True}])
def test_a_first_column_that_counts_is_no_price_beside_decimal_commas(tmp_path, options):
    table = read(
        tmp_path, text("No;A;B", lambda i: (f"{i};{price(i):.3f};{price(i + 1):.4f}".replace(".", ","),)), **options
    )
    assert table.names == ("A", "B")
    assert table.report.left_out[0].reason == "row numbers, no prices"


def test_a_counter_that_is_asked_for_is_taken(tmp_path):
    assert read(tmp_path, text("A,B", lambda i: (i, price(i))), columns=("A",)).values[:, 0].tolist() == list(range(20))


def test_an_index_with_holes_is_no_price(tmp_path):
    table = read(tmp_path, text(",B", lambda i: (i * i, price(i))))
    assert table.names == ("B",)
    assert table.report.left_out[0].reason == "an index, no prices"


def test_prices_that_are_whole_numbers_are_prices(tmp_path):
    assert read(tmp_path, text("A,B", lambda i: (100 + i * i % 7, 20 + i % 3))).names == ("A", "B")


def test_a_column_of_dates_stands_anywhere(tmp_path):
    table = read(tmp_path, text("A,Date,B", lambda i: (price(i), DAYS[i], i % 5)))
    assert table.names == ("A", "B")
    assert table.report.time_column == "Date"


def test_a_time_of_day_joins_the_date_beside_it(tmp_path):
    table = read(tmp_path, text("Date,Time,A", lambda i: (DAYS[i // 4], f"{9 + i % 4}:30", price(i))))
    assert table.timestamps_ms[:2].tolist() == [ms(2020, 1, 1, 9, 30), ms(2020, 1, 1, 10, 30)]
    assert table.report.time_column == "Date and Time"


def test_stooqs_digits_join_the_date_beside_them(tmp_path):
    content = text(
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
        lambda i: ("X.US", 5, 20_200_101, f"{90_000 + 100 * i:06d}", 1.5, 2.5, 1.25, price(i), 1000),
    )
    table = read(tmp_path, content, columns=("<CLOSE>",))
    assert table.timestamps_ms[:2].tolist() == [ms(2020, 1, 1, 9, 0), ms(2020, 1, 1, 9, 1)]
    assert table.names == ("<CLOSE>",)


@pytest.mark.parametrize(
    ("stamp", "told"),
    [
        (lambda i: f"0{1 + i % 9}/01/20{10 + i}", "'01/01/2010' can be read day first or month first.*--date-format"),
        (lambda i: f"01/02/{10 + i}", "'01/02/10' has a year of two digits.*--date-format"),
        (lambda i: "soon", "line 2, column 'Date': 'soon' is no time, though the column is called one.*--date-format"),
        (lambda i: "2020-02-30" if i == 3 else DAYS[i], "line 5, column 'Date': '2020-02-30' is no time"),
        (lambda i: "" if i == 3 else DAYS[i], "line 5, column 'Date': the row has prices and no time"),
        (lambda i: "Total" if i == 19 else DAYS[i], "line 21, column 'Date': 'Total' is no time"),
        (lambda i: "Date" if i == 3 else DAYS[i], "line 5, column 'Date': 'Date' repeats the header"),
        (lambda i: f"{DAYS[i]}T10:00{'Z' if i else ''}", "line 2, column 'Date': '2020-01-01T10:00' is no time"),
        (lambda i: 5 * i * i, "line 2, column 'Date': '0' is no time"),
    ],
)
def test_what_is_no_time_is_refused_by_line_and_text(tmp_path, stamp, told):
    with pytest.raises(InvalidInput, match=told):
        read(tmp_path, text("Date,A", lambda i: (stamp(i), price(i))))


def test_a_format_settles_what_is_ambiguous(tmp_path):
    content = text("Date,A", lambda i: (f"01/{1 + i:02d}/2020", price(i)), 12)
    assert read(tmp_path, content, date_format="%m/%d/%Y").report.last_time == "2020-01-12"
    assert read(tmp_path, content, date_format="%d/%m/%Y").report.last_time == "2020-12-01"
    with pytest.raises(InvalidInput, match=r"does not fit --date-format %Y"):
        read(tmp_path, content, date_format="%Y-%m-%d")


def test_a_zone_places_times_without_one(tmp_path):
    content = text("Date,A", lambda i: (f"{DAYS[i]} 10:00", price(i)))
    assert read(tmp_path, content, tz="America/New_York").timestamps_ms[0] == ms(2020, 1, 1, 15, 0)


def test_a_zone_in_the_file_goes_before_one_that_is_named(tmp_path):
    table = read(tmp_path, text("Date,A", lambda i: (f"{DAYS[i]}T10:00Z", price(i))), tz="America/New_York")
    assert table.timestamps_ms[0] == ms(2020, 1, 1, 10, 0)
    assert table.report.notes == ("Times name their own zone, so that America/New_York is not used.",)


@pytest.mark.parametrize("day", ["2020-10-25 02:30", "2020-03-29 02:30"])
def test_an_hour_that_comes_twice_or_never_is_refused(tmp_path, day):
    with pytest.raises(InvalidInput, match=r"comes twice or not at all in Europe/Berlin.*offset"):
        read(tmp_path, f"Date,A\n2020-01-01 00:00,1\n{day},2\n", tz="Europe/Berlin")


def test_rows_out_of_order_are_refused_or_sorted(tmp_path):
    content = text("Date,A", lambda i: (DAYS[19 - i], price(i)))
    told = "line 3 has the time 2020-01-19, before the 2020-01-20 of line 2; .*--sort"
    with pytest.raises(InvalidInput, match=told):
        read(tmp_path, content)
    table = read(tmp_path, content, sort=True)
    assert table.values[:, 0].tolist() == [price(19 - i) for i in range(20)]
    assert table.report.was_sorted
    assert "The rows were sorted by time." in table.report.sentences()


def test_rows_of_one_time_are_refused_or_settled(tmp_path):
    content = text("Date,A", lambda i: (DAYS[i // 2], price(i)))
    with pytest.raises(
        InvalidInput, match=r"line 3 has the time 2020-01-01 of line 2 again; --duplicates first or last"
    ):
        read(tmp_path, content)
    first, last = (read(tmp_path, content, duplicates=which) for which in ("first", "last"))
    assert first.values[:, 0].tolist() == [price(i) for i in range(0, 20, 2)]
    assert last.values[:, 0].tolist() == [price(i) for i in range(1, 20, 2)]
    assert first.report.n_duplicates == 10


def test_several_columns_of_times_are_settled_by_place_name_or_option(tmp_path):
    both = text("A,entered date,left date", lambda i: (price(i), DAYS[i], DAYS[i + 1]))
    with pytest.raises(InvalidInput, match=r"several columns of times: 'entered date', 'left date'; --date-column"):
        read(tmp_path, both)
    assert read(tmp_path, both, date_column="left date").report.first_time == "2020-01-02"
    first = read(tmp_path, text("open_time,A,close_time", lambda i: (DAYS[i], price(i), DAYS[i + 1])))
    assert first.report.time_column == "open_time"
    assert [(out.labels, out.reason) for out in first.report.left_out] == [
        (("close_time",), "times beside those of the column that was taken")
    ]


def test_an_unknown_date_column_is_refused_with_a_suggestion(tmp_path):
    with pytest.raises(InvalidInput, match=r"no column 'date' for times; did you mean 'Date'"):
        read(tmp_path, text("Date,A", lambda i: (DAYS[i], price(i))), date_column="date")


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_types_of_times_in_parquet(tmp_path, unit, zone):
    days = pl.date_range(dt.date(2020, 1, 1), dt.date(2020, 1, 5), "1d", eager=True)
    stamps = days.cast(pl.Datetime(unit))
    path = tmp_path / "p.parquet"
    pl.DataFrame({"A": [1.5, 2, 3, 2, 1], "when": stamps.dt.replace_time_zone(zone)}).write_parquet(path)
    table = read_file(path)
    assert table.timestamps_ms[0] == ms(2020, 1, 1, 5 if zone else 0)
    assert table.report.time_column == "when"


def test_years_that_no_price_has_are_refused(tmp_path):
    path = tmp_path / "p.parquet"
    pl.DataFrame({"when": [dt.date(2020, 1, 1), dt.date(9999, 12, 31)], "A": [1.0, 2.0]}).write_parquet(path)
    with pytest.raises(InvalidInput, match=r"row 2, column 'when': .*is no time of the years 1900 to 2200"):
        read_file(path)


def test_the_order_is_checked_across_files(tmp_path):
    for name, days in (("a", DAYS[:10]), ("b", DAYS[10:20])):
        (tmp_path / f"{name}.csv").write_text(text("Date,A", lambda i, days=days: (days[i], price(i)), 10))
    table = read_file(tmp_path / "*.csv")
    assert (len(table.values), table.report.n_rows) == (20, 20)
    assert np.all(np.diff(table.timestamps_ms) == 86_400_000)
    (tmp_path / "c.csv").write_text(text("Date,A", lambda i: (DAYS[i], price(i)), 2))
    with pytest.raises(
        InvalidInput, match=r"c.csv, line 2 has the time 2020-01-01, before the 2020-01-20 of b.csv, line 11"
    ):
        read_file(tmp_path / "*.csv")
