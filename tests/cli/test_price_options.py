"""Options of reading files, outputs and words that sweep and scan share."""

import csv
import gzip
import io
import json

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from meanrev_cli.narrow import Fitting
from tests.cli.universe import NAMES, prices, write

GRID = ("--entry", "1:1.5:0.5", "--exit", "0:0.5:0.5", "--lookback", "10", "--cost", "1bp")
DAYS = [str(np.datetime64("2020-01-01") + i) for i in range(320)]


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "prices.csv", prices())


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("command", [("sweep", *GRID), ("scan", "--alpha", "1")])
def test_the_report_is_shown_and_in_the_json(run, file, command):
    name, *words = command
    spoilt = file.read_text() + ",,,,\n"
    file.write_text(spoilt)
    result = run(name, str(file), *words)
    assert result.exit_code == 0, result.stderr
    first, second, *_ = result.stdout.splitlines()
    assert first == "prices.csv: 320 rows of 4 columns, 2020-01-01 to 2020-11-15 (date, ISO text)."
    assert second == "1 row left out (line 322): without any value."
    intake = json.loads(run(name, str(file), *words, "--json").stdout)["intake"]
    assert (intake["n_rows"], intake["columns"], intake["time_kind"]) == (320, list(NAMES), "ISO text")
    assert intake["left_out"] == [{"what": "row", "labels": ["line 322"], "reason": "without any value"}]


@pytest.mark.parametrize("command", [("sweep", *GRID), ("scan", "--alpha", "1")])
def test_the_options_reach_the_reader(run, tmp_path, command):
    name, *words = command
    lines = [f"{day};{a:.4f};{b:.4f};x".replace(".", ",") for day, (a, b) in zip(DAYS, prices()[:, :2], strict=True)]
    path = tmp_path / "prices.txt"
    path.write_text("Report\nD;A;B;C\n" + "\n".join([*lines[::-1], lines[0]]) + "\n")
    options = ("--separator", "semicolon", "--decimal-comma", "--skip-lines", "1", "--date-column", "D", "--sort")
    more = ("--duplicates", "first", "--columns", "A,B", "--tz", "Europe/Berlin", "--missing", "closed")
    result = run(name, str(path), *words, *options, *more, "--json")
    assert result.exit_code == 0, result.stderr
    intake = json.loads(result.stdout)["intake"]
    assert (intake["columns"], intake["n_duplicates"], intake["was_sorted"]) == (["A", "B"], 1, True)
    assert intake["first_time"] == "2019-12-31T23:00:00"


