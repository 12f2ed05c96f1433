"""One chunk in the process that computes it: from the map of prices to the bytes of its files."""

import resource
import socket
import time
from pathlib import Path
from typing import Any

from gpu_kernels.dispatch import using
from meanrev_batch import tables
from meanrev_batch.identity import bytes_digest
from meanrev_batch.model import Chunk, Floats, Job, Outcome, PairList, Result, SeriesList, Tile
from meanrev_batch.options import FitOptions, ScanOptions, SweepOptions
from meanrev_batch.work import fit, scan, sweep

__all__ = ["performed"]


def performed(job: Job, prices: Floats, chunk: Chunk) -> Outcome:
    """Compute a chunk; what it raises is its outcome.

    Args:
        job: What all chunks of the stage share.
        prices: The map of the matrix, from `matrix.opened`.
        chunk: Which.
    """
    before = time.process_time()
    result, reason = None, ""
    try:
        with using(job.backend):
            result = _result(job, prices, chunk)
    except Exception as error:  # noqa: BLE001 - a chunk that raises is one failed chunk of many
        reason = f"{type(error).__name__}: {error}"
    return Outcome(
        chunk,
        "failed" if result is None else "done",
        result,
        reason,
        cpu_s=time.process_time() - before,
        rss_bytes=_peak_bytes(),
        node=socket.gethostname(),
    )


def _peak_bytes() -> int:
    """Return the most memory that this process has had.

    getrusage counts what the parent had when it started this process, so the kernel's own figure is taken where it is.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    peak = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), None)
    return 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if peak is None else peak)


def _result(job: Job, prices: Floats, chunk: Chunk) -> Result:
    match chunk.work, job.options:
        case Tile() as tile, ScanOptions() as options:
            tested = scan.test_in_window(prices, tile, job.n_train, options, chunk.start, chunk.rows)
            counts = {"n_pairs": tested.p_values.size, "n_untested": tested.n_untested, "tile": list(tile)}
            return _with_beside(tested.columns, tables.TESTS, chunk, tested.p_values.tobytes(), counts)
        case PairList() as pairs, ScanOptions() as options:
            traded = scan.trade_in_window(prices, pairs, job.n_train, options, chunk.start, chunk.rows)
            return Result(_body(traded, tables.TRADES, chunk, {"stop": pairs.stop}))
        case SeriesList() as series, SweepOptions() as options:
            swept = sweep.sweep(prices, series, options)
            if not options.walk_forward:
                return Result(_body(swept.best, tables.SWEPT, chunk, {}))
            steps = _body(swept.steps, tables.STEPS, chunk, {}, rows="series")
            return _with_beside(swept.best, tables.SWEPT, chunk, steps, {})
        case SeriesList() as series, FitOptions() as options:
            return Result(_body(fit.fit(prices, series, options), tables.FITTED, chunk, {}))
        case _:
            raise TypeError(f"a job with {type(job.options).__name__} has no work {type(chunk.work).__name__}")


def _with_beside(columns: dict[str, Any], schema: Any, chunk: Chunk, beside: bytes, counts: dict[str, Any]) -> Result:
    return Result(_body(columns, schema, chunk, {**counts, "beside": bytes_digest(beside)}), beside)


def _body(columns: dict[str, Any], schema: Any, chunk: Chunk, counts: dict[str, Any], *, rows: str = "y") -> bytes:
    note = {"id": chunk.id, "stage": chunk.stage, "n_rows": len(columns[rows]), **counts}
    return tables.encoded(columns, schema, note)
