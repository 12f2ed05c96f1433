"""The names of a run's files: what is a part of it, what a process left unfinished, and what is neither."""

import os
import re
import socket
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["BESIDE", "STAGES", "ours"]

_OF_SERIES = ("series.parquet", "bars.parquet", "best.parquet", "walk.parquet", "fits.parquet")
_ANSWERS = ("run.lock", "run.json", "universe.parquet", "matrix.npy", "pairs.parquet", "report.json", *_OF_SERIES)
STAGES = ("test", "trade", "sweep", "fit", "failed")
"""The folders inside."""

BESIDE = {"test": ".p64", "sweep": ".walk"}
"""How the file ends that some chunks have beside their Parquet file, by stage."""

_CHUNK = re.compile(r"[0-9a-f]{32}\.(parquet|p64|walk|json)")
_LEFT = re.compile(r"\..+\.(parquet|p64|walk|json|npy)\.(?P<host>[^/]*)\.(?P<pid>[0-9]+)\.tmp")
_OLD_S = 86_400.0
"""Age at which an unfinished file of another machine is one that a killed process left."""


def ours(root: Path, entry: Path) -> bool | None:
    """Return what an entry of a run's folder is.

    Args:
        root: The folder.
        entry: In it, or in one of its folders.

    Returns:
        True for a part of a run, False for what an ended process left unfinished, None for anything else.
    """
    inside = entry.parent != root
    if not inside and (entry.name in _ANSWERS or (entry.name in STAGES and entry.is_dir())):
        return True
    if inside and _CHUNK.fullmatch(entry.name):
        return True
    left = _LEFT.fullmatch(entry.name)
    if left is None:
        return None
    if left["host"] == socket.gethostname():
        return int(left["pid"]) == os.getpid() or Path(f"/proc/{left['pid']}").exists()
    with suppress(OSError):
        return time.time() - entry.stat().st_mtime < _OLD_S
    return True
