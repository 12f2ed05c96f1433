"""What `import meanrev` costs beyond a bare interpreter: the median over processes that do one and the other by turns.

    PYTHONPATH=. python bench/bench_import.py

The target is 30 ms. Prints JSON, and ends with 1 where the target is missed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

MOST_MS = 30.0
ROUNDS = 25


def milliseconds(statement: str) -> float:
    """Return how long a process takes that does nothing but a statement."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return 1e3 * (time.perf_counter() - began)


def measured() -> dict[str, object]:
    """Start both by turns, so that a busy machine slows both."""
    for statement in ("pass", "import meanrev"):  # which writes what Python keeps of compiled modules
        milliseconds(statement)
    pairs = [(milliseconds("pass"), milliseconds("import meanrev")) for _ in range(ROUNDS)]
    beyond = [imported - bare for bare, imported in pairs]
    return {
        "rounds": ROUNDS,
        "bare_ms": statistics.median(bare for bare, _ in pairs),
        "import_ms": statistics.median(beyond),
        "import_best_ms": min(imported for _, imported in pairs) - min(bare for bare, _ in pairs),
        "most_ms": MOST_MS,
        "cpus": len(os.sched_getaffinity(0)),
    }


def main() -> int:
    """Measure, print JSON, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    chosen = parser.parse_args()
    found = measured()
    text = json.dumps({name: round(value, 2) for name, value in found.items()}, indent=1)
    print(text)
    if chosen.out is not None:
        (chosen.out / f"import-{datetime.now(UTC):%Y-%m-%d}.json").write_text(f"{text}\n", encoding="utf-8")
    return 0 if found["import_ms"] <= MOST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
