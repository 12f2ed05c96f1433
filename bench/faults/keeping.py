"""The JSON of a run: machine, commit, and what each row measured."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.faults.catalogue import catalogue
from bench.faults.rows import Figure

__all__ = ["figure", "keep", "newest", "read"]

_PACKAGES = ("grpcio", "numpy", "protobuf", "uvloop")


def figure(each: Figure) -> dict[str, Any]:
    """Return a figure as JSON can have it."""
    said = {"what": each.what, "value": _short(each.value), "unit": each.unit}
    for name, bound in (("most", each.most), ("least", each.least)):
        if bound is not None:
            said[name] = _short(bound)
    return {**said, "holds": each.holds}


def keep(path: Path, found: dict[str, Any]) -> None:
    """Write a row into a file, in place of the same row in it."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    rows = {row["row"]: row for row in read(path)["rows"]} if path.exists() else {}
    rows[found["row"]] = {**found, "commit": commit}
    document = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "rows": [rows[number] for number in catalogue() if number in rows],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    """Return the document in a file."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def newest(folder: Path) -> dict[str, Any]:
    """Return the newest document of a folder."""
    return read(max(folder.glob("faults-*.json")))


def machine() -> dict[str, Any]:
    """Return what the run was measured on."""
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _PACKAGES},
    }


def _short(value: float) -> float | str:
    if value in {float("inf"), float("-inf")}:
        return "not in time"
    return float(f"{value:.3g}") if abs(value) < 1000 else round(value)
