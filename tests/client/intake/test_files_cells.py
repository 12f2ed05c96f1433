"""Cells, lines and columns of files: numbers as they are written, and refusals that name line, column and text."""

import numpy as np
import polars as pl
import pytest

from meanrev.errors import InvalidInput
from meanrev.intake.files import read_file
from meanrev.intake.options import FileOptions
from tests.client.intake.writing import DAYS, price, text


def read(tmp_path, content, **options):
    path = tmp_path / "prices.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(path, **options)


def with_cell(cell, at=7):
    return text("Date,A,B", lambda i: (DAYS[i], cell if i == at else price(i), price(i + 3)))


MARKERS = [
    "",
    ".",
    "NA",
    "na",
    "#N/A",
    "ND",
    "<NA>",
    "-",
    "--",
    "NaT",
    "null",
    "NULL",
    "nan",
    "NaN",
    "None",
    "n/a",
    " . ",
]


@pytest.mark.parametrize("marker", MARKERS)
def test_the_trades_markers_are_missing_values(tmp_path, marker):
    table = read(tmp_path, with_cell(marker))
    assert np.flatnonzero(np.isnan(table.values[:, 0])).tolist() == [7]
    assert table.report.missing == {"A": 1}


@pytest.mark.parametrize("marker", MARKERS[1:])
def test_a_marker_far_below_the_first_rows_is_missing_too(tmp_path, marker):
    content = text("t,A", lambda i: (1_577_836_800 + i, marker if i == 2_000 else price(i)), 2_100)
    assert len(read(tmp_path, content).values) == 2_099


@pytest.mark.parametrize(
    "cell",
    [
        "x",
        "1_000",
        "0x10",
        "\u0663",
        "5%",
        "$5",
        "5 USD",
        "inf",
        "-Infinity",
        "1e400",
        "1.2.3",
        "1,2,3",
        "true",
        "#DIV/0!",
    ],
)
@pytest.mark.parametrize("at", [7, 1_500])
def test_a_cell_that_is_no_number_is_named(tmp_path, cell, at):
    written = f'"{cell}"' if "," in cell else cell
    content = text("t,A", lambda i: (1_577_836_800 + i, written if i == at else price(i)), 1_600)
    with pytest.raises(InvalidInput, match=rf"line {at + 2}, column 'A': '") as caught:
        read(tmp_path, content)
    assert repr(cell)[1:-1] in str(caught.value)
    assert "--columns" in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1e3", 1000),
        ("+5", 5),
        (".5", 0.5),
        ("5.", 5),
        (" 5", 5),
        ("5 ", 5),
        ("-3.5", -3.5),
        ('"1,234.5"', 1234.5),
        ('"7"', 7),
    ],
)
def test_numbers_are_read_as_they_are_written(tmp_path, cell, value):
    assert read(tmp_path, with_cell(cell)).values[7, 0] == value


def test_a_further_marker_can_be_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"'closed' is no number.*--missing"):
        read(tmp_path, with_cell("closed"))
    assert np.isnan(read(tmp_path, with_cell("closed"), missing=("closed",)).values[7, 0])


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
def test_the_separator_is_found(tmp_path, separator):
    content = text(f"Date{separator}A{separator}B", lambda i: (DAYS[i], price(i), 2), separator=separator)
    assert read(tmp_path, content).names == ("A", "B")
    assert read(tmp_path, content, separator=separator).values[3, 0] == price(3)


def test_a_decimal_comma_is_found_where_the_numbers_say_so(tmp_path):
    comma = text("Date;A;B", lambda i: (DAYS[i], f"1.{200 + i},5", f"{i}.125"), separator=";")
    table = read(tmp_path, comma)
    assert table.values[3].tolist() == [1203.5, 3125.0]
    assert "A comma stands before the decimals." in table.report.notes


def test_a_comma_that_can_be_both_is_refused_and_settled(tmp_path):
    content = text("Date;A", lambda i: (DAYS[i], f"1,{200 + i * i % 7}"), separator=";")
    with pytest.raises(InvalidInput, match=r"line 2, column 'A': .*'1,200'.*--decimal-comma or --decimal-point"):
        read(tmp_path, content)
    assert read(tmp_path, content, decimal_comma=True).values[0, 0] == 1.2
    assert read(tmp_path, content, decimal_comma=False).values[0, 0] == 1200


