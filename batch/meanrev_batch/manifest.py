"""run.json: what a folder computes. It is written once, and compared with what is asked for when a run goes on."""

import json
import os
import platform
import socket
import time
from collections.abc import Collection, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from meanrev_batch.errors import ForeignFolder, OtherRun
from meanrev_batch.store import Folder

__all__ = ["about", "agreed", "read", "written"]

_APART = frozenset({"plan", "uri", "versions", "cpu", "created_ms", "host", "backend"})
"""What the answer does not depend on, or what follows from the rest."""

_OF_UNIVERSE = frozenset({"source", "block", "n_chunks", "members"})
"""What further bars of a universe change."""

_ADVICE = {"split_bar": "give the split of that run as a day or a number of bars, "}

_BITS = ("cpu", "versions", "backend")
"""Where these differ, results of both runs may differ in their last bits."""


def about(backend: str) -> dict[str, Any]:
    """Return what run.json says of this machine and this installation.

    Args:
        backend: One of gpu_kernels.backend.BACKENDS.
    """
    versions = {name: metadata.version(name) for name in ("meanrev", "numpy", "pyarrow")}
    return {
        "versions": {**versions, "python": platform.python_version()},
        "cpu": _cpu(),
        "backend": backend,
        "host": socket.gethostname(),
        "created_ms": int(time.time() * 1000),
    }


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if os.path.exists("/proc/cpuinfo") else []  # noqa: PTH110 - as short
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def read(folder: Folder) -> dict[str, Any]:
    """Return run.json.

    Raises:
        ForeignFolder: there is none, or it is no JSON object.
    """
    path = folder.path / "run.json"
    try:
        found = json.loads(path.read_bytes())
    except OSError:
        raise ForeignFolder(f"{folder.path} holds no run: there is no {path.name}") from None
    except ValueError:
        found = None
    if not isinstance(found, dict) or "plan" not in found:
        raise ForeignFolder(f"{path} is not that of a batch run, or is damaged; give another --out, or --fresh")
    return found


def written(folder: Folder, document: Mapping[str, Any]) -> None:
    """Write run.json."""
    folder.put("run.json", json.dumps(document, indent=2).encode())


def agreed(folder: Folder, document: Mapping[str, Any], *, extend: bool = False) -> list[str]:
    """Compare run.json with what is asked for.

    Args:
        folder: Of the run.
        document: What is asked for.
        extend: Allow another universe, and what follows from it.

    Returns:
        Warnings: what differs and may change last bits.

    Raises:
        OtherRun: it is another run; the message has the first difference.
        ForeignFolder: run.json cannot be read.
    """
    there, document = read(folder), json.loads(json.dumps(document))
    difference = _difference(there, document, (*_APART, *(_OF_UNIVERSE if extend else ())))
    if difference:
        advice = _ADVICE.get(difference.partition(" ")[0], "") if extend else ""
        raise OtherRun(f"{folder.path} holds another run: {difference}; {advice}give another --out, or --fresh")
    return [
        f"{name} is {there.get(name)!r} there and {document[name]!r} here, so that last bits of floats may differ"
        for name in _BITS
        if there.get(name) != document[name]
    ]


def _difference(there: Any, here: Any, apart: Collection[str], name: str = "") -> str:
    """Return the first difference, as a clause; "" where there is none."""
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        keys = [key for key in dict.fromkeys((*here, *there)) if key not in apart]
        found = (_difference(there.get(key), here.get(key), apart, key) for key in keys)
        return next((each for each in found if each), "")
    return "" if there == here else f"{name} is {there!r} there and {here!r} here"
