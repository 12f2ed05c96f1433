"""The audit of the pinned dependencies tells an advisory from a database that does not answer."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "requirements" / "audit.sh"

pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="needs the checkout, and this run has the wheel alone")

REPORT = 'while [ "$1" != --output ]; do shift; [ $# -gt 0 ] || exit 1; done\necho "{}" > "$2"\n'


@pytest.mark.parametrize(
    ("does", "code", "says"),
    [
        (REPORT + "exit 0", 0, "run: no advisory"),
        (REPORT + "echo Found 1 known vulnerability >&2; exit 1", 1, "run: advisories"),
        ("echo no route to host >&2; exit 1", 2, "not audited, because the database of advisories at"),
    ],
)
def test_an_exit_code_says_what_was_found(tmp_path, does, code, says):
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/usr/bin/env bash\n{does}\n", encoding="ascii")
    tool.chmod(0o755)
    run = subprocess.run(
        [SCRIPT], env={**os.environ, "AUDIT": str(tool)}, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == code, run.stdout + run.stderr
    assert says in run.stdout