def test_points_elsewhere_make_a_comma_one_of_thousands(tmp_path):
    content = text("Date;A;B", lambda i: (DAYS[i], f"1,{200 + i * i % 7}", 50.25), separator=";")
    assert read(tmp_path, content).values[0].tolist() == [1200, 50.25]


def test_mixed_decimal_signs_are_refused(tmp_path):
    content = text("Date;A;B", lambda i: (DAYS[i], f"{i},5", "50.25"), separator=";")
    with pytest.raises(InvalidInput, match=r"line 2, column 'B': '50.25' is no number"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        ("Date,A\n", "a header and no row"),
        ("<!DOCTYPE html><html></html>", "web page"),
        ('{"A": [1, 2]}', "JSON"),
        ("A,B\n1.5,2\n3.5\n", "line 3 has 1 field, the header 2"),
        ("A,B\n1.5\n3.5,4\n", "line 2 has 1 field, the header 2"),
        ("A,B\n1.5,2\n2.5,3\n3.5,4,5\n", "line 4 has 3 fields, the header 2"),
        ('A,B\n1,"2\n3,4\n', "opened and never closed"),
        ("A,A\n1.5,2\n", "two columns 'A'"),
        ("A,\n1.5,2\n", "column 2 .without a name. holds numbers"),
        ("Date,note\n2020-01-01,hello\n", "no column has numbers .note: text, no numbers"),
        ("just words\nand more\n", "no column has numbers.*--separator"),
        (b"A,B\n1,2\x003\n", "zero bytes"),
        ("1.5,2\n3.5,4\n", "line 1 looks like values.*--no-header.*--header"),
        ("name X\nfrom Y\nA,B,C\n1.5,2,3\n2.5,3,4\n", "line 3 has 3 fields, the header .line 1. 1.*--skip-lines"),
    ],
)
def test_what_is_no_table_is_a_sentence(tmp_path, content, told):
    with pytest.raises(InvalidInput, match=told):
        read(tmp_path, content)


def test_lines_are_the_files_own_where_fields_span_lines(tmp_path):
    content = "Date,A,note\n" + "".join(f'{DAYS[i]},{"x" if i == 7 else i * i},"two\nlines"\n' for i in range(12))
    with pytest.raises(InvalidInput, match=r"line 16, column 'A': 'x' is no number"):
        read(tmp_path, content)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings_and_ends_of_lines(tmp_path, end, encoding):
    content = text("Date,Größe", lambda i: (DAYS[i], price(i))).replace("\n", end).encode(encoding)
    content = b"\xff\xfe" + content if encoding == "utf-16-le" else content
    assert read(tmp_path, content).names == ("Größe",)


def test_text_that_is_no_utf8_far_below_is_read(tmp_path):
    content = text("t,A,city", lambda i: (1_577_836_800 + i, price(i), "Zürich" if i == 30_000 else "x"), 31_000)
    table = read(tmp_path, content.encode("cp1252"))
    assert len(table.values) == 31_000
    assert "not UTF-8" in " ".join(table.report.notes)


def test_a_file_without_a_header_is_read_where_its_first_line_begins_with_a_date(tmp_path):
    table = read(tmp_path, text(f"{DAYS[0]},{price(0)},1.5", lambda i: (DAYS[i + 1], price(i + 1), 2)))
    assert (table.names, len(table.values)) == (("column_2", "column_3"), 21)
    assert "The first line holds values and no names" in table.report.sentences()[-1]


@pytest.mark.parametrize("first", ["\u00b3,5.5", ",5.5", "inf,5.5", "2023,5%", "x,5.5", "0,0.5"])
def test_odd_first_lines_lose_nothing(tmp_path, first):
    content = f"{first}\n" + text(first, lambda i: (first.split(",")[0], price(i)))
    with pytest.raises(InvalidInput, match=r"--no-header"):
        read(tmp_path, content)


def test_a_last_line_without_an_end_counts_after_a_mark(tmp_path):
    with pytest.raises(InvalidInput, match=r"line 1 looks like values"):
        read(tmp_path, b"\xef\xbb\xbf47.5\tUSD\n45.5\tabc")


def test_names_that_are_numbers_are_names_where_one_says_so(tmp_path):
    content = text("600519,858", lambda i: (price(i), 2))
    assert read(tmp_path, content, no_header=False).names == ("600519", "858")
    assert len(read(tmp_path, content, no_header=True).values) == 21
    assert read(tmp_path, text("0,1", lambda i: (price(i), 2.5))).names == ("0", "1")
    assert read(tmp_path, text("Date,600519", lambda i: (DAYS[i], price(i)))).names == ("600519",)


