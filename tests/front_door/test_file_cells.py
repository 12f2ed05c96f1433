"""Files: cells, lines, names and formats."""

import gzip

import numpy as np
import pytest

from tests.front_door.series import DAYS, GRID, A, B, C, best, lines, refused, sharpes, swept, told, write

MARKERS = (".", "#N/A", "#N/A N/A", "ND", "<NA>", "-", "--", "NaT", "null", "NULL", "NA", "N/A", "nan", "")


def holed(marker, places=(7, 37, 67)):
    """Return column A as text with a marker in some rows."""
    return [marker if i in places else f"{value:.4f}" for i, value in enumerate(A)]


@pytest.mark.parametrize("marker", MARKERS)
def test_markers_of_the_trade_are_missing_prices(run, client, tmp_path, marker):
    """Each source marks a holiday in its own way; right are the figures of the series with NaN there."""
    rows = [f"{day},{cell},{b:.4f}" for day, cell, b in zip(DAYS, holed(marker), B, strict=True)]
    result = swept(run, write(tmp_path / "f.csv", "DATE,A,B", rows))
    assert result.exit_code == 0, result.stderr
    holes = A.copy()
    holes[[7, 37, 67]] = np.nan
    assert sharpes(result) == best(client, holes, B)


def test_a_marker_of_ones_own_is_given(run, client, tmp_path):
    """A vendor writes -999 for no price; by default it is a negative price that is named, with --missing a hole."""
    file = write(tmp_path / "f.csv", "DATE,A", [f"{day},{cell}" for day, cell in zip(DAYS, holed("-999"), strict=True)])
    assert str(DAYS[7]) in told(swept(run, file)) or "unit" in told(swept(run, file))
    result = swept(run, file, "--missing", "-999")
    assert result.exit_code == 0, result.stderr
    assert sharpes(result) == best(client, np.delete(A, [7, 37, 67]))  # rows without any price are no bars


@pytest.mark.parametrize(
    "cell",
    ["1_0", "0x1F", "\uff15\uff10", "\u0665\u0660", "$50.1", "50.1%", "1e5e1", "50.1 USD", "5O.1", "True", "(50.1)"],
)
def test_what_is_no_number_is_named_with_line_and_column(run, tmp_path, cell):
    """A typo in a cell was read by Python's rules, or hid its column; right is an error with line and column."""
    rows = lines(A, B)
    rows[50] = f"{DAYS[50]},{A[50]:.4f},{cell}"
    refused(swept(run, write(tmp_path / "f.csv", "Date,A,B", rows, encoding="utf-8")), ("line 52", "row 52"), "b", cell)


@pytest.mark.parametrize("cell", ["inf", "-inf", "Infinity", "1e999"])
def test_an_infinite_price_is_no_price(run, tmp_path, cell):
    """A division by zero upstream left an infinity; it is refused or named, and never an internal error."""
    rows = lines(A, B)
    rows[50] = f"{DAYS[50]},{A[50]:.4f},{cell}"
    result = swept(run, write(tmp_path / "f.csv", "Date,A,B", rows))
    assert result.exit_code in {0, 4}
    assert "internal" not in told(result)
    assert cell.lower() in told(result) or str(DAYS[50]) in told(result) or "finite" in told(result)


def test_lines_are_those_of_the_file(run, tmp_path):
    """A quoted header of two lines shifted the line that the error named; an editor counts the file's own lines."""
    rows = lines(A, B)
    rows[50] = f"{DAYS[50]},{A[50]:.4f},oops"
    refused(swept(run, write(tmp_path / "f.csv", 'Date,A,"B\n(close)"', rows)), ("line 53", "row 53"), "oops")


def test_thousands_in_quotes(run, client, tmp_path):
    """A spreadsheet writes "12,345.67"; right is 12345.67."""
    big = np.round(A * 250, 2)
    rows = [f'{day},"{value:,.2f}"' for day, value in zip(DAYS, big, strict=True)]
    result = swept(run, write(tmp_path / "f.csv", "Date,A", rows))
    assert result.exit_code == 0, result.stderr
    assert sharpes(result) == best(client, big)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_separator_is_found_or_given(run, client, tmp_path, separator):
    """The file has another separator than the comma; read it, or say which option does, and that option reads it."""
    header = separator.join(["Date", "A", "B"])
    file = write(tmp_path / "f.csv", header, lines(A, B, separator=separator))
    result = swept(run, file)
    if result.exit_code:
        refused(result, "--separator")
        result = swept(run, file, "--separator", separator)
    assert result.exit_code == 0, result.stderr
    assert sharpes(result) == best(client, A, B)


