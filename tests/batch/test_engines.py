"""Worker processes: what they are started with, the memory that they take, and their end."""

from pathlib import Path

import numpy as np
import psutil
import pytest

from meanrev_batch.engines import Stop
from meanrev_batch.engines.local import Local
from meanrev_batch.model import Chunk, Job, Tile
from meanrev_batch.options import ScanOptions
from meanrev_batch.session import cpu_backend
from meanrev_batch.tiling import worker_bytes

N_BARS = 250_000
N_TRAIN = 200_000


def chunk(start):
    tile = Tile(start, start + 16, start + 16, start + 32)
    return Chunk(f"{start:032x}", "test", f"names from {start}", tile, 1.0)


@pytest.fixture
def others():
    """Child processes of this one that other tests have left."""
    return set(psutil.Process().children())


@pytest.fixture
def engine(others):
    found = Local(1)
    yield found
    found.close()
    assert set(psutil.Process().children()) <= others


def worker(others):
    """Return the process of an engine's only worker."""
    [found] = set(psutil.Process().children()) - others
    return found


def job_on(path, rows, n_train):
    np.save(path, rows)
    return Job(ScanOptions(), n_train, str(path), cpu_backend())


def kilobytes(pid, *names):
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    found = {line.partition(":")[0]: int(line.split()[1]) for line in lines if line.endswith("kB")}
    return [found[name] for name in names]


def test_a_worker_has_one_blas_thread_and_large_thresholds_of_malloc_before_it_begins(
    engine, others, tmp_path, monkeypatch
):
    """Set in Python they come too late: NumPy's BLAS and glibc read them when they are loaded."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "8")
    rows = 100.0 + np.cumsum(np.random.default_rng(1).normal(size=(32, 60)), axis=1)
    outcomes = list(engine.run(job_on(tmp_path / "matrix.npy", rows, 50), [chunk(0)], Stop()))
    assert [outcome.state for outcome in outcomes] == ["done"]
    environment = worker(others).environ()
    assert environment["OPENBLAS_NUM_THREADS"] == "1"
    assert {name for name in environment if name.startswith("MALLOC_")} == {
        "MALLOC_MMAP_THRESHOLD_",
        "MALLOC_TRIM_THRESHOLD_",
    }


def test_memory_does_not_grow_with_the_matrix_nor_with_the_chunks(engine, others, tmp_path):
    """Over a matrix of 200 MB, a worker takes what is expected of it, besides the pages of the file."""
    path = tmp_path / "matrix.npy"
    rng = np.random.default_rng(2)
    whole = np.lib.format.open_memmap(path, mode="w+", dtype=np.float64, shape=(100, N_BARS))
    for row in whole:
        np.exp(np.cumsum(rng.normal(0.0, 1e-4, N_BARS)), out=row)
    assert whole.nbytes == 200_000_000
    job, peaks = Job(ScanOptions(), N_TRAIN, str(path), cpu_backend()), []
    for outcome in engine.run(job, [chunk(start) for start in (0, 32, 64, 0, 32, 64)], Stop()):
        assert outcome.state == "done", outcome.reason
        peak, of_files = kilobytes(worker(others).pid, "VmHWM", "RssFile")
        assert 0.5 * peak < outcome.rss_bytes / 1024 <= peak  # it may be at the next chunk by now
        peaks.append(peak - of_files)
    assert max(peaks) * 1024 < worker_bytes(16, N_TRAIN)
    assert peaks[-1] < 1.1 * peaks[2]
