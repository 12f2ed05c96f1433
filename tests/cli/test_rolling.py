"""`meanrev rolling`: windows of a file's returns, as the client finds them."""

import csv
import json

import numpy as np
import pytest

import meanrev as mr
from tests.cli.universe import NAMES, prices, write

SIZES = ("--window", "100", "--step", "50")


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "prices.csv", prices())


def expected(kind, **options):
    values = prices()
    with mr.Client("local") as client:
        return client.rolling(
            values[1:] / values[:-1] - 1, kind, asset_ids=NAMES, window=100, step=50, **options
        )  # fmt: skip


def test_windows_are_the_clients(run, file, tmp_path):
    out = tmp_path / "w.csv"
    words = ("--weights", "cara", "--gamma", "3", "--lowest", "0", "--highest", "0.6", "--out", str(out), "--json")
    result = run("rolling", str(file), *SIZES, *words)
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    found = expected("cara", gamma=3.0, bounds=(0.0, 0.6))
    assert (answer["kind"], answer["saved"]) == ("cara", str(out))
    assert [window["start"] for window in answer["windows"]] == found.start.tolist()
    days = [str(np.datetime64("2020-01-01") + stop) for stop in found.stop.tolist()]  # a return has its bar's date
    assert [window["last"][:10] for window in answer["windows"]] == days
    for place, name in enumerate(NAMES):
        held = [window[f"weight_{name}"] for window in answer["windows"]]
        np.testing.assert_allclose(held, found.weights[:, place], rtol=1e-9, atol=1e-12)
    with out.open(newline="") as opened:
        written = list(csv.DictReader(opened))
    np.testing.assert_allclose([float(row["sharpe_ratio"]) for row in written], found.sharpe_ratio, rtol=1e-9)


def test_components_and_what_a_person_reads(run, file):
    result = run("rolling", str(file), *SIZES, "--weights", "pca", "--components", "2", "--scaling", "zscore")
    assert result.exit_code == 0, result.stderr
    found = expected("pca", n_components=2, scaling="zscore")
    assert f"{len(found.status)} windows, pca" in result.stdout
    assert f"{found.total_variance_explained[0]:.3f}" in result.stdout


def test_returns_are_taken_as_they_are(run, tmp_path):
    values = prices()
    returns = write(tmp_path / "returns.csv", np.vstack([np.full(4, 0.01), values[1:] / values[:-1] - 1]))
    result = run("rolling", str(returns), *SIZES, "--returns", "--mode", "long_only", "--json")
    assert result.exit_code == 0, result.stderr
    assert {window["status"] for window in json.loads(result.stdout)["windows"]} <= {"optimized", "constrained"}


def test_a_price_that_is_not_positive_is_named(run, tmp_path):
    values = prices()
    values[7, 2] = -1.0
    result = run("rolling", str(write(tmp_path / "low.csv", values)), *SIZES)
    assert result.exit_code == 4
    assert f"{NAMES[2]}, row 7, is -1: returns need positive prices" in result.stderr


def test_an_estimate_and_a_wrong_option(run, file):
    assert "seconds" in run("rolling", str(file), *SIZES, "--dry-run", "--json").stdout
    result = run("rolling", str(file), *SIZES, "--weights", "pca", "--gamma", "2")
    assert result.exit_code == 4
    assert "gamma must be left out" in result.stderr
