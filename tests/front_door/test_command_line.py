"""The command line: names, outputs, errors as JSON, estimates and costs."""

import csv
import gzip
import json

import numpy as np
import pytest

from tests.front_door.series import DAYS, GRID, A, B, C, lines, refused, swept, told, write

NAMES = ("[red]x[/red]", "<script>alert(1)</script>", "=cmd()", "[/]", "a&b", "100% [bold]", "\\[x]")


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_they_are(run, tmp_path, name):
    """A column's name was read as markup; every output shows it letter by letter."""
    file = write(tmp_path / "f.csv", f"Date,{name},B", lines(A, B))
    shown = run("sweep", file, *GRID, "--report", "page.html", "--out", "cells.csv")
    assert shown.exit_code == 0, shown.stderr
    assert name in shown.stdout
    assert name in run("scan", file, "--alpha", "1", "--lookback", "10", "--out", "pairs.csv").stdout
    assert [row["column"] for row in swept(run, file).document["best"]] == [name, "B"]
    page = (tmp_path / "page.html").read_text()
    assert "<script>alert" not in page
    with (tmp_path / "cells.csv").open(newline="") as opened:
        assert {row["column"] for row in csv.DictReader(opened)} == {name, "B"}


def test_a_wrong_name_is_shown_as_it_is(run, tmp_path):
    """An error about a column that is not there lost the brackets of its name."""
    file = write(tmp_path / "f.csv", "Date,A,B", lines(A, B))
    refused(run("sweep", file, "--column", "[red]Z[/red]"), "[red]z[/red]")


@pytest.mark.parametrize("option", ["--out", "--steps"])
def test_gz_is_compressed_wherever_a_table_is_written(run, tmp_path, option):
    """A .csv.gz held plain text; it is compressed, or the suffix is refused."""
    file = write(tmp_path / "f.csv", "Date,A,B", lines(A, B))
    done = run("sweep", file, *GRID, "--walk-forward", "60/30", option, "t.csv.gz")
    if done.exit_code:
        refused(done, ".csv")
    else:
        assert "column" in gzip.decompress((tmp_path / "t.csv.gz").read_bytes()).decode().splitlines()[0]


@pytest.mark.parametrize("name", ["pairs.xlsx", "pairs.json", "pairs", "pairs.csv.zip"])
def test_an_unknown_suffix_is_refused_by_scan_too(run, tmp_path, name):
    """Plain CSV was written under any name; right is what the name promises, or a refusal before the work."""
    file = write(tmp_path / "f.csv", "Date,A,B", lines(A, B))
    done = run("scan", file, "--alpha", "1", "--lookback", "10", "--out", name)
    if done.exit_code:
        refused(done, ".csv", ".parquet")
        assert not (tmp_path / name).exists()
    else:
        assert (tmp_path / name).read_bytes()[:2] in {b"PK", b"[{", b'{"'}


@pytest.mark.parametrize(("command", "option"), [("scan", "--out"), ("sweep", "--report"), ("sweep", "--out")])
def test_a_missing_folder_is_said_before_the_work(run, tmp_path, command, option):
    """The result was lost after an hour because its folder did not exist."""
    file = write(tmp_path / "f.csv", "Date,A,B", lines(A, B))
    suffix = "html" if option == "--report" else "csv"
    refused(run(command, file, option, f"nowhere/t.{suffix}"), "nowhere", "folder")


@pytest.mark.parametrize(
    ("words", "code"),
    [(("sweep", "f.csv"), 4), (("scan", "f.csv"), 4), (("sweep", "g.csv", "--host", "127.0.0.1:1"), 3)],
)
def test_errors_are_json_where_json_was_asked_for(run, impatient, tmp_path, words, code):
    """A program that reads --json met a sentence where a document was promised; errors are documents too."""
    rows = lines(A, B)
    write(tmp_path / "g.csv", "Date,A,B", rows)
    rows[50] = f"{DAYS[50]},oops,1"
    write(tmp_path / "f.csv", "Date,A,B", rows)
    done = run(*words, "--json")
    assert done.exit_code == code
    text = done.stdout.strip() or done.stderr.strip()
    document = json.loads(text)
    assert "error" in document
    assert code == 3 or "oops" in json.dumps(document)


