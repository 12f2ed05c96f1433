"""`meanrev fit`, `pair` and `stats`: columns of a file, fitted, tested and described."""

import csv
import json
import re

import numpy as np
import polars as pl
import pytest

import meanrev as mr
from tests.cli.universe import NAMES, prices, write


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "prices.csv", prices())


@pytest.fixture
def client():
    with mr.Client("local") as connected:
        yield connected


def answer(result):
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def finite(value):
    return None if isinstance(value, float) and not np.isfinite(value) else value


def test_fits_are_the_clients(run, client, file, tmp_path):
    out = tmp_path / "fits.csv"
    found = answer(run("fit", str(file), "--bias", "jackknife", "--dt", "0.5", "--out", str(out), "--json"))
    expected = client.fit_ou(prices(), bias="jackknife", dt=0.5)
    assert [row["column"] for row in found["fits"]] == list(NAMES)
    for name in ("theta", "theta_lower", "theta_upper", "half_life_upper", "mu", "adf_p_value", "reason"):
        assert [row[name] for row in found["fits"]] == [finite(value) for value in expected.to_columns()[name]], name
    with out.open(newline="") as opened:
        assert [float(row["theta"]) for row in csv.DictReader(opened)] == expected.theta.tolist()
    assert (found["saved"], found["intake"]["n_rows"]) == (str(out), 320)


def test_a_fit_is_corrected_for_small_samples_by_default_and_has_tests_where_they_are_asked_for(run, client, file):
    found = answer(run("fit", str(file), "--tests", "--column", "B", "--json"))
    expected = client.fit_ou(prices()[:, [1]], bias="median_unbiased", tests=True)
    assert len(found["fits"]) == 1
    for name in ("theta", "kpss_p_value", "hurst_increments"):
        assert found["fits"][0][name] == expected.to_columns()[name][0]
    assert "kpss_p_value" not in answer(run("fit", str(file), "--json"))["fits"][0]


def test_a_fit_for_a_person_says_why_a_column_has_none(run, tmp_path):
    spoilt = prices()
    spoilt[:, 2] = 7.0
    text = run("fit", str(write(tmp_path / "still.csv", spoilt))).stdout
    assert "half life lower" in text
    assert re.search(r"^C .* error ", text, re.MULTILINE)
    assert re.search(r"[0-3] of 4 reject a unit root at 5 %", text)


@pytest.mark.parametrize("command", [("fit",), ("stats",)])
def test_eighty_columns_lose_no_digit(run, file, command):
    """What is shown at 80 columns is shown digit by digit as it is without a limit; the rest is named."""
    whole, narrow = (run(*command, str(file), env={"COLUMNS": width}).stdout for width in ("400", "80"))
    assert narrow == whole  # a pipe has no width, whatever COLUMNS says
    from rich.console import Console

    from meanrev_cli.column_table import column_table
    from meanrev_cli.commands import fit, stats

    module = {"fit": fit, "stats": stats}[command[0]]
    with mr.Client("local") as client:
        found = (
            client.fit_ou(prices(), asset_ids=NAMES) if command[0] == "fit" else client.stats(prices(), kind="equity")
        )
    columns = {"column": NAMES, **{name: value for name, value in found.to_columns().items() if name != "column"}}
    console = Console(width=80, force_terminal=False)
    with console.capture() as captured:
        for part in column_table(columns, module._SHOWN, module._ORDER):
            console.print(part)
    shown = captured.get()
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "Not shown in 80 columns" in shown
    assert "…" not in shown
    name, shape = ("half_life", "{:.4g}") if command[0] == "fit" else ("cagr", "{:+.2%}")
    assert all(shape.format(value) in shown for value in columns[name])


