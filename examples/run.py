"""Run every example, and compare what it prints with README.md. `make examples` does this.

An example that needs something that this machine lacks ends with exit code 77 and says what; it is counted, and is no
failure. The notebooks are executed into build/notebooks.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LONGEST_S = 400
SKIPPED = 77


def documented() -> dict[str, str]:
    """Return what README.md says that each example prints, by the example's file."""
    text = (HERE / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^## `(\S+)`\n.*?^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return dict(found)


def outcome(name: str, expected: str) -> tuple[str, str]:
    """Run one example.

    Args:
        name: Its file.
        expected: What it shall print.

    Returns:
        "ok", "skipped" or "FAILED", and the reason.
    """
    words = [str(HERE.parent / "build" / "notebooks")] if name == "execute.py" else []
    settings = {key: value for key, value in os.environ.items() if not key.startswith("MEANREV_")}
    command = [sys.executable, str(HERE / name), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False, env=settings)
    if done.returncode == SKIPPED:
        return "skipped", done.stdout.strip().removeprefix("skipped: ")
    if done.returncode:
        return "FAILED", f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    if done.stdout != expected:
        return "FAILED", f"it printed something else than README.md says:\n{done.stdout}"
    return "ok", ""


def main() -> int:
    """Run all; return 1 where one failed."""
    failed = 0
    for name, expected in documented().items():
        began = time.monotonic()
        verdict, reason = outcome(name, expected)
        failed += verdict == "FAILED"
        print(f"{verdict:8} {name:22} {time.monotonic() - began:5.1f} s  {reason}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
