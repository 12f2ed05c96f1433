"""One chunk in the process that computes it: from the map of prices to the bytes of its files."""

import resource
import socket
import time
from pathlib import Path
from typing import Any

from gpu_kernels.dispatch import using
from meanrev_batch import tables
from meanrev_batch.identity import bytes_digest
from meanrev_batch.model import Chunk, Floats, Job, Outcome, PairList, Result, Tile
from meanrev_batch.work import scan

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
            work = chunk.work
            result = _tested(job, prices, chunk, work) if isinstance(work, Tile) else _traded(job, prices, chunk, work)
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


def _tested(job: Job, prices: Floats, chunk: Chunk, tile: Tile) -> Result:
    found = scan.test(prices, tile, job.n_train, job.options)
    p_values = found.p_values.tobytes()
    counts = {
        "n_pairs": found.p_values.size,
        "n_untested": found.n_untested,
        "p_digest": bytes_digest(p_values),
        "tile": list(tile),
    }
    return Result(_body(found.columns, tables.TESTS, chunk, counts), p_values)


def _traded(job: Job, prices: Floats, chunk: Chunk, pairs: PairList) -> Result:
    columns = scan.trade(prices, pairs, job.n_train, job.options)
    return Result(_body(columns, tables.TRADES, chunk, {"stop": pairs.stop}))


def _body(columns: dict[str, Any], schema: Any, chunk: Chunk, counts: dict[str, Any]) -> bytes:
    note = {"id": chunk.id, "stage": chunk.stage, "n_rows": len(columns["y"]), **counts}
    return tables.encoded(columns, schema, note)