def test_rows_and_columns_without_a_value_are_left_out_and_reported(tmp_path):
    content = text("Date,A,none,", lambda i: (DAYS[i], "" if i == 4 else price(i), "", "")) + ",,,\n\n"
    table = read(tmp_path, content)
    assert (table.names, len(table.values)) == (("A",), 19)
    known = {(out.what, out.reason): out.labels for out in table.report.left_out}
    assert known["column", "without any value"] == ("none", "column 4")
    assert known["row", "without any value"] == ("line 6", "line 22", "line 23")


def test_comments_above_the_header_are_reported(tmp_path):
    table = read(tmp_path, "# made, by hand\n#\n" + text("Date,A", lambda i: (DAYS[i], price(i))))
    assert table.report.left_out[0].labels == (1, 2)
    assert read(tmp_path, "Report of X\n" + with_cell("1"), skip_lines=1).names == ("A", "B")
    assert read(tmp_path, "Report of X\n\n\n" + with_cell("1"), skip_lines=1).names == ("A", "B")


def test_text_beside_prices_is_left_alone(tmp_path):
    content = text("Date,TICKER,A,OK", lambda i: (DAYS[i], "AAA.US", price(i), "true"))
    table = read(tmp_path, content)
    assert table.names == ("A",)
    assert table.report.left_out[0].labels == ("TICKER", "OK")
    mixed = text("Date,A,B", lambda i: (DAYS[i], price(i), "oops" if i % 2 else price(i)))
    with pytest.raises(InvalidInput, match=r"line 3, column 'B': 'oops' is no number"):
        read(tmp_path, mixed)
    assert read(tmp_path, mixed, columns=("A",)).report.left_out[0].reason == "not asked for"


def test_columns_come_in_the_order_asked_for(tmp_path):
    assert read(tmp_path, with_cell("1"), columns=("B", "A")).names == ("B", "A")
    with pytest.raises(InvalidInput, match=r"no column 'b'; did you mean 'B'"):
        read(tmp_path, with_cell("1"), columns=("b",))


BARS = "Date,Open,High,Low,Close,Adj Close,Volume"


@pytest.mark.parametrize("header", [BARS, BARS.lower(), "Date,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>"])
def test_figures_of_one_series_are_not_traded_as_six(tmp_path, header):
    content = text(header, lambda i: (DAYS[i], 2, 3, 1, price(i), 2.5, 1000 + i))
    with pytest.raises(InvalidInput, match=r"several figures of one series.*--column '?<?[cC]"):
        read(tmp_path, content)
    name = header.split(",")[4]
    assert read(tmp_path, content, columns=(name,)).values[:, 0].tolist() == [price(i) for i in range(20)]


def test_a_volume_beside_a_price_is_no_series(tmp_path):
    for name in ("volume", "AAPL_Volume", "Prev. Day Open Interest"):
        with pytest.raises(InvalidInput, match=r"several figures of one series.*--column AAPL"):
            read(tmp_path, text(f"Date,{name},AAPL", lambda i: (DAYS[i], 1000 + i % 3, price(i))))


def test_a_table_whose_rows_are_series_is_refused(tmp_path):
    content = "ticker," + ",".join(DAYS[:5]) + "\nA,1.5,2,3,4,5\nB,2.5,2,3,4,5\n"
    with pytest.raises(InvalidInput, match=r"dates for names of columns .2020-01-01"):
        read(tmp_path, content)


def test_excels_note_of_the_separator_is_no_header(tmp_path):
    table = read(tmp_path, "sep=;\n" + text("Date;A", lambda i: (DAYS[i], price(i)), separator=";"))
    assert (table.names, table.report.left_out[0].labels) == (("A",), (1,))


def test_klines_without_a_header_are_refused_and_read_by_number(tmp_path):
    rows = lambda i: (1_499_040_000_000 + 60_000 * i, 2, 3 + i % 2, 1, 2.5, 1000.5, 1_499_040_059_999 + 60_000 * i)  # noqa: E731
    content = "".join(",".join(map(str, rows(i))) + "\n" for i in range(20))
    with pytest.raises(InvalidInput, match=r"looks like values.*--no-header"):
        read(tmp_path, content)
    with pytest.raises(InvalidInput, match=r"--column column_5"):
        read(tmp_path, content, no_header=True)
    assert read(tmp_path, content, no_header=True, columns=("column_5",)).report.time_kind == "epoch ms"