def test_a_pair_is_the_clients(run, client, file, tmp_path):
    out = tmp_path / "spread.parquet"
    words = ("--cost", "10bp", "--direction", "best", "--lags", "2", "--objective", "profit", "--out", str(out))
    found = answer(run("pair", str(file), "A", "C", *words, "--json"))
    columns = dict(zip(NAMES, prices().T, strict=True))
    options = {"cost_per_side": 0.001, "direction": "best", "lags": 2, "objective": "profit"}
    expected = client.pair("A", "C", prices=columns, **options)
    for name in (
        "y",
        "x",
        "hedge_ratio",
        "hedge_ratio_lower",
        "p_value",
        "half_life",
        "entry_zscore",
        "status",
        "note",
    ):
        assert found["pair"][name] == expected[name], name
    assert "spread" not in found["pair"]
    written = pl.read_parquet(out)
    np.testing.assert_array_equal(written["spread"].to_numpy(), expected.spread)
    assert written["time"][0] == "2020-01-01"


def test_a_pair_for_a_person(run, client, file):
    expected = client.pair("A", "B", prices=dict(zip(NAMES, prices().T, strict=True)))
    text = run("pair", str(file), "A", "B").stdout
    assert f"log A {-expected.intercept:+.4g} {-expected.hedge_ratio:+.4g} log B" in text
    assert f"enter at z = {expected.entry_zscore:.2f}" in text
    assert "rejects that there is no cointegration" in text
    costly = run("pair", str(file), "A", "B", "--cost", "9000%").stdout
    assert "thresholds   none: a round trip costs" in costly
    assert "spread       A " in run("pair", str(file), "A", "B", "--prices-as-they-are", "--cost", "0.01").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("A", "A"), 2, "two different columns"),
        (("A", "B", "--column", "C"), 2, "two different columns"),
        (("A", "Z"), 4, "'Z'"),
        (("A",), 2, "Missing argument 'X'"),
        (("A", "B", "--lags", "5000"), 4, "lags"),
    ],
)
def test_a_wrong_pair_is_a_sentence_and_a_document(run, file, words, code, said):
    result = run("pair", str(file), *words)
    assert result.exit_code == code
    assert said in result.stderr
    error = json.loads(run("pair", str(file), *words, "--json").stdout)["error"]
    assert error["exit_code"] == code
    assert said in error["message"]


def test_a_missing_price_is_named_by_its_row(run, tmp_path):
    spoilt = prices()
    spoilt[9, 1] = np.nan
    result = run("pair", str(write(tmp_path / "gaps.csv", spoilt)), "A", "B")
    assert result.exit_code == 4
    assert "row 10 of column 'B'" in result.stderr


@pytest.mark.parametrize("kind", ["equity", "simple", "log"])
def test_figures_of_returns_are_the_clients(run, client, tmp_path, kind):
    values = prices() if kind == "equity" else np.diff(np.log(prices()), axis=0)
    out = tmp_path / "stats.csv"
    file = str(write(tmp_path / "values.csv", values))
    found = answer(run("stats", file, "--kind", kind, "--periods-per-year", "365", "--out", str(out), "--json"))
    expected = client.stats(values, kind=kind, periods_per_year=365.0)
    for name in ("cagr", "sharpe_ratio", "sharpe_std_error", "max_drawdown", "longest_drawdown"):
        assert [row[name] for row in found["stats"]] == expected[name].tolist(), name
    assert pl.read_csv(out)["sharpe_ratio"].to_list() == expected.sharpe_ratio.tolist()
    text = run("stats", file, "--kind", kind, "--periods-per-year", "365").stdout
    assert f"{expected.sharpe_ratio[0]:.2f} ± {expected.sharpe_std_error[0]:.2f}" in text


@pytest.mark.parametrize("words", [("fit",), ("stats",), ("pair", "A", "B")])
def test_a_server_computes_the_same(run, server, file, words):
    command, *others = words
    line = (command, str(file), *others, "--json")
    assert json.loads(run(*line, "--host", server).stdout) == json.loads(run(*line).stdout)


@pytest.mark.parametrize("command", ["fit", "stats"])
def test_a_dry_run_computes_nothing_and_a_kept_matrix_needs_no_file(run, server, file, command):
    assert answer(run(command, str(file), "--dry-run", "--json"))["estimate"]["work"] > 0
    kept = answer(run("put", str(file), "--host", server, "--json"))["matrix_id"]
    whole = answer(run(command, "--matrix", kept, "--host", server, "--json"))
    table = "fits" if command == "fit" else "stats"
    assert whole[table] == answer(run(command, str(file), "--json"))[table]
