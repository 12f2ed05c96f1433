"""The two stages of a run: chunks that are missing are computed, kept as they come, and then gathered.

Only this process writes. A chunk whose file is in the folder is done, so that a run that was interrupted in any way
goes on with the same command.
"""

import json
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from meanrev_batch import report as reports
from meanrev_batch import tables
from meanrev_batch.engines import Engine, Stop
from meanrev_batch.errors import Incomplete, StoppedRun
from meanrev_batch.gather import false_discovery, ranking
from meanrev_batch.model import Chunk, Job, Outcome, Stage
from meanrev_batch.plan import Plan
from meanrev_batch.progress import Event, Pace
from meanrev_batch.report import Report
from meanrev_batch.store import Folder
from meanrev_batch.supervise import hopeless

__all__ = ["Means", "Selected", "Watch", "complete", "computed", "gathered", "selected"]

Watch = Callable[[Event], object]
"""Called with what is known of a stage, when it begins and after each chunk."""


class Means(NamedTuple):
    """With what a stage is computed.

    Attributes:
        engine: Computes the chunks.
        job: What they share.
        watch: Sees the progress.
        stop: Ends the stage.
    """

    engine: Engine
    job: Job
    watch: Watch
    stop: Stop


class Selected(NamedTuple):
    """The pairs that are traded.

    Attributes:
        columns: Of their tests, by name.
        q_values: (P,).
        n_tried: Pairs that have a statistic.
        tests: The chunks that they are from.
    """

    columns: dict[str, Any]
    q_values: Any
    n_tried: int
    tests: Sequence[Chunk]


def computed(stage: Stage, chunks: Sequence[Chunk], folder: Folder, means: Means, report: Report) -> bool:
    """Compute the chunks that are missing, and tell whether all are there now.

    Args:
        stage: Which.
        chunks: Of the stage, those of this run's shard.
        folder: Where results go.
        means: With what they are computed.
        report: Gets what became of them.

    Raises:
        StoppedRun: so many of the first chunks failed that the others were not tried.
        OSError: the folder takes no more.
    """
    waiting = [chunk for chunk in chunks if not folder.has(chunk)]
    begun, retried = time.monotonic(), means.engine.retried
    pace = Pace(sum(chunk.cost for chunk in waiting), begun)
    now = Event(stage, len(chunks) - len(waiting), len(chunks), 0, 0, 0, 0.0, report.peak_rss_bytes, math.nan)
    means.watch(now)
    for n_ended, outcome in enumerate(means.engine.run(means.job, waiting, means.stop) if waiting else (), start=1):
        _kept(folder, outcome, report)
        well = outcome.result is not None
        report.peak_rss_bytes = max(report.peak_rss_bytes, outcome.rss_bytes)
        report.nodes = sorted({*report.nodes, *filter(None, [outcome.node])})
        now = now._replace(
            done=now.done + well,
            pairs=now.pairs + (outcome.chunk.n_pairs if well else 0),
            failed=now.failed + (not well),
            retried=means.engine.retried - retried,
            cpu_s=now.cpu_s + outcome.cpu_s,
            rss_bytes=report.peak_rss_bytes,
            eta_s=pace.ended(outcome.chunk.cost, time.monotonic()),
        )
        means.watch(now)
        if hopeless(n_ended, now.failed):
            rule = f"{now.failed} of the first {n_ended} chunks failed, so that no others are tried"
            raise StoppedRun(f"{rule}: {report.failed[-1]['reason']}")
    report.chunks[stage] = {"done": now.done, "total": now.total}
    report.seconds[stage] = {"cpu": round(now.cpu_s, 3), "wall": round(time.monotonic() - begun, 3)}
    report.retried = means.engine.retried
    return now.done == now.total


def complete(folder: Folder, stage: Stage, chunks: Sequence[Chunk]) -> None:
    """Check that all chunks of a stage are there.

    Raises:
        Incomplete: some are missing.
    """
    missing = [chunk for chunk in chunks if not folder.has(chunk)]
    if missing:
        rule = f"{len(missing)} of {len(chunks)} chunks of stage {stage} are missing in {folder.path}"
        raise Incomplete(f"{rule}, the first is {missing[0].place}; the command that computed the others computes them")


def _kept(folder: Folder, outcome: Outcome, report: Report) -> None:
    """Write the result of a chunk, or why there is none."""
    if outcome.result is not None:
        folder.commit(outcome.chunk, outcome.result)
        return
    report.failed.append(reports.failure(outcome))
    folder.put(f"failed/{outcome.chunk.id}.json", json.dumps(report.failed[-1]).encode())


def selected(folder: Folder, plan: Plan, tests: Sequence[Chunk]) -> Selected:
    """Return the pairs that are traded, with their q-values over all pairs.

    Args:
        folder: Of the run.
        plan: Of the run.
        tests: All chunks of the first stage, which must be done.
    """
    paths = [folder.beside(chunk) for chunk in tests]
    table = tables.columns_of([folder.body(chunk) for chunk in tests], tables.TESTS)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    q_values = false_discovery.q_values(paths, columns["p_value"])
    chosen = plan.options.selection
    kept = slice(None) if chosen.by == "p" else np.flatnonzero(q_values < chosen.level)
    n_tried = sum(path.stat().st_size for path in paths) // 8
    return Selected({name: column[kept] for name, column in columns.items()}, q_values[kept], n_tried, tests)


def gathered(folder: Folder, plan: Plan, found: Selected, trades: Sequence[Chunk], report: Report) -> None:
    """Rank the traded pairs, write pairs.parquet, remove chunks of an earlier universe, and fill the report.

    Args:
        folder: Of the run.
        plan: Of the run.
        found: What was selected.
        trades: All chunks of the second stage, which must be done.
        report: Gets the counts.
    """
    begun = time.monotonic()
    traded = tables.columns_of([folder.body(chunk) for chunk in trades], tables.TRADES)
    ascending = np.argsort(found.columns["p_value"], kind="stable")
    places = np.searchsorted(found.columns["p_value"][ascending], traded["p_value"].to_numpy())
    q_values = found.q_values[ascending][places]
    with folder.placing("pairs.parquet") as path:
        parts = ranking.rows(plan, traded, q_values)
        n_rows = tables.write_parts(path, tables.PAIRS, parts, {"plan": plan.id})
    report.n_tried, report.n_selected = found.n_tried, len(q_values)
    report.n_pairs = len(plan.names) * (len(plan.names) - 1) // 2
    status = traded["status"].to_pylist()
    report.by_status = {name: status.count(name) for name in dict.fromkeys(status)}
    report.tries = ranking.tries_of(traded)._asdict()
    for stage, chunks in (("test", found.tests), ("trade", trades)):
        report.removed += folder.swept(stage, (chunk.id for chunk in chunks))
    report.seconds["gather"] = {"wall": round(time.monotonic() - begun, 3)}
    report.files = [reports.file_entry(folder.path / "pairs.parquet", n_rows)]
