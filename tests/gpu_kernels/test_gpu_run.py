"""`make gpu` runs from end to end, and a step that fails holds up no other one: time on a GPU is short."""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

run_of_a_gpu = pytest.importorskip("bench.gpu.__main__", reason="needs the checkout, and this run has the wheel alone")

from bench.gpu import small_cases  # noqa: E402 - after the skip
from bench.gpu.section import LAUNCHED, SECTIONS  # noqa: E402
from bench.gpu.steps import Step, carry_out  # noqa: E402
from gpu_kernels import device  # noqa: E402
from tests.gpu_kernels.native import needs_compiler  # noqa: E402
from tests.gpu_kernels.stand_in import stand  # noqa: E402

__all__ = ["stand"]

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {
    "nvidia-smi": "echo Stand-in",
    "ncu": 'while [ "$1" != "$PYTHON" ]; do shift; done; exec "$@"',
    "compute-sanitizer": 'shift 4; exec "$@"',
}
"""What a machine with a GPU has on its PATH, as shell scripts that run the command they are given."""


@pytest.fixture
def machine(tmp_path):
    """The environment of a process on a machine whose GPU is the stand-in."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, script in PROGRAMS.items():
        path = programs / name
        path.write_text(f"#!/bin/sh\nPYTHON={shlex.quote(sys.executable)}\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
    before = {name: value for name, value in os.environ.items() if not name.startswith("MEANREV_")}
    return {
        **before,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "tests/gpu_kernels/in_place_of_cupy", ROOT))),
        "PYTEST_ADDOPTS": "-k 'chosen or parts or worker or memory or components or (moments and shape0)'",
    }


def carried_out(machine, out, *options):
    """Do what the target does; returns its exit status, the steps by their names and the figures."""
    command = [sys.executable, "-m", "bench.gpu", "--small", "--out", str(out), *options]
    done = subprocess.run(command, env=machine, capture_output=True, text=True, check=False, cwd=out.parent.parent)
    steps = {step["name"]: step for step in json.loads((out / "summary.json").read_text(encoding="utf-8"))["steps"]}
    file = out / "rows.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    return done, steps, rows


@needs_compiler
@pytest.mark.timeout(900)
def test_every_step_is_carried_out(machine, tmp_path):
    out = tmp_path / "out" / "gpu"
    done, steps, rows = carried_out(machine, out, "--seconds", "800")
    log = (out / "log.txt").read_text(encoding="utf-8")
    assert {name: step["status"] for name, step in steps.items()} == dict.fromkeys(steps, "ok"), log
    assert done.returncode == 0
    assert {"cases", "tests", "ncu", "memcheck", "racecheck", *SECTIONS} == set(steps)
    assert {row["section"] for row in rows} == set(SECTIONS)
    assert log.count(f"{len(small_cases.CASES)} of {len(small_cases.CASES)} cases equal the NumPy twin") == 3
    assert 'failures="0"' in (out / "junit.xml").read_text(encoding="utf-8")
    assert sorted(path.name for path in out.iterdir()) == ["junit.xml", "log.txt", "rows.jsonl", "summary.json"]


@pytest.mark.timeout(300)
def test_where_every_step_fails_each_says_why_and_the_next_one_begins(machine, tmp_path):
    machine["STAND_IN_FAILS"] = "all"
    done, steps, rows = carried_out(machine, tmp_path / "out" / "gpu")
    assert done.returncode == 1
    assert {step["status"] for step in steps.values()} == {"failed"}
    reasons = {step["reason"] for name, step in steps.items() if name not in {"calls", "tests"}}
    assert reasons == {"RuntimeError: this process was to fail"}
    assert "the server ended with status" in steps["calls"]["reason"]
    assert steps["tests"]["exit_code"] == 2
    assert {row["section"] for row in rows} == {"versions"}  # what it finds without a GPU


@needs_compiler
@pytest.mark.timeout(300)
@pytest.mark.parametrize("failing", ["ceilings", "eigensolvers"])
def test_a_step_that_fails_among_others_is_the_only_one(machine, tmp_path, failing):
    machine["STAND_IN_FAILS"] = failing
    some = ("versions", "ceilings", "eigensolvers")
    done, steps, rows = carried_out(machine, tmp_path / "out" / "gpu", "--only", *some)
    assert done.returncode == 1
    assert {name: step["status"] for name, step in steps.items()} == {**dict.fromkeys(some, "ok"), failing: "failed"}
    assert {row["section"] for row in rows} == set(some) - {failing}


def python(script):
    return (sys.executable, "-c", script)


def test_steps_that_end_in_every_way_are_told_apart(tmp_path):
    steps = [
        Step("ends", python("print('done')"), 20),
        Step("raises", python("raise ValueError('of its own')"), 20),
        Step("is killed", python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), 20),
        Step("lacks a program", ("no-such-program",), 20, program="no-such-program"),
        Step("lacks a module", python(""), 20, module="no_such_module"),
        Step("cannot begin", (str(tmp_path),), 20),
        Step("says what it lacks", python("print('it needs a wheel'); raise SystemExit(77)"), 20),
        Step("ends too", python(""), 20),
    ]
    found = {outcome.name: outcome for outcome in carry_out(steps, 100, tmp_path)}
    assert {name: (outcome.status, outcome.reason) for name, outcome in found.items() if name != "cannot begin"} == {
        "ends": ("ok", ""),
        "raises": ("failed", "ValueError: of its own"),
        "is killed": ("failed", found["is killed"].reason),
        "lacks a program": ("skipped", "no-such-program is not on the PATH"),
        "lacks a module": ("skipped", "no_such_module is not installed"),
        "says what it lacks": ("skipped", "it needs a wheel"),
        "ends too": ("ok", ""),
    }
    assert found["is killed"].exit_code == -9
    assert found["cannot begin"].status == "failed"
    kept = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["steps"]
    assert kept == [outcome._asdict() for outcome in found.values()]


def test_a_step_out_of_time_ends_with_its_children_and_leaves_the_rest_their_share(tmp_path):
    child = "import time; time.sleep(5); open('too late', 'w')"
    waits = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    began = time.monotonic()
    command = ("sh", "-c", f"cd {shlex.quote(str(tmp_path))} && {shlex.join(python(waits))}")
    found = carry_out([Step("waits", command, 3), Step("ends", python(""), 20)], 23, tmp_path)
    assert [outcome.status for outcome in found] == ["timed out", "ok"]
    time.sleep(max(0.0, 6 - (time.monotonic() - began)))
    assert not (tmp_path / "too late").exists()


def test_a_step_without_time_is_not_begun(tmp_path):
    found = carry_out([Step("first", python("print(1)"), 1), Step("second", python(""), 1)], 1.0, tmp_path)
    assert [(outcome.status, outcome.reason) for outcome in found] == [("skipped", "no time was left")] * 2


def test_the_shares_are_a_run_of_eight_minutes():
    steps = run_of_a_gpu.steps(Path("out"), small=False)
    assert sum(step.seconds for step in steps) <= 500  # scaled to 480
    assert [step.name for step in steps[:3]] == ["versions", "compile", "cases"]
    assert [step.name for step in steps[-4:]] == ["tests", "ncu", "memcheck", "racecheck"]


@needs_compiler
def test_the_small_cases_launch_every_kernel_that_is_compiled_ahead(stand, monkeypatch):
    launched, launch = set(), device.launch

    def note(kernel, entry, items, arguments):
        launched.add(kernel)
        launch(kernel, entry, items, arguments)

    monkeypatch.setattr(device, "launch", note)
    assert [small_cases.check(name) for name in small_cases.CASES] == [""] * len(small_cases.CASES)
    assert launched == set(LAUNCHED)


@needs_compiler
def test_a_wrong_figure_of_a_small_case_is_reported(stand, monkeypatch):
    name = "fits with halves"
    assert small_cases.check(name) == ""
    launch = device.launch
    monkeypatch.setattr(
        device,
        "launch",
        lambda kernel, entry, items, arguments: (
            launch(kernel, entry, items, (*arguments[:2], 1.5, *arguments[3:]))
            if entry == "ou_verdicts"
            else launch(kernel, entry, items, arguments)
        ),
    )
    assert small_cases.check(name).startswith(f"{name}: figure ")
