"""Formats of files: by their first bytes, compressed or not, of pandas, Spark and spreadsheets, long and wide."""

import bz2
import gzip
import http.server
import lzma
import threading
from datetime import date

import numpy as np
import polars as pl
import pytest

from meanrev.errors import InvalidInput
from meanrev.intake.files import read_file
from tests.client.intake.writing import DAYS, price, spreadsheet, text

WIDE = text("Date,A,B", lambda i: (DAYS[i], price(i), price(i + 1)))
SERIAL = 43_831


@pytest.mark.parametrize("name", ["p.csv.gz", "P.CSV.GZ", "p.csv.bz2", "p.txt.xz", "p.tsv", "p", "p.csv"])
def test_compression_is_known_by_its_bytes(tmp_path, name):
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}.get(name.lower().rpartition(".")[2], bytes)
    (tmp_path / name).write_bytes(pack(WIDE.encode()))
    table = read_file(tmp_path / name)
    assert (table.names, table.values.shape, table.report.source) == (("A", "B"), (20, 2), name)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "arrow"])
@pytest.mark.parametrize("upper", [False, True])
def test_polars_files_of_any_suffix_case(tmp_path, suffix, upper):
    frame = pl.read_csv(WIDE.encode())
    path = tmp_path / f"p.{suffix.upper() if upper else suffix}"
    {"csv": frame.write_csv, "parquet": frame.write_parquet, "arrow": frame.write_ipc}[suffix](path)
    assert read_file(path).values[:, 0].tolist() == [price(i) for i in range(20)]


def test_zstandard_is_unpacked(tmp_path):
    path = tmp_path / "p.csv.zst"
    pl.read_csv(WIDE.encode()).write_csv(path, compression="zstd", check_extension=False)
    assert path.read_bytes().startswith(b"\x28\xb5\x2f\xfd")
    assert read_file(path).values.shape == (20, 2)


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("p.parquet", b"PAR1 and no more", "cannot be read as Parquet"),
        ("p.parquet", b"Date,A\n", "is called .parquet and is no Parquet file"),
        ("p.xlsx", b"Date,A\n", "is no Excel file"),
        ("p.csv.gz", b"Date,A\n", "is no gzip file"),
        ("p.csv.gz", b"\x1f\x8b and no more", "is a broken gzip file"),
        ("p.csv.gz", gzip.compress(WIDE.encode())[:-20], "is a broken gzip file"),
        ("p.xlsx", b"PK\x03\x04 and no more", "cannot be read as Excel"),
        ("p.arrow", b"ARROW1 and no more", "cannot be read as Arrow IPC"),
        ("p.parquet", b"", "is empty"),
    ],
)
def test_broken_files_are_a_sentence(tmp_path, name, data, told):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidInput, match=told) as caught:
        read_file(tmp_path / name)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "told"), [("no.csv", "does not exist"), ("no*.csv", "matches no file"), ("", "without Parquet")]
)
def test_files_that_are_not_there(tmp_path, name, told):
    with pytest.raises(InvalidInput, match=told):
        read_file(tmp_path / name)


def test_files_of_other_columns_do_not_go_together(tmp_path):
    (tmp_path / "a.csv").write_text(WIDE)
    (tmp_path / "b.csv").write_text(text("Date,A,C", lambda i: (DAYS[20 + i], 1.5, 2), 5))
    with pytest.raises(InvalidInput, match=r"b.csv: has other columns than a.csv \(B, C\)"):
        read_file(tmp_path / "*.csv")


def test_an_address_is_read(tmp_path):
    (tmp_path / "p.csv").write_text(WIDE)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **others):
            super().__init__(*args, directory=str(tmp_path), **others)

        def log_message(self, *args):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert read_file(f"{address}/p.csv").report.source == "p.csv"
        with pytest.raises(InvalidInput, match=r"no.csv: cannot be opened: .*404|Not Found"):
            read_file(f"{address}/no.csv")
        server.shutdown()


@pytest.mark.parametrize("named", [None, "when"])
def test_the_index_of_pandas_is_time(tmp_path, named):
    pandas = pytest.importorskip("pandas", reason="pandas is of the extra [compat]")
    index = pandas.date_range("2020-01-01", periods=20, name=named)
    frame = pandas.DataFrame({"A": [price(i) for i in range(20)], "t": pandas.Categorical(["X"] * 20)}, index=index)
    frame.to_parquet(tmp_path / "p.parquet")
    table = read_file(tmp_path / "p.parquet")
    assert (table.names, table.report.time_column) == (("A",), named or "__index_level_0__")
    assert [(out.labels, out.reason) for out in table.report.left_out] == [(("t",), "text, no numbers")]


