"""A table of whole backtests, made once by the 40-digit oracle on a deterministic series."""

import csv
import math
from pathlib import Path

import pytest

from gpu_kernels import sweep

TABLE = Path(__file__).resolve().parents[2] / "golden" / "sweep.csv"
PRICES = [round(100 + 8 * math.sin(t / 5) + 3 * math.sin(t * 1.7) + 0.05 * t, 4) for t in range(160)]


@pytest.mark.parametrize(
    "row",
    list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())),
    ids=lambda row: "-".join(row.values())[:30],
)
def test_the_figures_are_those_of_the_table(row):
    mode, delay = row.pop("mode"), int(row.pop("execution_delay"))
    thresholds = [[float(row.pop(name))] for name in ("entry_z", "exit_z", "cost")]
    metrics = sweep.backtest([PRICES], *thresholds, sweep.Rules(execution_delay=delay, mode=mode))
    assert set(row) == set(metrics._fields)
    for name, value in row.items():
        assert getattr(metrics, name)[0, 0] == pytest.approx(float(value), rel=1e-11, abs=1e-13), name