def test_a_dry_run_computes_nothing(run, tmp_path):
    """Before an hour of work a researcher asks what it takes: time, memory and size of the answer, no figures."""
    file = write(tmp_path / "f.csv", "Date,A,B", lines(A, B))
    done = run("sweep", file, *GRID, "--dry-run", "--json")
    assert done.exit_code == 0, done.stderr
    assert "sharpe_ratio" not in done.stdout
    assert any(word in told(done) for word in ("bytes", "memory"))
    assert run("scan", file, "--dry-run").exit_code == 0


def test_a_cost_of_5bp_is_half_a_thousandth_and_the_default(run, tmp_path):
    """`--cost 5bp` is understood by scan as by sweep, and a scan is not free of costs where it says nothing."""
    file = write(tmp_path / "f.csv", "Date,A,B,C", lines(A, B, C))
    words = ("scan", file, "--alpha", "1", "--lookback", "10", "--json")
    given, number, default, free = (
        run(*words, *more).document for more in (("--cost", "5bp"), ("--cost", "0.0005"), (), ("--cost", "0"))
    )
    assert given["pairs"] == number["pairs"] == default["pairs"]
    assert given["pairs"] != free["pairs"]


def test_what_was_taken_stands_in_the_answer(run, tmp_path):
    """The answer says which rows and columns it is of: a reader sees a wrong column at once."""
    file = write(tmp_path / "f.csv", "Date,A,B", lines(A, B))
    for done in (swept(run, file), run("scan", file, "--alpha", "1", "--lookback", "10", "--json")):
        text = json.dumps(done.document)
        assert "120" in text
        assert str(DAYS[0]) in text
        assert str(DAYS[-1]) in text


@pytest.mark.parametrize("bad", [0.0, -3.5])
def test_a_column_that_cannot_be_traded_says_which_price(run, tmp_path, bad):
    """A zero in one column gave dashes; right are day, price and way out, and the other column's figures."""
    spoilt = B.copy()
    spoilt[44] = bad
    done = swept(run, write(tmp_path / "f.csv", "Date,A,B", lines(A, spoilt)))
    assert done.exit_code == 0, done.stderr
    assert str(DAYS[44]) in told(done)
    assert "unit" in told(done)
    assert done.document["best"][0]["sharpe_ratio"] is not None
    shown = run("sweep", "f.csv", *GRID)
    assert str(DAYS[44]) in told(shown)


@pytest.mark.parametrize("words", [("--mode", "units"), ("--duplicates", "newest"), ("--walk-forward", "60-30")])
def test_a_wrong_option_lists_what_is_allowed(run, tmp_path, words):
    """A typo in an option of the command line names the option and what it takes."""
    file = write(tmp_path / "f.csv", "Date,A,B", lines(A, B))
    done = run("sweep", file, *words)
    assert done.exit_code == 2
    assert words[0] in done.stderr
    assert any(word in done.stderr for word in ("unit", "last", "TRAIN/TEST", "504/126", "/"))


@pytest.mark.parametrize("host", ["127.0.0.1:70000", "127.0.0.1:0", "[::1]:99999", "localhost:http"])
@pytest.mark.parametrize("command", ["health", "sweep"])
def test_a_port_is_1_to_65535(run, tmp_path, host, command):
    """Port 70000 reached port 4464; right is a sentence on ports, at once."""
    file = write(tmp_path / "f.csv", "Date,A,B", lines(A, B))
    done = run("health", host) if command == "health" else run("sweep", file, *GRID, "--host", host)
    assert done.exit_code in {2, 4}, (done.exit_code, told(done))
    assert "65535" in told(done) or "port" in told(done)


def test_a_request_from_windows(run, address):
    """A JSON file saved with a byte-order mark is read from standard input, a stream of requests too."""
    one = run("call", address, "ComputeLogReturns", "-", stdin=b'\xef\xbb\xbf{"prices": [100, 110]}')
    assert one.exit_code == 0, one.stderr
    assert one.document["log_returns"] == pytest.approx([np.log(1.1)])
    lines_of_ticks = b'\xef\xbb\xbf{"asset_id": "A", "price": 1}\n{"asset_id": "A", "price": 2}\n'
    assert run("call", address, "EstimateOUParams", "-", stdin=lines_of_ticks).exit_code == 0