def test_an_index_of_numbers_is_no_price(tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is of the extra [compat]")
    pandas.DataFrame({"A": [1.5, 2, 3]}, index=[7, 3, 5]).to_parquet(tmp_path / "p.parquet")
    table = read_file(tmp_path / "p.parquet")
    assert table.names == ("A",)
    assert table.report.left_out[0].reason == "an index, no prices"


def test_several_levels_of_an_index_are_a_long_table(tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is of the extra [compat]")
    index = pandas.MultiIndex.from_product(
        [["X", "Y"], pandas.date_range("2020-01-01", periods=3)], names=["sym", "date"]
    )
    pandas.DataFrame({"close": [1.0, 2, 3, 4, 5, 6]}, index=index).to_parquet(tmp_path / "p.parquet")
    with pytest.raises(InvalidInput, match=r"--long date,sym,close"):
        read_file(tmp_path / "p.parquet")
    table = read_file(tmp_path / "p.parquet", long=("date", "sym", "close"))
    assert (table.names, table.values.tolist()) == (("X", "Y"), [[1, 4], [2, 5], [3, 6]])


def test_columns_that_hold_no_numbers_are_left_out(tmp_path):
    frame = pl.DataFrame(
        {
            "date": [date(2020, 1, i + 1) for i in range(3)],
            "A": [1.5, 2.0, 1.0],
            "list": [[1]] * 3,
            "flag": [True] * 3,
        }
    ).with_columns(
        pl.lit("x").cast(pl.Categorical).alias("cat"), pl.lit(None).alias("nothing"), pl.lit(b"x").alias("bin")
    )
    frame.write_parquet(tmp_path / "p.parquet")
    table = read_file(tmp_path / "p.parquet")
    assert table.names == ("A",)
    assert {name for out in table.report.left_out for name in out.labels} == {"list", "flag", "cat", "nothing", "bin"}
    with pytest.raises(InvalidInput, match=r"column 'list' holds values of type list, no numbers"):
        read_file(tmp_path / "p.parquet", columns=("list",))


def test_not_a_number_is_missing_and_infinity_is_refused(tmp_path):
    pl.DataFrame({"A": [1.5, float("nan"), 3.0], "B": [1.5, 2.0, 1.0]}).write_parquet(tmp_path / "p.parquet")
    assert read_file(tmp_path / "p.parquet").report.missing == {"A": 1}
    pl.DataFrame({"A": [1.5, float("inf"), 3.0]}).write_parquet(tmp_path / "p.parquet")
    with pytest.raises(InvalidInput, match=r"row 2, column 'A': inf is no number"):
        read_file(tmp_path / "p.parquet")


def test_sparks_folders_are_one_table(tmp_path):
    for name, offset in (("AAA", 0.0), ("BBB", 100.0)):
        folder = tmp_path / "prices" / f"ticker={name}"
        folder.mkdir(parents=True)
        frame = pl.DataFrame({"date": DAYS[:3], "close": [offset + 1.5, offset + 2, offset + 3]})
        frame.write_parquet(folder / "part-00000.snappy.parquet")
    (tmp_path / "prices" / "_SUCCESS").touch()
    with pytest.raises(InvalidInput, match=r"--long date,ticker,close"):
        read_file(tmp_path / "prices")
    table = read_file(tmp_path / "prices", long=("date", "ticker", "close"))
    assert (table.names, table.values[0].tolist()) == (("AAA", "BBB"), [1.5, 101.5])


LONG = text("date,ticker,close", lambda i: (DAYS[i // 2], "AB"[i % 2], price(i)))


def test_a_long_table_is_refused_with_its_remedy_and_pivoted(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(LONG)
    for asked in ({}, {"columns": ("close",)}):
        with pytest.raises(InvalidInput, match=r"long table: column 'ticker' names 2 series.*--long date,ticker,close"):
            read_file(path, **asked)
    table = read_file(path, long=("date", "ticker", "close"))
    assert table.names == ("A", "B")
    np.testing.assert_array_equal(table.values, np.array([price(i) for i in range(20)]).reshape(10, 2))
    assert read_file(path, long=("date", "ticker", "close"), columns=("B",)).names == ("B",)


def test_a_long_table_sorted_by_ticker_and_with_holes(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(
        "date,ticker,close\n"
        + "".join(f"{DAYS[i]},{t},{i + 1.5}\n" for t in "BA" for i in range(5) if (t, i) != ("A", 2))
    )
    table = read_file(path, long=("date", "ticker", "close"))
    assert table.names == ("B", "A")
    assert np.isnan(table.values[2, 1])
    assert table.report.missing == {"A": 1}


def test_series_that_never_meet_are_a_long_table_too(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(
        "date,symbol,close\n" + "".join(f"{DAYS[i]},{'A' if i < 10 else 'B'},{price(i)}\n" for i in range(20))
    )
    with pytest.raises(InvalidInput, match=r"long table"):
        read_file(path)


def test_numbers_that_name_series_make_a_long_table(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(text("date,permno,prc", lambda i: (DAYS[i // 2], 10_001 + i % 2, price(i))))
    with pytest.raises(InvalidInput, match=r"--long date,permno,prc"):
        read_file(path)
    assert read_file(path, long=("date", "permno", "prc")).names == ("10001", "10002")


def test_two_rows_of_one_time_and_series_are_refused_or_settled(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(LONG + f",,\n{DAYS[0]},A,99\n")
    long = ("date", "ticker", "close")
    with pytest.raises(InvalidInput, match=r"line 23 has 2020-01-01 of A again, after line 2; --duplicates"):
        read_file(path, long=long)
    assert read_file(path, long=long, duplicates="last").values[0, 0] == 99
    table = read_file(path, long=long, duplicates="first")
    assert (table.values[0, 0], table.report.n_duplicates) == (price(0), 1)


def test_a_spreadsheet_is_read_by_lines(tmp_path):
    rows = [["Date", "A", "B"], *([("date", SERIAL + i), price(i), 2] for i in range(10))]
    table = read_file(spreadsheet(tmp_path / "p.xlsx", {"Prices": rows}))
    assert (table.names, table.report.first_time) == (("A", "B"), "2020-01-01")
    rows[5][1] = "closed"
    with pytest.raises(InvalidInput, match=r"line 6, column 'A': 'closed' is no number"):
        read_file(spreadsheet(tmp_path / "p.xlsx", {"Prices": rows}))


def test_serial_numbers_of_a_spreadsheet_are_times(tmp_path):
    rows = [["Date", "A"], *([SERIAL + i, price(i)] for i in range(10))]
    assert read_file(spreadsheet(tmp_path / "p.xlsx", {"Prices": rows})).report.time_kind == "spreadsheet serial"


def test_sheets_are_named_where_there_are_several(tmp_path):
    rows = [["Date", "A"], *([("date", SERIAL + i), price(i)] for i in range(10))]
    path = spreadsheet(tmp_path / "p.xlsx", {"One": rows, "Two": rows, "None": []})
    with pytest.raises(InvalidInput, match=r"several sheets: One, Two; --sheet"):
        read_file(path)
    assert read_file(path, sheet="Two").names == ("A",)
    with pytest.raises(InvalidInput, match=r"no sheet 'two'; did you mean 'Two'"):
        read_file(path, sheet="two")


def test_a_spreadsheet_without_a_header_or_with_a_title(tmp_path):
    rows = [[("date", SERIAL + i), price(i)] for i in range(10)]
    path = spreadsheet(tmp_path / "p.xlsx", {"Prices": rows})
    with pytest.raises(InvalidInput, match=r"--no-header"):
        read_file(path)
    assert read_file(path, no_header=True).values.shape == (10, 1)
    path = spreadsheet(tmp_path / "p.xlsx", {"Prices": [["Prices of X"], ["Date", "A"], *rows]})
    assert read_file(path, skip_lines=1).names == ("A",)


def test_two_columns_of_one_name_in_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is of the test set")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table([[1.5], [2.5]], names=["A", "A"]), tmp_path / "p.parquet")
    with pytest.raises(InvalidInput, match=r"two columns of one name; rename one"):
        read_file(tmp_path / "p.parquet")


@pytest.mark.parametrize("options", [{}, {"no_header": True}])
def test_bars_without_a_header_are_no_four_series_and_the_close_is_named(tmp_path, options):
    path = tmp_path / "p.csv"
    bars = [(price(i) + 900, price(i) - 1, price(i) + 1, price(i) - 2, price(i)) for i in range(20)]
    path.write_text("\n".join(f"{DAYS[i]},{','.join(map(str, bar))}" for i, bar in enumerate(bars)) + "\n")
    with pytest.raises(InvalidInput, match=r"by their values.*--column column_6"):
        read_file(path, **options)
    assert read_file(path, columns=("column_6",), **options).values[:, 0].tolist() == [bar[-1] for bar in bars]


def test_series_at_levels_of_their_own_are_no_bars(tmp_path):
    path = tmp_path / "p.csv"
    levels = (50.0, 900.0, 2.0, 40.0)
    path.write_text(
        "\n".join(f"{DAYS[i]},{','.join(str(price(i) * level) for level in levels)}" for i in range(20)) + "\n"
    )
    assert read_file(path, no_header=True).values.shape == (20, 4)
