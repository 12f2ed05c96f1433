"""A kill -9 between any two steps loses nothing that was answered, and changes no bit of a result."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILES = ("to be created", "written", "synced", "renamed", "folder synced")
ROWS = (
    "portfolio",
    "matrix kept",
    "matrix dropped",
    "matrices used",
    "job queued",
    "job begun",
    "chunks chosen",
    "chunk kept",
    "job ended",
    "marks",
)
STEPS = {
    *(f"{kind}: {step}" for kind in ("input", "chunk", "result", "matrix") for step in FILES),
    *(f"{row}: {step}" for row in ROWS for step in ("to be committed", "committed")),
    "result: written in part",
    "job ended: files removed",
    "matrix dropped: file removed",
}
PROCESSES = 3


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize("offset", range(PROCESSES))
def test_whatever_step_a_crash_comes_at(tmp_path, offset):
    path = os.pathsep.join(map(str, (ROOT, *(ROOT / name for name in ("proto", "server", "client")))))
    command = [sys.executable, "-m", "tests.server.state.crash_walk", str(tmp_path), str(offset), str(PROCESSES)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    crashes = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(crashes) > 5
    for crash in crashes:
        found, told = crash["found"], f"killed at {crash['step']}"
        assert crash["killed"], told
        assert found["leftovers"] == [], told
        assert found["lost"] == [], told
        assert set(found["resumed"]) <= {"done"}, told
        assert found["again"] == crash["expected"], told
        assert found["rows"] == [2, 0, 2], told
        assert found["files"] == ["matrices", "matrices", "results", "results"], told
        # Marks are written once a second: a crash may lose the one that came before it.
        assert found["marks"] in ([[7.5]] if crash["step"] == "marks: committed" else [[], [7.5]]), told
        assert set(crash["steps"]) == STEPS
