"""`meanrev scan`: pairs of a file, ranked."""

import csv
import json

import numpy as np
import pytest

import meanrev as mr
from tests.cli.universe import NAMES, prices, write


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "prices.csv", prices())


def test_pairs_are_the_clients(run, file, tmp_path):
    out = tmp_path / "pairs.csv"
    result = run("scan", str(file), "--top", "3", "--cost", "0.001", "--lookback", "30", "--out", str(out), "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    with mr.Client("local") as client:
        expected = client.scan(prices(), asset_ids=NAMES, top=3, cost_per_side=0.001, lookback=30)
    assert answer["n_pairs"] == 6
    assert [(pair["y"], pair["x"]) for pair in answer["pairs"]] == list(zip(expected.y, expected.x, strict=True))
    assert [pair["deflated_sharpe"] for pair in answer["pairs"]] == expected.deflated_sharpe.tolist()
    with out.open(newline="") as opened:
        written = list(csv.DictReader(opened))
    assert [float(row["hedge_ratio"]) for row in written] == expected.hedge_ratio.tolist()


def test_the_report_needs_nothing_else_and_says_what_the_search_is_worth(run, file, tmp_path):
    out = tmp_path / "pairs.html"
    answer = json.loads(run("scan", str(file), "--report", str(out), "--json").stdout)
    assert (answer["saved"], answer["report"]) == (None, str(out))
    page = out.read_text(encoding="utf-8")
    assert page.count("<svg") == 1
    assert "<script" not in page
    assert "http" not in page
    for pair in answer["pairs"]:
        assert f'<th scope="row">{pair["y"]} / {pair["x"]}</th>' in page
    assert f"6 pairs tried, {len(answer['pairs'])} significant" in page
    assert f"{answer['pairs'][0]['p_best']:.3g} for the first pair, which is the p-value of the search" in page


def test_a_report_of_no_pair_says_so(run, file, tmp_path):
    out = tmp_path / "none.html"
    assert run("scan", str(file), "--alpha", "1e-300", "--report", str(out)).exit_code == 0
    assert "6 pairs tried, 0 significant" in out.read_text(encoding="utf-8")
    assert run("scan", str(file), "--report", str(file)).exit_code == 2


def test_for_a_person(run, file):
    text = run("scan", str(file)).stdout
    assert "6 pairs tried" in text
    assert "deflated sharpe" in text
    assert "p best" in text
    assert "of 199 universes without a reverting pair" in text


def test_the_null_universes_are_those_that_are_asked_for(run, file):
    asked = ["--null-universes", "19", "--null-kind", "bootstrap", "--seed", "3", "--rank-by", "train_sharpe"]
    answer = json.loads(run("scan", str(file), *asked, "--json").stdout)
    with mr.Client("local") as client:
        options = {"null_universes": 19, "null_kind": "bootstrap", "seed": 3, "rank_by": "train_sharpe"}
        expected = client.scan(prices(), asset_ids=NAMES, **options)
    assert answer["null_universes"] == 19
    assert [pair["p_best"] for pair in answer["pairs"]] == expected.p_best.tolist()
    few = run("scan", str(file), "--null-universes", "5")
    assert "no p_best: p_best needs at least 19 null universes, got 5" in few.stdout


def test_the_sharpe_ratios_of_a_scan_have_their_errors_and_notes(run, file):
    answer = json.loads(run("scan", str(file), "--json").stdout)
    text = " ".join(run("scan", str(file), env={"COLUMNS": "250"}).stdout.split())
    pair = answer["pairs"][0]
    for part in ("train", "test"):
        assert f"{pair[f'{part}_sharpe']:.2f} ± {pair[f'{part}_sharpe_std_error']:.2f}" in text
    noted = [pair for pair in answer["pairs"] if pair["test_note"]]
    assert all(f"{pair['y']}, {pair['x']}: {pair['test_note']}" in text for pair in noted)


def test_prices_can_be_regressed_as_they_are(run, file, tmp_path):
    negative = write(tmp_path / "negative.csv", prices() - 100)
    assert run("scan", str(negative)).exit_code == 4
    assert run("scan", str(negative), "--prices-as-they-are").exit_code == 0


def test_a_column_with_a_missing_price_is_left_out_and_named(run, tmp_path):
    spoilt = prices()
    spoilt[9, 1] = np.nan
    file = str(write(tmp_path / "gaps.csv", spoilt))
    text = run("scan", file).stdout
    assert "3 pairs tried" in text
    assert "3 not tested" in text
    assert "B: no price in row 9" in text
    answer = json.loads(run("scan", file, "--json").stdout)
    assert [note["column"] for note in answer["notes"]] == ["B"]


def test_without_two_good_columns_the_first_bad_price_is_named(run, tmp_path):
    spoilt = prices()
    spoilt[9, 1:] = np.nan
    result = run("scan", str(write(tmp_path / "gaps.csv", spoilt)))
    assert result.exit_code == 4
    assert "at row 10 of column 'B'" in result.stderr


def test_a_server_computes_the_same(run, server, file):
    words = ("scan", str(file), "--json")
    assert json.loads(run(*words, "--host", server).stdout) == json.loads(run(*words).stdout)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--alpha", "7"), 4, "alpha"),
        (("--top", "0"), 2, "--top"),
        (("--lookback", "1"), 4, "lookback"),
        (("--host", "127.0.0.1:1"), 3, "no server answers"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(run, impatient, file, words, code, told):
    result = run("scan", str(file), *words)
    assert result.exit_code == code
    assert told in result.stderr
