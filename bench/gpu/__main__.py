"""All steps of a GPU's run under one budget of time: `make gpu OUT=DIR`.

The folder gets summary.json (status, reason, exit code and seconds of each step), rows.jsonl (the figures, one a line,
each written when it is measured), log.txt (what all steps print) and junit.xml (the tests). A step that fails, or that
lacks a program or a package, holds up no other one.
"""

import argparse
import os
import sys
from pathlib import Path

from bench.gpu.section import SECTIONS
from bench.gpu.steps import Step, carry_out

__all__ = ["main", "steps"]

ROOT = Path(__file__).resolve().parents[2]

SHARES = {
    "versions": 8,
    "compile": 40,
    "ceilings": 15,
    "sweeps": 45,
    "few lanes": 25,
    "fits": 25,
    "components": 35,
    "markets": 40,
    "eigensolvers": 20,
    "calls": 45,
}
"""Seconds of each section."""

PROFILED = "regex:^(sweep_compounding|ou_sums|rolling_z|long_series_compounding|moments_compounding)$"


def steps(out: Path, small: bool) -> list[Step]:
    """Return all steps: small cases and figures first, then tests, the profiler, and what slows kernels down most.

    Args:
        out: Folder for what is found.
        small: Use small inputs, which only show that everything runs.
    """
    python, sizes = (sys.executable, "-m"), ("--small",) if small else ()
    rows = str(out / "rows.jsonl")
    measured = [
        Step(name, (*python, "bench.gpu.section", name, "--rows", rows, *sizes), SHARES[name]) for name in SECTIONS
    ]
    tests = ("-q", "-rs", "-c", os.devnull, "--rootdir", str(ROOT), "--noconftest", "-p", "no:cacheprovider")
    cases = (*python, "bench.gpu.small_cases")
    ncu = ("ncu", "--set", "basic", "--clock-control", "none", "--kernel-name", PROFILED, *cases, "--profiled", *sizes)
    watched = [
        Step(tool, ("compute-sanitizer", "--tool", tool, "--error-exitcode", "9", *cases), 45, "compute-sanitizer")
        for tool in ("memcheck", "racecheck")
    ]
    junit = f"--junitxml={out / 'junit.xml'}"
    return [
        *measured[:2],
        Step("cases", cases, 20),
        *measured[2:],
        Step("tests", (*python, "pytest", *tests, junit, "tests/gpu"), 60, module="pytest"),
        Step("ncu", ncu, 32, "ncu"),
        *watched,
    ]


def main() -> int:
    """Carry out all steps; returns the exit status, 0 where nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "gpu")
    parser.add_argument("--seconds", type=float, default=480.0, help="for all steps together")
    parser.add_argument("--small", action="store_true", help="small inputs, which only show that everything runs")
    parser.add_argument("--only", nargs="+", metavar="STEP", help="steps to carry out, as summary.json names them")
    chosen = parser.parse_args()
    out = chosen.out.resolve()
    carried = [step for step in steps(out, chosen.small) if not chosen.only or step.name in chosen.only]
    if unknown := set(chosen.only or ()) - {step.name for step in carried}:
        parser.error(f"--only: no step is named {', '.join(sorted(unknown))}")
    before = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    ours = (str(ROOT / folder) for folder in (".", "proto", "server", "client"))
    os.environ["PYTHONPATH"] = os.pathsep.join((*ours, *before))
    os.chdir(ROOT)
    (out / "rows.jsonl").unlink(missing_ok=True)
    outcomes = carry_out(carried, chosen.seconds, out)
    return int(any(outcome.status in {"failed", "timed out"} for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
