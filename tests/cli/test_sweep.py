"""`meanrev sweep`: files in, the client's numbers out."""

import csv
import json
import re
from dataclasses import replace
from html import escape

import numpy as np
import polars as pl
import pytest
from scipy.signal import lfilter

import meanrev as mr
from meanrev.intake.files import read_file
from meanrev_cli.spread import spread
from tests.cli.universe import NAMES, prices, write

GRID = ("--entry", "1:2:0.5", "--exit", "-0.5:0.5:0.5")


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "prices.csv", prices())


def rows(path):
    with path.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_every_column_is_swept_and_every_cell_is_written(run, file, tmp_path):
    out = tmp_path / "grid.csv"
    result = run("sweep", str(file), *GRID, "--cost", "1bp,5bp", "--out", str(out), "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    with mr.Client("local") as client:
        expected = client.sweep(prices(), entry="1:2:0.5", exit="-0.5:0.5:0.5", cost_per_side=[1e-4, 5e-4])
    assert answer["cells"] == expected.n_cells
    assert [best["column"] for best in answer["best"]] == list(NAMES)
    assert [best["cell"] for best in answer["best"]] == expected.best.cell.tolist()
    written = rows(out)
    assert len(written) == 4 * 3 * 3 * 2
    assert [float(row["sharpe_ratio"]) for row in written] == expected.figures.sharpe_ratio.reshape(-1).tolist()
    assert answer["saved"] == [str(out)]


def test_a_cell_without_a_figure_is_left_empty(run, file, tmp_path):
    out = tmp_path / "grid.csv"
    assert run("sweep", str(file), "--entry", "1:1:1", "--exit", "0:2:2", "--out", str(out)).exit_code == 0
    assert [row["sharpe_ratio"] == "" for row in rows(out)] == [False, True] * 4


@pytest.mark.parametrize("rate", ["3%", "300bp", "0.03"])
def test_a_stop_and_a_borrow_rate_are_handed_on_and_named(run, file, rate):
    result = run("sweep", str(file), *GRID, "--stop", "3.5", "--borrow", rate, "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    with mr.Client("local") as client:
        expected = client.sweep(prices(), entry="1:2:0.5", exit="-0.5:0.5:0.5", stop=3.5, borrow=0.03)
    assert [best["sharpe_ratio"] for best in answer["best"]] == expected.best.sharpe_ratio.tolist()
    assert "Losing trades are closed at z = 3.5. Short positions cost 3 % a year to borrow." in answer["swept"]


@pytest.mark.parametrize("words", [("--borrow", "3 percent"), ("--borrow", "-3%"), ("--stop", "far")])
def test_what_is_no_stop_and_no_rate_is_a_usage_error(run, file, words):
    result = run("sweep", str(file), *GRID, *words)
    assert result.exit_code == 2
    assert words[1] in result.stderr


def test_a_stop_within_the_entry_levels_is_refused(run, file):
    result = run("sweep", str(file), *GRID, "--stop", "1.5")
    assert result.exit_code == 4
    assert "stop" in result.stderr


def test_a_pair_is_its_residual_in_mode_unit(run, file):
    answer = json.loads(run("sweep", str(file), "--pair", "C,A", *GRID, "--json").stdout)
    y, x = np.log(prices()[:, [2, 0]]).T
    slope, intercept = np.polyfit(x, y, 1)
    with mr.Client("local") as client:
        expected = client.sweep(y - intercept - slope * x, entry="1:2:0.5", exit="-0.5:0.5:0.5", mode="unit").best
    [best] = answer["best"]
    assert best["column"] == "C ~ A"
    assert (best["cell"], best["sharpe_ratio"]) == (expected.cell, pytest.approx(expected.sharpe_ratio, rel=1e-6))
    assert "which are the bars it is traded on" in answer["swept"]


def test_the_hedge_ratio_of_a_walk_forward_never_saw_a_test_part(file):
    pair = read_file(file, columns=("C", "A"))
    changed = pair.values.copy()
    changed[200:, 0] *= 3
    assert spread(pair, 200)[1:4] == spread(replace(pair, values=changed), 200)[1:4]
    assert spread(pair, 200).n_fitted == 200


def test_a_walk_forward_is_told_and_written(run, file, tmp_path):
    out = tmp_path / "steps.csv"
    words = ("sweep", str(file), "--pair", "A,B", *GRID, "--walk-forward", "200/50/5", "--steps", str(out))
    result = run(*words)
    assert "Walk-forward: 2 steps" in result.stdout
    assert "fitted on the first 200 of 320 bars." in result.stdout
    steps = rows(out)
    assert [(row["train_start"], row["test_start"]) for row in steps] == [("0", "205"), ("50", "255")]
    document = json.loads(run(*words[:-2], "--json").stdout)
    assert len(document["walk_forward"]) == 2


def test_the_report_needs_nothing_else(run, file, tmp_path):
    out = tmp_path / "sweep.html"
    assert run("sweep", str(file), *GRID, "--walk-forward", "200/50", "--report", str(out)).exit_code == 0
    page = out.read_text()
    assert page.count("<svg") == 2 * len(NAMES)  # a surface and a walk-forward a column
    assert "Walk-forward" in page
    assert "<script" not in page
    assert "http" not in page


def test_the_report_of_fifty_columns_is_small_and_begins_with_the_best(run, tmp_path):
    walks = np.random.default_rng(5).normal(0, 0.3, (700, 50))
    values = 50 + lfilter([1.0], [1.0, -0.95], walks, axis=0)
    file, out = write(tmp_path / "many.csv", values, [f"C{i}" for i in range(50)]), tmp_path / "many.html"
    words = (
        "--entry",
        "0.5:3:0.1",
        "--exit",
        "-0.5:1.5:0.1",
        "--walk-forward",
        "350/85",
        "--report",
        str(out),
        "--json",
    )
    answer = json.loads(run("sweep", str(file), *words, "--report", str(out)).stdout)
    assert out.stat().st_size < 1_000_000
    order = sorted(answer["best"], key=lambda best: -best["sharpe_ratio"])
    assert re.findall("<h2>(C[0-9]+)</h2>", out.read_text()) == [best["column"] for best in order]


def test_one_column_can_be_chosen(run, file):
    answer = json.loads(run("sweep", str(file), "--column", "C", *GRID, "--lookback", "10", "--json").stdout)
    assert [(best["column"], best["lookback"]) for best in answer["best"]] == [("C", 10)]


def test_a_server_computes_the_same(run, server, file):
    words = ("sweep", str(file), *GRID, "--json")
    assert json.loads(run(*words, "--host", server).stdout)["best"] == json.loads(run(*words).stdout)["best"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--pair", "A,Z"), 4, "the file has no column 'Z'; it has A, B, C, D"),
        (("--pair", "A"), 2, "--pair takes two names"),
        (("--pair", "A,B", "--column", "C"), 2, "--pair takes two names"),
        (("--column", "Z"), 4, "no column 'Z'"),
        (("--cost", "cheap"), 2, "'cheap' is no cost"),
        (("--walk-forward", "504"), 2, "'504' is no walk-forward"),
        (("--entry", "2:1:1"), 4, "entry must be 'a:b:step'"),
        (("--steps", "x.csv"), 2, "--steps needs --walk-forward"),
        (("--out", "nowhere/grid.csv"), 4, "its folder does not exist"),
        (("--host", "127.0.0.1:1"), 3, "no server answers at 127.0.0.1:1"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(run, impatient, file, words, code, told):
    result = run("sweep", str(file), *words)
    assert result.exit_code == code
    assert told in result.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no prices"),
        ("date,A\n", "holds no prices"),
        ("date,A\n2020,1\n2021,x\n", "line 3, column 'A': 'x' is no number"),
        ("A,B\n1,2\n3\n", "line 3 has 1 field, the header 2"),
        ("date,A,A\n2020-01-01,1,2\n", "two columns 'A'"),
    ],
)
def test_a_file_that_is_no_table_is_a_sentence(run, tmp_path, text, told):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    result = run("sweep", str(path))
    assert result.exit_code == 4
    assert told in result.stderr


def test_polars_that_is_not_there_is_named(run, file, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    result = run("sweep", str(file))
    assert result.exit_code == 2
    assert "needs polars, which the extra [files] brings: pip install '.[files]'" in result.stderr


def test_parquet_goes_in_and_out(run, tmp_path):
    path, out = tmp_path / "prices.parquet", tmp_path / "grid.parquet"
    days = np.datetime64("2020-01-01") + np.arange(320)
    pl.DataFrame({"date": days, **dict(zip(NAMES, prices().T, strict=True))}).write_parquet(path)
    assert read_file(path).names == NAMES
    np.testing.assert_array_equal(read_file(path).values, prices())
    assert run("sweep", str(path), *GRID, "--out", str(out)).exit_code == 0
    assert pl.read_parquet(out).height == 4 * 9


def test_a_column_and_a_step_without_figures_say_why(run, tmp_path):
    broken = prices()
    broken[110, 0] = 0.0
    file, report = write(tmp_path / "broken.csv", broken), tmp_path / "report.html"
    words = ("sweep", str(file), *GRID, "--walk-forward", "100/50/5")
    result = run(*words, "--report", str(report))
    assert result.exit_code == 0
    assert "A has no figures: " in " ".join(result.stdout.split())
    document = json.loads(run(*words, "--json").stdout)
    why = document["best"][0]["reason"]
    assert all(word in why for word in ("price 0 in row 111", "2020", "unit"))
    assert escape(why) in report.read_text(encoding="utf-8")
    assert [best["status"] for best in document["best"]] == ["error"] + ["ok"] * 3
    assert document["best"][1]["n_bars"] == 320
    steps = [step for step in document["walk_forward"] if step["column"] == "A"]
    assert [step["status"] for step in steps][:2] == ["error", "error"]
    assert all(step["reason"] for step in steps[:2])
    assert steps[-1]["status"] == "ok"
    unit = json.loads(run("sweep", str(file), *GRID, "--mode", "unit", "--json").stdout)
    assert {best["status"] for best in unit["best"]} == {"ok"}


def test_every_sharpe_ratio_has_its_error_and_short_lookbacks_are_named(run, file, tmp_path):
    page = tmp_path / "sweep.html"
    walk = ("--walk-forward", "100/40")
    result = run("sweep", str(file), *GRID, *walk, "--report", str(page), "--json")
    answer = json.loads(result.stdout)
    text = run("sweep", str(file), *GRID, *walk).stdout
    html = page.read_text(encoding="utf-8")
    for best in answer["best"]:
        word = f"{best['sharpe_ratio']:.2f} ± {best['sharpe_std_error']:.2f}"
        assert word in text
        assert f"the best cell&#x27;s is {word}" in html
    for pooled in answer["pooled"]:
        word = f"Sharpe ratio of {pooled['sharpe_ratio']:.2f} ± {pooled['sharpe_std_error']:.2f}"
        assert word in " ".join(text.split())
        assert word in html
    step = next(step for step in answer["walk_forward"] if step["test_sharpe_std_error"] is not None)
    assert f"{step['test_sharpe']:.2f} ± {step['test_sharpe_std_error']:.2f}" in html
    noted = [best for best in answer["best"] if best["note"]]
    assert noted
    assert escape(noted[0]["note"]) in html
    assert "score 'rolling' over 20 bars" in text
