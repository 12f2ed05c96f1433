"""A server that starts removes what builds of kernels left that were killed, and leaves those at work alone."""

import os
import time

from meanrev_server import compute_backend
from meanrev_server.config import Settings


def test_old_ones_go_at_the_start(tmp_path):
    folder = tmp_path / "cache"
    for name, age_s in (("building-old", 7200), ("building-at-work", 60), ("something else", 7200)):
        (folder / name).mkdir(parents=True)
        os.utime(folder / name, (time.time() - age_s,) * 2)
    chosen = compute_backend.choose(
        Settings(kernel_cache=str(folder), backend="numpy", worker="thread"), changed=lambda: None
    )
    assert chosen.backend.name == "numpy"
    assert sorted(path.name for path in folder.iterdir()) == ["building-at-work", "something else"]
