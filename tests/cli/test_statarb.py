"""`meanrev statarb`: the residuals of a universe in a file."""

import csv
import json

import numpy as np
import pytest

import meanrev as mr
from tests.gpu_kernels.residuals.universe import universe

NAMES = [f"N{i}" for i in range(8)]
PRICES = universe(11, 320, 8, reversion=0.2)
WORDS = ("--factors", "2", "--factors", "45%", "--window", "60", "--entry", "0.8:1.2:0.2", "--cost", "0bp,10bp")
GIVEN = {"factors": [2, "45%"], "window": 60, "entry": "0.8:1.2:0.2", "cost_per_side": [0.0, 0.001]}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "prices.csv"
    days = np.datetime64("2022-06-01") + np.arange(len(PRICES))
    lines = [",".join(["date", *NAMES])]
    lines += [",".join([str(day), *map(repr, row)]) for day, row in zip(days, PRICES.tolist(), strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_answer_is_the_clients(run, file, tmp_path):
    out, cells = tmp_path / "today.csv", tmp_path / "cells.csv"
    words = ("--walk-forward", "100/50", "--out", str(out), "--cells", str(cells), "--json")
    result = run("statarb", str(file), *WORDS, *words)
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    with mr.Client("local") as client:
        expected = client.statarb(PRICES, asset_ids=NAMES, walk_forward=(100, 50), **GIVEN)
    assert answer["best"]["cell"] == expected.best.cell
    assert answer["best"]["sharpe_book"] == pytest.approx(expected.best.sharpe_book, rel=1e-9)
    assert [each["control"] for each in answer["controls"]] == ["one_factor", "reversal_5"]
    assert [each["year"] for each in answer["years"]] == [2022, 2023]
    assert len(answer["walk_forward"]) == len(expected.walk_forward.cell)
    with out.open(newline="") as opened:
        written = list(csv.DictReader(opened))
    assert [row["name"] for row in written] == NAMES
    assert [float(row["dollars"]) for row in written] == pytest.approx(expected.today.dollars.tolist(), abs=1e-12)
    with cells.open(newline="") as opened:
        assert len(list(csv.DictReader(opened))) == 12


def test_the_report_needs_nothing_else(run, file, tmp_path):
    out = tmp_path / "book.html"
    result = run("statarb", str(file), *WORDS, "--walk-forward", "100/50", "--report", str(out), "--json")
    assert result.exit_code == 0, result.stderr
    page = out.read_text(encoding="utf-8")
    assert page.count("<svg") == 1
    assert "<script" not in page
    assert "http" not in page
    assert "12 cells were tried" in page
    assert "one factor" in page
    assert "By year" in page
    assert "Steps of the walk-forward" in page
    for name in NAMES:
        assert name in page


def test_for_a_person(run, file):
    text = run("statarb", str(file), *WORDS).stdout
    assert "12 cells were tried" in text
    assert "those of white noise within" in text
    assert "reversal 5" in text


def test_a_book_that_is_ruined_has_its_reason(run, file, tmp_path):
    out = tmp_path / "book.html"
    words = ("--factors", "2", "--window", "60", "--size", "400", "--report", str(out))
    result = run("statarb", str(file), *words)
    assert result.exit_code == 0, result.stderr
    assert "No cell has figures: the account is ruined" in result.stdout
    assert "the account is ruined" in out.read_text(encoding="utf-8")


def test_a_dry_run_and_a_wrong_number(run, file):
    assert run("statarb", str(file), *WORDS, "--dry-run").exit_code == 0
    refused = run("statarb", str(file), "--factors", "0", "--window", "60")
    assert refused.exit_code == 4
    assert "factors" in refused.stderr
