"""What figures were measured on, and the files in which they are kept."""

import json
import platform
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["OURS", "facts", "keep"]

OURS = ("numpy", "grpcio", "protobuf", "uvloop")
"""Packages that every figure of a server depends on."""


def facts(packages: Iterable[str] = OURS) -> dict[str, Any]:
    """Return the commit, the versions of Python and of some packages, and the CPU."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    names = [entry.partition(":")[2].strip() for entry in told.splitlines() if entry.startswith("model name")]
    return {
        "commit": commit,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "cpu": names[0] if names else platform.machine(),
        "vectors": "AVX-512" if "avx512f" in told else "AVX2" if "avx2" in told else "",
    }


def keep(name: str, found: Mapping[str, Any], out: Path) -> Path:
    """Write figures with what they were measured on into a file of this name and today's date; returns its path."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}-{datetime.now(UTC):%Y-%m-%d}.json"
    path.write_text(json.dumps({**facts(), **found}, indent=1) + "\n", encoding="utf-8")
    return path