def test_a_long_table_and_a_pattern(run, tmp_path):
    lines = [
        f"{day},{name},{p}" for day, row in zip(DAYS, prices(), strict=True) for name, p in zip(NAMES, row, strict=True)
    ]
    (tmp_path / "one.csv").write_text("date,ticker,close\n" + "\n".join(lines) + "\n")
    refused = run("sweep", str(tmp_path / "*.csv"), *GRID)
    assert refused.exit_code == 4
    assert "--long date,ticker,close" in refused.stderr
    swept = json.loads(run("sweep", str(tmp_path / "*.csv"), *GRID, "--long", "date,ticker,close", "--json").stdout)
    wide = json.loads(run("sweep", str(write(tmp_path / "wide.csv", prices())), *GRID, "--json").stdout)
    assert swept["best"] == wide["best"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--separator", "::"), 2, "--separator must be one ASCII character"),
        (("--long", "date,ticker"), 2, "--long must name three columns"),
        (("--tz", "Mars"), 2, "--tz must be a zone"),
        (("--duplicates", "some"), 2, "--duplicates"),
        (("--column", "a"), 4, "no column 'a'; did you mean 'A'"),
        (("--date-column", "Date"), 4, "no column 'Date' for times; did you mean 'date'"),
        (("--date-format", "%d/%m/%Y"), 4, "line 2, column 'date': '2020-01-01' does not fit --date-format %d/%m/%Y"),
        (("--out", "grid.xlsx"), 2, "its name must end in .csv, .csv.gz"),
        (("--out", "grid"), 2, "its name must end in"),
        (("--report", "page.pdf"), 2, "its name must end in .html, .htm"),
        (("--out", "prices.csv"), 2, "it is the file of prices, which would be lost"),
        (("--out", "a.csv", "--walk-forward", "200/50", "--steps", "a.csv"), 2, "two outputs have one file's name"),
        (("--cost", "1_0bp"), 2, "is no cost"),
        (("--cost", "nan"), 2, "is no cost"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(run, file, monkeypatch, words, code, told):
    monkeypatch.chdir(file.parent)
    before = file.read_bytes()
    result = run("sweep", "prices.csv", *words)
    assert result.exit_code == code
    assert told in result.stderr
    assert file.read_bytes() == before


def test_a_file_that_is_not_there_is_a_sentence(run, tmp_path):
    result = run("sweep", str(tmp_path / "no.csv"))
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


@pytest.mark.parametrize("cost", ["5bp", "5 bp", "5bps", "0.05%", "0.0005", "5BP"])
def test_costs_are_one_in_any_unit(run, file, cost):
    expected = run("scan", str(file), "--alpha", "1", "--cost", "5e-4", "--json")
    assert expected.exit_code == 0, expected.stderr
    assert json.loads(run("scan", str(file), "--alpha", "1", "--cost", cost, "--json").stdout) == json.loads(
        expected.stdout
    )


def test_scan_takes_one_cost(run, file):
    assert "more than one cost" in run("scan", str(file), "--cost", "1bp,5bp").stderr


def test_outputs_are_what_their_names_say(run, file, tmp_path):
    outs = {suffix: tmp_path / f"grid{suffix}" for suffix in (".csv", ".csv.gz", ".tsv", ".parquet", ".CSV")}
    for path in outs.values():
        assert run("sweep", str(file), *GRID, "--out", str(path)).exit_code == 0
    plain = outs[".csv"].read_text()
    assert gzip.decompress(outs[".csv.gz"].read_bytes()).decode() == plain == outs[".CSV"].read_text()
    assert outs[".tsv"].read_text() == plain.replace(",", "\t")
    held = pl.read_parquet(outs[".parquet"])
    assert held.columns == list(rows(plain)[0])
    assert [f"{value!r}" for value in held["sharpe_ratio"]] == [row["sharpe_ratio"] for row in rows(plain)]


def test_a_column_that_cannot_be_traded_has_its_reason(run, tmp_path):
    spoilt = prices()
    spoilt[110, 0] = 0.0
    path = write(tmp_path / "prices.csv", spoilt)
    page = tmp_path / "page.html"
    result = run("sweep", str(path), *GRID, "--report", str(page))
    assert result.exit_code == 0, result.stderr
    [told] = [line for line in result.stdout.splitlines() if line.startswith("A has no figures: ")]
    assert "2020-04-20" in told or "row 111" in told
    best = json.loads(run("sweep", str(path), *GRID, "--json").stdout)["best"]
    assert [bool(row["reason"]) for row in best] == [True, False, False, False]
    assert "A has no figures: " in page.read_text()


MARKUP = "Brent [/] <b>&[red]"


@pytest.mark.parametrize("command", [("sweep", *GRID, "--walk-forward", "200/50"), ("scan", "--alpha", "1")])
def test_names_are_shown_as_they_are(run, tmp_path, command):
    name, *words = command
    path = write(tmp_path / "prices.csv", prices(), ("A", MARKUP, "C", "D"))
    result = run(name, str(path), *words)
    assert result.exit_code == 0, result.stderr
    assert MARKUP in result.stdout


def test_names_are_escaped_in_the_page(run, tmp_path):
    path, page = write(tmp_path / "prices.csv", prices(), ("A", MARKUP, "C", "D")), tmp_path / "page.html"
    assert run("sweep", str(path), *GRID, "--walk-forward", "200/50", "--report", str(page)).exit_code == 0
    assert MARKUP not in page.read_text()
    assert "Brent [/] &lt;b&gt;&amp;[red]" in page.read_text()


def test_steps_have_dates_where_there_are_times(run, file, tmp_path):
    out, page = tmp_path / "steps.csv", tmp_path / "page.html"
    words = ("--walk-forward", "200/50/5", "--column", "A")
    result = run("sweep", str(file), *GRID, *words, "--steps", str(out), "--report", str(page))
    assert result.exit_code == 0, result.stderr
    first = rows(out.read_text())[0]
    assert (first["train_first"], first["train_last"]) == (DAYS[0], DAYS[199])
    assert (first["test_first"], first["test_last"]) == (DAYS[205], DAYS[254])
    assert f"<td>{DAYS[205]}<td>" in page.read_text()
    assert "2 steps, 2020-01-01 to 2020-10-31" in result.stdout
    steps = json.loads(run("sweep", str(file), *GRID, *words, "--json").stdout)["walk_forward"]
    assert steps[0]["test_first"] == DAYS[205]


def test_steps_have_bars_where_there_are_no_times(run, tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("A,B\n" + "\n".join(f"{a:.4f},{b:.4f}" for a, b in prices()[:, :2]) + "\n")
    steps = json.loads(run("sweep", str(path), *GRID, "--walk-forward", "200/50", "--json").stdout)["walk_forward"]
    assert "test_first" not in steps[0]
    assert steps[0]["test_start"] == 200


def test_too_few_rows_are_the_files(run, tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("Date,A\n2020-01-01,50\n")
    result = run("sweep", str(path), *GRID)
    assert result.exit_code == 4
    assert "prices.csv has 1 row of prices" in result.stderr
    assert "n_bars" not in result.stderr


def shown(width):
    names = ("column", "sharpe_ratio", "cost", "lookback", "plateau_value")
    table = Fitting(
        names,
        [("a name of many words", "12345.67", "0.0005", "20", "1.50"), ("B", "-", "0.0005", "1000000", "1.50")],
        texts=frozenset({"column"}),
        order=("column", "lookback"),
    )
    page = io.StringIO()
    Console(file=page, width=width).print(table)
    return page.getvalue()


@pytest.mark.parametrize("width", [20, 30, 40, 60, 120])
def test_narrow_terminals_lose_columns_and_no_digits(width):
    text = shown(width)
    assert "1000000" in text
    assert "\u2026" not in text
    assert max(map(len, text.splitlines())) <= width
    for name, digits in (("sharpe ratio", "12345.67"), ("plateau value", "1.50"), ("cost", "0.0005")):
        assert (digits in text) != (name in " ".join(text.partition("Not shown")[2].split())), name


def test_wide_terminals_show_everything():
    assert "Not shown" not in shown(120)