def test_decimal_commas_in_quotes_are_asked_for(run, client, tmp_path):
    """Commas separate cells and decimals: "50,1234" must not become 501234; --decimal-comma reads it."""
    rows = [f'{day},"{value:.4f}"'.replace(".", ",") for day, value in zip(DAYS, A, strict=True)]
    file = write(tmp_path / "f.csv", "Date,A", rows)
    result = swept(run, file)
    if result.exit_code:
        refused(result, ("--decimal-comma", "comma"))
        result = swept(run, file, "--decimal-comma")
    assert result.exit_code == 0, result.stderr
    assert sharpes(result) == best(client, A)


@pytest.mark.parametrize(
    ("name", "pack"),
    [("F.CSV.GZ", gzip.compress), ("plain.csv", gzip.compress), ("prices.txt", bytes), ("p.tsv", bytes)],
)
def test_the_suffix_does_not_decide_alone(run, client, tmp_path, name, pack):
    """Compressed data under .csv, text under .txt: read as what it is, or refused in words of formats."""
    tab = name.endswith("tsv")
    text = "\n".join(["Date\tA" if tab else "Date,A", *lines(A, separator="\t" if tab else ",")]) + "\n"
    (tmp_path / name).write_bytes(pack(text.encode()))
    result = swept(run, name)
    if result.exit_code:
        refused(result, ("gzip", ".gz", "compress", "suffix", ".csv", "format", "--separator"))
    else:
        assert sharpes(result) == best(client, A)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig", "cp1252"])
def test_another_encoding_is_read_or_named(run, client, tmp_path, encoding):
    """A Windows program wrote the names in its own code; they come out right, or the error speaks of the encoding."""
    file = write(tmp_path / "f.csv", "Date,Pétrole,B", lines(A, B), encoding=encoding)
    result = swept(run, file)
    if result.exit_code:
        refused(result, ("utf-8", "utf8", "encod"))
    else:
        assert [row["column"] for row in result.document["best"]] == ["Pétrole", "B"]
        assert sharpes(result) == best(client, A, B)


@pytest.mark.parametrize("command", ["sweep", "scan"])
def test_a_file_without_a_header_keeps_its_first_bar(run, client, tmp_path, command):
    """The first bar was taken for the header; right is a refusal, or all bars and a word on it, as with --no-header."""
    rows = lines(A, B)
    file = write(tmp_path / "f.csv", rows[0], rows[1:])
    words = ("--alpha", "1", "--lookback", "10", "--json") if command == "scan" else (*GRID, "--json")
    guessed, done = run(command, file, *words), run(command, file, *words, "--no-header")
    if guessed.exit_code:
        refused(guessed, "header", "--no-header")
    else:
        assert "first line holds values" in " ".join(guessed.document["intake"]["notes"]).lower()
        assert guessed.document["intake"]["n_rows"] == 120
    assert done.exit_code == 0, done.stderr
    if command == "sweep":
        assert sharpes(done) == best(client, A, B)
    else:
        assert done.document["n_pairs"] == 1


def test_only_what_is_asked_for_is_looked_at(run, client, tmp_path):
    """A typo in a column that nobody asked for stopped the sweep of another one."""
    rows = lines(A, B)
    rows[50] = f"{DAYS[50]},oops,{B[50]:.4f}"
    file = write(tmp_path / "f.csv", "Date,A,B", rows)
    for option in ("--column", "--columns"):
        done = swept(run, file, option, "B")
        assert done.exit_code == 0, done.stderr
        assert sharpes(done) == best(client, B)


def test_text_beside_prices_is_left_alone_and_reported(run, client, tmp_path):
    """A column of sectors stops no sweep of the prices; what was left out is said."""
    rows = [f"{day},{a:.4f},energy,{b:.4f}" for day, a, b in zip(DAYS, A, B, strict=True)]
    result = swept(run, write(tmp_path / "f.csv", "Date,A,sector,B", rows))
    assert result.exit_code == 0, result.stderr
    assert sharpes(result) == best(client, A, B)
    assert "sector" in told(result)


