"""A run: a universe is read, its chunks are computed, and the answer is written."""

import os
from pathlib import Path
from typing import NamedTuple

from gpu_kernels import backend
from meanrev.intake.options import FileOptions
from meanrev_batch import engines, stages, tables
from meanrev_batch import report as reports
from meanrev_batch.engines import Stop
from meanrev_batch.errors import BadOption, StoppedRun
from meanrev_batch.model import Job
from meanrev_batch.options import ScanOptions
from meanrev_batch.plan import Plan
from meanrev_batch.preparation import Mode, prepared
from meanrev_batch.progress import Event
from meanrev_batch.report import Report
from meanrev_batch.stages import Means, Watch
from meanrev_batch.store import Folder
from meanrev_batch.tiling import worker_bytes

__all__ = ["Shard", "cpu_backend", "scan"]

_MUCH = 1.5
"""How many times the expected memory a worker may take before the report says so."""

_MEGABYTE = 1e6


class Shard(NamedTuple):
    """Which part of the chunks a run computes.

    Attributes:
        number: From 1 to `of`; the part has the chunks whose place, divided by `of`, leaves `number` - 1.
        of: How many parts there are.
        stage: "test" or "trade" for that stage alone; "" for what can be done now.
    """

    number: int
    of: int
    stage: str = ""


def scan(
    universe: str,
    out: Path,
    options: ScanOptions,
    *,
    reading: FileOptions | None = None,
    engine: str = "local",
    workers: int | None = None,
    shard: Shard | None = None,
    fresh: bool = False,
    extend: bool = False,
    watch: Watch | None = None,
    stop: Stop | None = None,
) -> Report:
    """Scan a universe, or go on with a scan of it.

    Args:
        universe: A file, a folder of Parquet files, a pattern or an address.
        out: Folder of the run.
        options: Of the scan.
        reading: How the universe is read.
        engine: One of engines.ENGINES.
        workers: Processes of "local"; None for one a CPU.
        shard: Compute a part of the chunks only, and leave the answer to `gather`.
        fresh: Remove the run that the folder holds.
        extend: Go on with a run whose universe had fewer bars: chunks whose prices are the same stay.
        watch: Sees the progress.
        stop: Ends the run early.

    Returns:
        The report; its state says whether the answer is there.

    Raises:
        BatchError: the options, the universe or the folder do not allow the run.
        InvalidInput: a file of the universe cannot be read.
        OSError: the folder takes no more.
    """
    _check(options, engine, workers, shard, fresh=fresh, extend=extend)
    folder, stop, report = Folder(out).made(), stop or Stop(), Report()
    computes = cpu_backend()
    folder.lock(shared=shard is not None)
    runner = engines.chosen(engine, workers or len(os.sched_getaffinity(0)))
    try:
        survey = folder.survey()
        report.removed, report.foreign, report.workers = survey.removed, list(survey.foreign), runner.slots
        mode: Mode = "fresh" if fresh else "extend" if extend else "same"
        plan, report.warnings = prepared(
            universe, reading or FileOptions(), options, folder, backend=computes, mode=mode
        )
        job = Job(options, plan.n_train, str((folder.path / "matrix.npy").absolute()), computes)
        _staged(folder, plan, Means(runner, job, watch or _unwatched, stop), shard, report)
    finally:
        runner.close()
        folder.close()
    return report


def _check(
    options: ScanOptions, engine: str, workers: int | None, shard: Shard | None, *, fresh: bool, extend: bool
) -> None:
    """Refuse what breaks a rule, before anything is read or written."""
    selection = options.selection
    if selection.by == "q" and selection.level == 1.0:
        raise BadOption("select", "must be q below a level under 1; p<1 trades every pair", options.select)
    if engine not in engines.ENGINES:
        raise BadOption("engine", f"must be one of {', '.join(engines.ENGINES)}", engine)
    if workers is not None and workers < 1:
        raise BadOption("workers", "must be at least 1", workers)
    if shard is not None and not 1 <= shard.number <= shard.of:
        raise BadOption("shard", "must be I/N with I from 1 to N", f"{shard.number}/{shard.of}")
    if fresh and extend:
        raise BadOption("fresh", "must not be given with extend, which keeps what fresh removes", fresh)
    if fresh and shard is not None:
        rule = "must not be given with shard, because a shard would remove what the others compute; remove the folder"
        raise BadOption("fresh", rule, fresh)


def _unwatched(_: Event) -> None:
    """See nothing."""


def _staged(folder: Folder, plan: Plan, means: Means, shard: Shard | None, report: Report) -> None:
    """Run both stages, as far as they can be run, and write the report unless this is a shard."""
    reports.of_universe(report, tables.columns_of([folder.path / "universe.parquet"], tables.UNIVERSE).to_pylist())
    try:
        report.state = _state(folder, plan, means, shard, report)
    except StoppedRun:
        reports.written(folder, report)
        raise
    of_file = 8 * len(plan.names) * plan.n_bars  # all pages of the map, which a worker touches in the end
    taken, expected = report.peak_rss_bytes, worker_bytes(plan.block, plan.n_train) + of_file
    if means.engine.separate and taken > _MUCH * expected:
        rule = f"a worker took {taken / _MEGABYTE:,.0f} MB, and {expected / _MEGABYTE:,.0f} MB were expected"
        report.warnings.append(f"{rule}; a smaller --memory makes smaller chunks, in a new run")
    if shard is None:
        reports.written(folder, report)


def _state(folder: Folder, plan: Plan, means: Means, shard: Shard | None, report: Report) -> str:
    """Run both stages, as far as they can be run, and return what state the run is in then."""
    tests = plan.tests()
    part = slice(None) if shard is None else slice(shard.number - 1, None, shard.of)
    only = "" if shard is None else shard.stage
    if only == "trade":
        stages.complete(folder, "test", tests)
    elif not stages.computed("test", tests[part], folder, means, report):
        return _ended_early(means)
    if only == "test" or (shard is not None and not all(folder.has(chunk) for chunk in tests)):
        report.next = "trade"
        return "incomplete"
    found = stages.selected(folder, plan, tests)
    trades = plan.trades(found.columns)
    if not stages.computed("trade", trades[part], folder, means, report):
        return _ended_early(means)
    if shard is not None:
        report.next = "gather"
        return "incomplete"
    stages.gathered(folder, plan, found, trades, report)
    report.next = ""
    return "complete"


def _ended_early(means: Means) -> str:
    return "cancelled" if means.stop.asked else "incomplete"


def cpu_backend() -> str:
    """Choose what computes, and compile its kernels before any worker needs them."""
    return "native" if backend.usable("native") else backend.choose("numpy").name
