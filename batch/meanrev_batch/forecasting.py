"""What a run will take, from a few of its chunks: they are computed, and the others are taken to be like them."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gpu_kernels.pair_trading import multiplicity
from meanrev.intake.options import FileOptions
from meanrev_batch import engines, tables
from meanrev_batch.engines import Engine, Stop
from meanrev_batch.errors import Incomplete
from meanrev_batch.model import Chunk, Job, Outcome
from meanrev_batch.options import ScanOptions
from meanrev_batch.plan import Plan
from meanrev_batch.preparation import prepared
from meanrev_batch.session import cpu_backend
from meanrev_batch.store import Folder
from meanrev_batch.tiling import list_size

__all__ = ["Forecast", "forecast", "lines"]

_SAMPLES = 3
"""Tiles that are computed, after one that warms the worker."""

_A_CHUNK_S = 1.5e-3
"""Seconds of the driver a chunk: it sends, writes and lists."""

_A_PAIR_S = 12e-6
"""Seconds of the driver a selected pair, to read, rank and write it; bench/bench_batch.py measures it."""

_MEGABYTE = 1e6
_A_ROW = 300
"""Bytes of a row of pairs.parquet."""


@dataclass
class Forecast:
    """What a run will take.

    Attributes:
        n_names: Names of the universe.
        n_kept: Names that are tested.
        n_pairs: Pairs of these names.
        n_selected: About how many are selected.
        block: Names of a block.
        chunks: How many of each stage, the second one about.
        cpu_s: About how many seconds of one CPU each stage takes.
        wall_s: About how many seconds the run takes.
        workers: Processes that this counts on.
        rss_bytes: What a worker took.
        bytes_out: About how many bytes the folder will have.
        dollars: What that costs; None without a price.
        warnings: Further sentences.
    """

    n_names: int
    n_kept: int
    n_pairs: int
    n_selected: int
    block: int
    chunks: dict[str, int]
    cpu_s: dict[str, float]
    wall_s: float
    workers: int
    rss_bytes: int
    bytes_out: int
    dollars: float | None
    warnings: list[str]


def forecast(
    universe: str,
    options: ScanOptions,
    *,
    reading: FileOptions | None = None,
    members: str | None = None,
    workers: int,
    dollars_per_hour: float | None = None,
) -> Forecast:
    """Compute a few chunks of a scan, and estimate what the whole of it will take.

    Args:
        universe: As for `scan`.
        options: Of the scan.
        reading: How the universe is read.
        members: As for `scan`.
        workers: Processes of the scan; the chunks are computed in one.
        dollars_per_hour: Of the machine.

    Raises:
        BatchError: the options or the universe do not allow the run, or a chunk fails.
        InvalidInput: a file of the universe cannot be read.
        OSError: the temporary folder takes no more.
    """
    computes, engine = cpu_backend(), engines.chosen("local", 1)
    with tempfile.TemporaryDirectory(prefix="meanrev-plan-") as temporary:
        folder = Folder(Path(temporary)).made()
        try:
            plans, warnings = prepared(
                universe, reading or FileOptions(), options, folder, members, backend=computes, mode="same"
            )
            job = Job(options, plans[0].n_train, str(folder.path / "matrix.npy"), computes)
            return _forecast(folder, plans, job, engine, (workers, dollars_per_hour, warnings))
        finally:
            engine.close()


def lines(found: Forecast) -> list[str]:
    """Return the forecast for people."""
    cpu = ", ".join(f"{found.cpu_s[name]:,.1f} s to {name}" for name in ("test", "trade", "gather"))
    cost = "" if found.dollars is None else f", {found.dollars:,.2f} dollars"
    rss, folder = found.rss_bytes / _MEGABYTE, found.bytes_out / _MEGABYTE
    tested = f"{found.n_names:,} names, {found.n_kept:,} tested; {found.n_pairs:,} pairs"
    blocks = f"{found.chunks['test']:,} chunks of {found.block:,} by {found.block:,} names"
    return [
        f"{tested}, about {found.n_selected:,} selected",
        f"{blocks} to test, about {found.chunks['trade']:,} lists to trade",
        f"CPU: {cpu}",
        f"with {found.workers} workers: about {found.wall_s:,.1f} s{cost}; a worker took {rss:,.0f} MB",
        f"the folder will have about {folder:,.1f} MB",
        *found.warnings,
    ]


def _forecast(
    folder: Folder, plans: list[Plan], job: Job, engine: Engine, given: tuple[int, float | None, list[str]]
) -> Forecast:
    workers, dollars_per_hour, warnings = given
    tests = [chunk for each in plans for chunk in each.tests()]
    plan = max(plans, key=lambda each: len(each.names))
    chosen = sorted(plan.tests(), key=lambda chunk: chunk.n_pairs)
    chosen = chosen[-max(_SAMPLES, len(chosen) // 2) :]
    sampled = [chosen[place] for place in np.linspace(0, len(chosen) - 1, _SAMPLES).astype(int).tolist()]
    tiles = _computed(engine, job, [sampled[0], *sampled])[1:]
    source = plan.document["source"]
    n_sampled = sum(tile.chunk.n_pairs for tile in tiles)
    n_pairs = sum(chunk.n_pairs for chunk in tests)
    columns = _selected(folder, plan, tiles)
    n_selected = round(len(columns["y"]) / n_sampled * n_pairs)
    lists = _computed(
        engine, job, plan.trades({name: column[: 2 * list_size(plan.n_bars)] for name, column in columns.items()})[:2]
    )
    n_traded = sum(each.chunk.n_pairs for each in lists)
    cpu_s = {
        "test": sum(tile.cpu_s for tile in tiles) / n_sampled * n_pairs,
        "trade": sum(each.cpu_s for each in lists) / max(n_traded, 1) * n_selected,
        "gather": (len(tests) + n_selected / list_size(plan.n_bars)) * _A_CHUNK_S + n_selected * _A_PAIR_S,
    }
    wall_s = (cpu_s["test"] + cpu_s["trade"]) / workers + cpu_s["gather"]
    bytes_out = (
        source["n_kept"] * source["n_bars"] * 8
        + sum(_size(tile) for tile in tiles) / n_sampled * n_pairs
        + (sum(_size(each) for each in lists) / max(n_traded, 1) + _A_ROW) * n_selected
    )
    return Forecast(
        n_names=source["n_names"],
        n_kept=source["n_kept"],
        n_pairs=n_pairs,
        n_selected=n_selected,
        block=plan.block,
        chunks={"test": len(tests), "trade": -(-n_selected // list_size(plan.n_bars))},
        cpu_s={name: round(seconds, 3) for name, seconds in cpu_s.items()},
        wall_s=round(wall_s, 3),
        workers=workers,
        rss_bytes=max(each.rss_bytes for each in (*tiles, *lists)),
        bytes_out=round(bytes_out),
        dollars=None if dollars_per_hour is None else round(wall_s / 3600.0 * dollars_per_hour, 4),
        warnings=warnings,
    )


def _computed(engine: Engine, job: Job, chunks: list[Chunk]) -> list[Outcome]:
    outcomes = list(engine.run(job, chunks, Stop())) if chunks else []
    failed = next((outcome for outcome in outcomes if outcome.result is None), None)
    if failed is not None:
        raise Incomplete(f"{failed.chunk.place}: {failed.reason}")
    return outcomes


def _selected(folder: Folder, plan: Plan, tiles: list[Outcome]) -> dict[str, Any]:
    """Return the tests of the pairs in tiles that would be traded, with q-values as if these were all pairs."""
    paths, p_values = [], []
    for tile in tiles:
        assert tile.result is not None  # noqa: S101 - _computed has refused others
        folder.commit(tile.chunk, tile.result)
        paths.append(folder.body(tile.chunk))
        p_values.append(np.frombuffer(tile.result.beside or b""))
    table = tables.columns_of(paths, tables.TESTS)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    if plan.options.selection.by == "p":
        return columns
    tried = np.concatenate(p_values)
    q_values = multiplicity.q_values(tried)
    allowed = tried[q_values < plan.options.selection.level]
    kept = columns["p_value"] <= (allowed.max() if allowed.size else -1.0)
    return {name: column[kept] for name, column in columns.items()}


def _size(outcome: Outcome) -> int:
    assert outcome.result is not None  # noqa: S101 - _computed has refused others
    return len(outcome.result.body) + len(outcome.result.beside or b"")
