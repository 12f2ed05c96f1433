"""What every run has: its folder, locked; its engine; the report; and how it ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypedDict

from gpu_kernels import backend
from meanrev.intake.options import FileOptions
from meanrev_batch import engines, manifest, stages, tables
from meanrev_batch import report as reports
from meanrev_batch.engines import Engine, Stop
from meanrev_batch.errors import BadOption, StoppedRun
from meanrev_batch.model import Chunk, Job, Stage
from meanrev_batch.preparation import Mode
from meanrev_batch.progress import Event
from meanrev_batch.report import Report
from meanrev_batch.stages import Means, Watch
from meanrev_batch.store import Folder

__all__ = ["Asked", "Session", "Shard", "concluded", "cpu_backend", "ended_early", "opened"]

_MUCH = 1.5
"""How many times the expected memory a worker may take before the report says so."""

_MEGABYTE = 1e6


class Shard(NamedTuple):
    """Which part of the chunks a run computes.

    Attributes:
        number: From 1 to `of`; the part has the chunks whose place, divided by `of`, leaves `number` - 1.
        of: How many parts there are.
        stage: "test" or "trade" for that stage of a scan alone; "" for what can be done now.
    """

    number: int
    of: int
    stage: str = ""


class Asked(TypedDict, total=False):
    """How a run is computed, whatever it computes.

    Attributes:
        reading: How the universe is read.
        engine: One of engines.ENGINES.
        workers: Processes of "local", or tasks of "ray" at a time; None for one a CPU.
        address: HOST:PORT of the head of a cluster of "ray"; "" to start one on this machine.
        gpus: GPUs of "ray", one a chunk; 0 to compute on CPUs.
        shard: Compute a part of the chunks only, and leave the answer to `gather`.
        fresh: Remove the run that the folder holds.
        extend: Go on with a scan whose universe had fewer bars: chunks whose prices are the same stay.
        watch: Sees the progress.
        stop: Ends the run early.
    """

    reading: FileOptions
    engine: str
    workers: int | None
    address: str
    gpus: int
    shard: Shard | None
    fresh: bool
    extend: bool
    watch: Watch
    stop: Stop


class Session(NamedTuple):
    """A run whose folder is locked.

    Attributes:
        folder: Of the run.
        engine: Computes its chunks.
        backend: What computes, for run.json and the workers.
        reading: How the universe is read.
        mode: What becomes of a run that the folder holds.
        shard: As in Asked.
        watch: Likewise.
        stop: Likewise.
        report: Of the run.
    """

    folder: Folder
    engine: Engine
    backend: str
    reading: FileOptions
    mode: Mode
    shard: Shard | None
    watch: Watch
    stop: Stop
    report: Report

    @property
    def matrix(self) -> str:
        """The path of the file of prices."""
        return str((self.folder.path / "matrix.npy").absolute())

    def of_shard(self, chunks: list[Chunk]) -> list[Chunk]:
        """Return the chunks of this run's shard."""
        return chunks if self.shard is None else chunks[self.shard.number - 1 :: self.shard.of]

    def computed(self, stage: Stage, chunks: list[Chunk], job: Job) -> bool:
        """Compute those of the chunks that are of this shard and missing, and tell whether all of them are there."""
        means = Means(self.engine, job, self.watch, self.stop)
        return stages.computed(stage, self.of_shard(chunks), self.folder, means, self.report)


@contextmanager
def opened(out: Path, stages_of: tuple[str, ...], asked: Asked) -> Iterator[Session]:
    """Make and lock the folder of a run, and start its engine, while the context is open.

    Args:
        out: The folder.
        stages_of: Of the run.
        asked: How it is computed.

    Raises:
        BadOption: something that is asked breaks its rule.
        ForeignFolder: the folder holds other files.
        BusyFolder: another run computes in it.
        NoEngine: the engine cannot be had.
    """
    shard, fresh, extend = asked.get("shard"), asked.get("fresh", False), asked.get("extend", False)
    engine, workers = asked.get("engine", "local"), asked.get("workers")
    address, gpus = asked.get("address", ""), asked.get("gpus", 0)
    _check(engine, workers, shard, fresh=fresh, extend=extend)
    _check_cluster(engine, address, gpus)
    folder = Folder(out).made(stages_of)
    computes = "cuda" if gpus else cpu_backend()
    folder.lock(shared=shard is not None)
    try:
        runner = engines.chosen(engine, workers, address, gpus)
        try:
            survey = folder.survey()
            report = Report(removed=survey.removed, foreign=list(survey.foreign), workers=runner.slots)
            mode: Mode = "fresh" if fresh else "extend" if extend else "same"
            given = asked.get("reading") or FileOptions(), mode, shard
            watch, stop = asked.get("watch") or _unwatched, asked.get("stop") or Stop()
            yield Session(folder, runner, computes, *given, watch, stop, report)
        finally:
            runner.close()
    finally:
        folder.close()


def _check(engine: str, workers: int | None, shard: Shard | None, *, fresh: bool, extend: bool) -> None:
    """Refuse what breaks a rule, before anything is read or written."""
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


def _check_cluster(engine: str, address: str, gpus: int) -> None:
    if engine != "ray" and (address or gpus):
        field, value = ("address", address) if address else ("gpus", gpus)
        raise BadOption(field, "must be given with --engine ray alone", value)
    if gpus < 0:
        raise BadOption("gpus", "must be at least 0", gpus)


def _unwatched(_: Event) -> None:
    """See nothing."""


def concluded(session: Session, compute: Callable[[], str], expected_bytes: int) -> Report:
    """Compute what a prepared run has to do, and write its report unless this is a shard.

    Args:
        session: The run.
        compute: Computes, and returns what state the run is in then.
        expected_bytes: What a worker should take, the pages of the map included.

    Raises:
        StoppedRun: so many of the first chunks failed that the others were not tried.
    """
    report, folder = session.report, session.folder
    rows = tables.columns_of([folder.path / "universe.parquet"], tables.UNIVERSE).to_pylist()
    reports.of_universe(report, rows, has_members=bool(manifest.read(folder).get("members")))
    try:
        report.state = compute()
    except StoppedRun:
        reports.written(folder, report)
        raise
    taken = report.peak_rss_bytes
    if session.engine.separate and taken > _MUCH * expected_bytes:
        rule = f"a worker took {taken / _MEGABYTE:,.0f} MB, and {expected_bytes / _MEGABYTE:,.0f} MB were expected"
        report.warnings.append(f"{rule}; a smaller --memory makes smaller chunks, in a new run")
    if session.shard is None:
        reports.written(folder, report)
    return report


def ended_early(session: Session) -> str:
    """Return the state of a run in which chunks are missing."""
    return "cancelled" if session.stop.asked else "incomplete"


def cpu_backend() -> str:
    """Choose what computes, and compile its kernels before any worker needs them."""
    return "native" if backend.usable("native") else backend.choose("numpy").name