def test_lines_of_comment_before_the_header(run, client, tmp_path):
    """Vendors put a title and a licence above the header: read past it, or say that a header was not found."""
    file = write(tmp_path / "f.csv", "# Downloaded 2020-06-01\n# (c) Vendor, all rights\nDate,A,B", lines(A, B))
    result = swept(run, file)
    if result.exit_code:
        refused(result, ("header", "line 1", "line 2", "line 3", "comment"))
    else:
        assert sharpes(result) == best(client, A, B)


def test_a_header_in_the_middle_is_named(run, tmp_path):
    """Two downloads were joined with their headers; the second one is no bar, and its line is named."""
    rows = lines(A, B)
    rows.insert(60, "Date,A,B")
    refused(swept(run, write(tmp_path / "f.csv", "Date,A,B", rows)), ("line 62", "row 62", "62"))


@pytest.mark.parametrize("row", ["2020-02-20,50.1", "2020-02-20,50.1,30.1,7.5", "2020-02-20"])
def test_a_ragged_line_is_named(run, tmp_path, row):
    """A line was cut or has a cell too many: silently padded, it moves prices; right is its line number."""
    rows = lines(A, B)
    rows[50] = row
    result = swept(run, write(tmp_path / "f.csv", "Date,A,B", rows))
    if row.count(",") > 2:
        refused(result, ("line 52", "row 52", "52"))
    elif result.exit_code == 0:
        assert "missing" in told(result) or "without a value" in told(result)


def test_blank_lines_and_columns_of_a_spreadsheet(run, client, tmp_path):
    """Empty columns at the right and empty rows in the middle are neither series nor bars, and it is said."""
    rows = [f"{line},," for line in lines(A, B)]
    rows[60:60] = [",,,,"] * 5
    result = swept(run, write(tmp_path / "f.csv", "Date,A,B,,", rows))
    assert result.exit_code == 0, result.stderr
    assert sharpes(result) == best(client, A, B)
    assert "left out" in told(result) or "left_out" in told(result)


def test_a_column_without_any_price_is_left_out_aloud(run, client, tmp_path):
    """A delisted ticker is an empty column; the others are as they are alone, and its name is said."""
    rows = [f"{day},{a:.4f},,{c:.4f}" for day, a, c in zip(DAYS, A, C, strict=True)]
    result = swept(run, write(tmp_path / "f.csv", "Date,A,GONE,C", rows))
    assert result.exit_code == 0, result.stderr
    found = {row["column"]: row["sharpe_ratio"] for row in result.document["best"]}
    assert [found["A"], found["C"]] == best(client, A, C)
    assert "gone" in told(result)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Date\n2020-01-01\n2020-01-02\n", (("price", "column"),)),
        ("Date,A\n", (("row", "price", "empty"),)),
        ("", (("empty", "price", "row"),)),
        ("\n\n\n", (("empty", "price", "row", "header"),)),
        ("Date,A\n2020-01-01,50\n2020-01-02,51\n", (("row", "bar", "lookback"),)),
        ("Date,A,A\n2020-01-01,50,51\n2020-01-02,51,50\n", ("A", ("two", "twice", "differ", "same", "duplicate"))),
    ],
)
def test_a_file_with_too_little_says_what_it_lacks(run, tmp_path, text, words):
    """An empty or nearly empty download failed in an argument's words; right are the file's."""
    (tmp_path / "f.csv").write_text(text)
    result = swept(run, "f.csv", "--lookback", "20")
    if "51\n" in text and "A,A" not in text and result.exit_code == 0:
        return
    refused(result, *words)
    assert "n_bars" not in told(result)


def test_a_long_text_is_shown_in_part(run, tmp_path):
    """A cell of a hundred thousand letters filled the terminal; a message stays a message."""
    rows = lines(A)
    rows[50] = f"{DAYS[50]},{'x' * 100_000}"
    result = swept(run, write(tmp_path / "f.csv", "Date,A", rows))
    refused(result, ("line 52", "row 52"))
    assert len(told(result)) < 2_000


@pytest.mark.parametrize("place", ["folder", "missing.csv", "/dev/null", "broken.parquet", "binary.csv"])
def test_what_is_no_file_of_prices_is_a_sentence(run, tmp_path, place):
    """A wrong path ended in a library's own error; right is one sentence with the path."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken.parquet").write_bytes(b"PAR1" + bytes(40))
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 8)
    result = swept(run, place)
    refused(result, place.rpartition("/")[2])
    assert "traceback" not in told(result)
