"""Six parameter sets with optima of 30 to 40 digits; tests/golden/README.md says what the columns mean."""

import csv
from pathlib import Path

import numpy as np
import pytest

from gpu_kernels import thresholds
from gpu_kernels.thresholds.leung_li import exit_level
from tests.naive import thresholds as naive

TABLE = Path(__file__).resolve().parents[2] / "golden" / "thresholds.csv"
with TABLE.open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))
COLUMNS = {name: np.array([float(row[name] or "nan") for row in ROWS]) for name in ROWS[0]}
PROCESSES = tuple(COLUMNS[name] for name in ("theta", "mu", "sigma", "c"))
SPREAD = COLUMNS["s_stat"]


def agrees(found, column, digits):
    np.testing.assert_allclose(found, COLUMNS[column], rtol=digits, atol=digits * 1e-2)


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("entry_z", "profit_z"),
        ("cycle_time", "cycle_time"),
        ("trade_time", "trade_time"),
        ("holding_time", "trade_time"),
        ("return_per_trade", "profit_per_trade"),
        ("rate", "rate_two_sided_reversal"),
    ],
)
def test_the_profit_columns_are_reproduced(field, column):
    agrees(getattr(thresholds.optimal(*PROCESSES, objective="profit"), field), column, 1e-12)


def test_bertrams_levels_and_one_sided_rate_follow_from_the_same_optimum():
    result = thresholds.optimal(*PROCESSES, objective="profit")
    agrees(COLUMNS["mu"] - result.entry_z * SPREAD, "bertram_a", 1e-12)
    agrees(COLUMNS["mu"] - result.exit_z * SPREAD, "bertram_m", 1e-12)
    agrees(result.entry_z / np.sqrt(2), "profit_u", 1e-12)
    agrees(result.return_per_trade / result.cycle_time, "rate_one_sided", 1e-12)


@pytest.mark.parametrize(
    ("field", "column"), [("entry_z", "zl_conv_z"), ("cycle_time", "zl_conv_cycle"), ("rate", "zl_conv_rate")]
)
def test_the_columns_that_exit_at_the_mean_are_reproduced(field, column):
    result = thresholds.optimal(*PROCESSES, objective="profit", model="to_mean")
    agrees(getattr(result, field), column, 1e-12)
    assert np.all(result.exit_z == 0)


@pytest.mark.parametrize(("prefix", "cost_variance"), [("", True), ("frictionless_", False)])
@pytest.mark.parametrize("objective", ["sharpe", "kelly"])
@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("entry_z", "sharpe_entry_z"),
        ("exit_z", "sharpe_exit_z"),
        ("sharpe", "sharpe_per_sqrt_time"),
        ("holding_time", "sharpe_in_trade_time"),
        ("cycle_time", "sharpe_cycle_time"),
        ("trade_time", "sharpe_cycle_time"),
        ("return_per_trade", "sharpe_profit_per_trade"),
    ],
)
def test_the_sharpe_columns_are_reproduced(objective, field, column, prefix, cost_variance):
    found = thresholds.optimal(*PROCESSES, objective=objective, cost_variance=cost_variance)
    agrees(getattr(found, field), prefix + column, 1e-12)


@pytest.mark.parametrize(("prefix", "cost_variance"), [("", True), ("frictionless_", False)])
@pytest.mark.parametrize(("field", "column"), [("fraction", "kelly_fraction_uncapped"), ("growth", "kelly_growth")])
def test_the_kelly_columns_are_reproduced(field, column, prefix, cost_variance):
    found = thresholds.optimal(*PROCESSES, objective="kelly", cost_variance=cost_variance)
    agrees(getattr(found, field), prefix + column, 1e-12)


def test_the_leung_li_column_of_exits_is_reproduced_with_the_cost_on_each_side():
    known = np.flatnonzero(np.isfinite(COLUMNS["leungli_r005_exit_b"]))
    theta, mu, _, cost = (values[known] for values in PROCESSES)
    sale = exit_level(0.05 / theta, (cost - mu) / SPREAD[known])
    np.testing.assert_allclose(mu + sale * SPREAD[known], COLUMNS["leungli_r005_exit_b"][known], rtol=1e-13)


def test_the_leung_li_entry_is_reproduced_with_the_cost_on_each_side():
    row = int(np.argmax(np.isfinite(COLUMNS["leungli_r005_entry_d"])))
    theta, mu, sigma, cost = (float(values[row]) for values in PROCESSES)
    result = thresholds.optimal(theta, mu, sigma, 2 * cost, objective="profit", model="leung_li", rate=0.05)
    assert mu - result.entry_z * SPREAD[row] == pytest.approx(COLUMNS["leungli_r005_entry_d"][row], rel=1e-13)
    assert mu - result.exit_z * SPREAD[row] == pytest.approx(COLUMNS["leungli_r005_exit_b"][row], rel=1e-13)


@pytest.mark.parametrize("row", np.flatnonzero([row["leungli_r005_entry_d"] == "nan" for row in ROWS]).tolist())
def test_an_entry_that_the_table_leaves_open_solves_the_free_boundary_equations(row):
    theta, mu, sigma, cost = (float(values[row]) for values in PROCESSES)
    result = thresholds.optimal(theta, mu, sigma, 2 * cost, objective="profit", model="leung_li", rate=0.05)
    sale, purchase = mu - float(result.exit_z) * SPREAD[row], mu - float(result.entry_z) * SPREAD[row]
    # From a guess nearby, the oracle's roots must be the same ones.
    guess = (sale + 0.004 * SPREAD[row], purchase - 0.004 * SPREAD[row])
    assert (sale, purchase) == pytest.approx(naive.leung_li(theta, mu, sigma, cost, 0.05, guess), rel=1e-11)