YAHOO = "Price,Close,Close,Volume,Volume\nTicker,AAPL,MSFT,AAPL,MSFT\nDate,,,,\n"


@pytest.mark.parametrize(
    "header", [YAHOO, YAHOO.replace("Date", "Datetime"), ",Close,Close,Volume,Volume\n,AAPL,MSFT,AAPL,MSFT\n"]
)
def test_headers_of_several_lines(tmp_path, header):
    content = header + "".join(f"{DAYS[i]},{price(i)},{price(i + 1)},100,200\n" for i in range(20))
    with pytest.raises(InvalidInput, match=r"several figures of one series.*--column Close"):
        read(tmp_path, content)
    table = read(tmp_path, content, columns=("Close",))
    assert (table.names, table.values[0].tolist()) == (("AAPL", "MSFT"), [price(0), price(1)])
    assert read(tmp_path, content, columns=("Close/MSFT",)).names == ("Close/MSFT",)
    assert table.report.first_time == "2020-01-01"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"duplicates": "some"}, "duplicates must be one of refuse, first, last"),
        ({"separator": "::"}, "separator must be one ASCII character"),
        ({"separator": ",", "decimal_comma": True}, "decimal_comma must be False"),
        ({"long": ("date", "ticker")}, "long must name three columns"),
        ({"columns": ("A", "A")}, "columns must name each column once"),
        ({"tz": "Mars/Olympus"}, "tz must be a zone"),
        ({"skip_lines": -1}, "skip_lines must be 0 or more"),
    ],
)
def test_options_are_checked(options, told):
    with pytest.raises(InvalidInput, match=told):
        FileOptions(**options)


def test_wide_files_are_looked_at_in_one_go(tmp_path):
    names = [f"S{i}" for i in range(3_000)]
    content = text(",".join(["Date", *names]), lambda i: (DAYS[i], *([price(i)] * 2_999), "." if i == 3 else 1))
    table = read(tmp_path, content)
    assert table.values.shape == (20, 3_000)
    assert table.report.missing == {"S2999": 1}


def test_the_report_is_json_and_words(tmp_path):
    import json

    report = read(tmp_path, with_cell(".")).report
    known = json.loads(json.dumps(report.to_dict()))
    assert (known["n_rows"], known["columns"], known["missing"]) == (20, ["A", "B"], {"A": 1})
    assert report.sentences()[0] == "prices.csv: 20 rows of 2 columns, 2020-01-01 to 2020-01-20 (Date, ISO text)."


def test_a_cell_in_a_message_is_cut(tmp_path):
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, with_cell("x" * 10_000))
    assert len(str(caught.value)) < 400


def test_parquet_numbers_of_any_type_are_floats(tmp_path):
    path = tmp_path / "p.parquet"
    columns = {"f": pl.Float32, "i": pl.Int16, "u": pl.UInt64, "d": pl.Decimal(10, 2)}
    pl.DataFrame({name: pl.Series([3, 1, 2]).cast(kind) for name, kind in columns.items()}).write_parquet(path)
    assert read_file(path).values.tolist() == [[3.0] * 4, [1.0] * 4, [2.0] * 4]


def test_broken_bytes_leave_the_names_of_a_file_as_they_are(tmp_path):
    path = tmp_path / "p.csv"
    content = text("Date,Kurs in €,株価,note", lambda i: (DAYS[i], price(i), price(i + 1), "x")).encode()
    path.write_bytes(content[:-2] + b"\xff\xfe\n")
    table = read_file(path)
    assert table.names == ("Kurs in €", "株価")
    assert any("UTF-8 with 2 broken bytes" in note for note in table.report.notes)
    path.write_bytes(content.replace(b"50.875", b"50.\xff75", 1))
    with pytest.raises(InvalidInput, match="is no number"):
        read_file(path)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("letters", ["∑", "é"])
def test_one_letter_beside_two_broken_bytes_keeps_its_column(tmp_path, mark, letters):
    path = tmp_path / "f.csv"
    rows = b"".join(b"2024-01-%02d,%d.5,x\xff\xfe\n" % (day, day) for day in range(1, 2))
    path.write_bytes(mark + f"date,{letters},note\n".encode() + rows)
    assert read_file(path).names == (letters,)
