"""Numbers of the kernels: sizes are read from the sources, and what the twins' methods share is the same in both."""

import re

import pytest

from gpu_kernels import cholesky, cointegration, constants, ou, weights
from gpu_kernels import compile as kernels
from gpu_kernels.cointegration import driver as cointegration_driver
from gpu_kernels.constants import integer
from gpu_kernels.multiperiod import driver as plan_driver
from gpu_kernels.multiperiod import host, polish
from gpu_kernels.ou import driver as ou_driver
from gpu_kernels.ou import inference, sums
from gpu_kernels.sweep import accounts_native, figures
from gpu_kernels.sweep import model as sweep_model
from gpu_kernels.sweep.round_trips import Trade
from gpu_kernels.weights import driver as weights_driver
from gpu_kernels.weights import interior

SAME: dict[str, dict[str, float]] = {
    "ou/verdict.h": {
        "STILL": sums.CONSTANT,
        "NO_NOISE": sums.DETERMINISTIC,
        "SLOPE_ROUNDING": sums.SLOPE_ROUNDING,
        "QUANTILE": inference.QUANTILE,
        "LARGEST_STEP": inference.LARGEST_STEP,
    },
    "cointegration/cointegration.cu": {"ROWS": len(cointegration_driver.NAMES)},
    "cointegration/regression.h": {"LOSSY": cointegration.model.LOSSY},
    "sweep/settle.h": {"RUIN": sweep_model.RUIN},
    "weights/weights.cu": {"ASYMMETRY": weights.arguments._ASYMMETRY},
    "weights/figures.h": {"SOLVED": weights_driver._SOLVED},
    "multiperiod/banded.h": {"SHIFT": cholesky._SHIFT},
    "multiperiod/interior.h": {
        "MOST_ITERATIONS": interior.MOST_ITERATIONS,
        "PATIENCE": interior.PATIENCE,
        "FAR": interior._FAR,
        "CAUTION": interior._CAUTION,
    },
    "multiperiod/polish.h": {
        "STEPS": polish._STEPS,
        "GUESSES": polish._GUESSES,
        "PENALTY": polish._PENALTY,
        "NOTHING": polish._NOTHING,
    },
    "multiperiod/multiperiod.cu": {"NEAR": host._NEAR, "TOLERANCE": plan_driver.TOLERANCE},
}


@pytest.mark.parametrize("source", SAME)
def test_what_a_method_is_steered_by_is_the_same_in_every_twin(source):
    found = constants.constants(source)
    assert {name: found[name] for name in SAME[source]} == SAME[source]


def in_order(first, last, *sources):
    """Return the names of an enum from one member to another."""
    names = list(constants.constants(*sources))
    return [name.lower() for name in names[names.index(first) : names.index(last) + 1]]


def test_rows_have_the_order_of_the_fields_that_are_made_of_them():
    assert in_order("N_SAMPLES", "ROUNDING", "ou/verdict.h") == list(sums.Sums._fields)
    assert in_order("RESIDUAL", "ROUNDS", "weights/figures.h") == list(weights_driver.Solved._fields[2:])
    assert in_order("NONE", "MEDIAN_UNBIASED", "ou/verdict.h") == list(ou.BIASES)
    assert weights_driver.Solved._fields[:2] == ("x", "answer")


def test_rows_of_the_sweep_have_the_order_in_which_python_reads_them():
    rows = in_order("EQUITY", "RUINED", "sweep/rows.h")
    assert [name for name in rows if name not in {"sum", "squares"}] == list(figures.Totals._fields)
    assert rows.index("squares") == rows.index("sum") + 1
    assert in_order("EQUITY", "POSITION", "sweep/accounts.cu") == list(accounts_native._PATHS)
    named = {"entry_score": "entry_zscore", "exit_score": "exit_zscore"}
    fields = [named.get(name, name) for name in in_order("SIDE", "CLOSED", "sweep/accounts.cu")]
    assert fields == list(Trade._fields)


def test_findings_have_the_numbers_that_the_numpy_twin_gives_them():
    found = constants.constants("ou/verdict.h")
    findings = {name: found[name.upper()] for name in in_order("FINE", "UNIT_ROOT_STANDS", "ou/verdict.h")}
    ours = {"overflow" if name == "too_large" else name: number for name, number in findings.items()}
    theirs = {name: getattr(inference, name.upper(), getattr(inference, f"_{name.upper()}", None)) for name in ours}
    assert ours == theirs
    assert list(ours.values()) == list(range(len(inference.FINDINGS)))


def test_the_entries_of_a_kernel_have_space_for_the_lags_that_python_gives_them():
    text = kernels.sources()["cointegration"].read_text(encoding="utf-8")
    entries = {int(lags) for lags in re.findall(r"ENTRY\(pairs_(\d+)\)", text)}
    assert entries == {0, 1, *cointegration_driver._BOUNDS}
    text = kernels.sources()["ou"].read_text(encoding="utf-8")
    assert max(map(int, re.findall(r"n_lags == (\d+)", text))) == ou_driver.MOST_LAGS


def test_constants_are_read_as_they_are_written(tmp_path, monkeypatch):
    (tmp_path / "first.h").write_text(
        "// static const Index COMMENT = 1;\nstatic const Index ONE = 1, TWO = 2;  // not THREE = 3\n"
        "static const double SMALL = 1e-9, FINE = 0x1p-3, MADE = 2.0 * SMALL;\n",
        encoding="utf-8",
    )
    (tmp_path / "second.h").write_text("enum {\n    A,\n    B,\n    C = TWO,\n    D,\n};\n", encoding="utf-8")
    monkeypatch.setattr(constants, "_HERE", tmp_path)
    found = constants.constants("first.h", "second.h")
    assert found == {"ONE": 1, "TWO": 2, "SMALL": 1e-9, "FINE": 0.125, "A": 0, "B": 1, "C": 2, "D": 3}
    assert integer("TWO", "first.h") == 2
    with pytest.raises(KeyError):
        integer("MADE", "first.h")
