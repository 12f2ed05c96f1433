"""The two stages of a run: chunks that are missing are computed, kept as they come, and then gathered.

Only this process writes. A chunk whose file is in the folder is done, so that a run that was interrupted in any way
goes on with the same command.
"""

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from meanrev_batch import report as reports
from meanrev_batch import tables
from meanrev_batch.calendar import shown
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
    """The pairs of a window that are traded.

    Attributes:
        plan: Of the window.
        columns: Of their tests, by name.
        q_values: (P,) among all pairs of the window.
        n_tried: Pairs that have a statistic.
        tests: The chunks that they are from.
        trades: The chunks in which they are traded.
    """

    plan: Plan
    columns: dict[str, Any]
    q_values: Any
    n_tried: int
    tests: Sequence[Chunk]
    trades: Sequence[Chunk]


def computed(stage: Stage, chunks: Sequence[Chunk], folder: Folder, means: Means, report: Report) -> bool:
    """Compute the chunks that are missing, and return whether all are there now.

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
        raise Incomplete(f"{rule}, the first is {missing[0].place}; run the command that computed the others again")


def _kept(folder: Folder, outcome: Outcome, report: Report) -> None:
    """Write the result of a chunk, or why there is none."""
    if outcome.result is not None:
        folder.commit(outcome.chunk, outcome.result)
        return
    report.failed.append(reports.failure(outcome))
    folder.put(f"failed/{outcome.chunk.id}.json", json.dumps(report.failed[-1]).encode())


def selected(folder: Folder, plan: Plan) -> Selected:
    """Return the pairs of a window that are traded, with their q-values over all its pairs.

    Args:
        folder: Of the run.
        plan: Of the window, all of whose tests must be done.
    """
    tests = plan.tests()
    paths = [folder.beside(chunk) for chunk in tests]
    table = tables.columns_of([folder.body(chunk) for chunk in tests], tables.TESTS)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    q_values = false_discovery.q_values(paths, columns["p_value"])
    rule = plan.options.selection
    kept = slice(None) if rule.by == "p" else np.flatnonzero(q_values < rule.level)
    n_tried = sum(path.stat().st_size for path in paths) // 8
    chosen = {name: column[kept] for name, column in columns.items()}
    return Selected(plan, chosen, q_values[kept], n_tried, tests, plan.trades(chosen))


def gathered(folder: Folder, windows: Sequence[Selected], report: Report) -> None:
    """Rank the traded pairs, write pairs.parquet, remove chunks of an earlier universe, and fill the report.

    Args:
        folder: Of the run.
        windows: What was selected in each, all of whose trades must be done.
        report: Gets the counts.
    """
    begun = time.monotonic()

    def parts() -> Iterator[dict[str, Any]]:
        for found in windows:
            yield from _ranked(folder, found, report)

    with folder.placing("pairs.parquet") as path:
        n_rows = tables.write_parts(path, tables.PAIRS, parts(), {"plan": windows[0].plan.id})
    for stage in ("test", "trade"):
        every = (chunk.id for found in windows for chunk in (found.tests if stage == "test" else found.trades))
        report.removed += folder.swept(stage, every)
    report.seconds["gather"] = {"wall": round(time.monotonic() - begun, 3)}
    report.files = [reports.file_entry(folder.path / "pairs.parquet", n_rows)]


def _ranked(folder: Folder, found: Selected, report: Report) -> Iterator[dict[str, Any]]:
    """Yield the rows of a window, best first, and add its counts to the report."""
    plan = found.plan
    traded = tables.columns_of([folder.body(chunk) for chunk in found.trades], tables.TRADES)
    ascending = np.argsort(found.columns["p_value"], kind="stable")
    places = np.searchsorted(found.columns["p_value"][ascending], traded["p_value"].to_numpy())
    q_values = found.q_values[ascending][places]
    yield from ranking.rows(plan, traded, q_values)
    n_pairs = len(plan.names) * (len(plan.names) - 1) // 2
    report.n_tried += found.n_tried
    report.n_selected += len(q_values)
    report.n_pairs += n_pairs
    report.by_status = dict(Counter(report.by_status) + Counter(traded["status"].to_pylist()))
    tries = ranking.tries_of(traded)._asdict()
    if plan.options.windows is None:
        report.tries = tries
        return
    times = {"formed_from": plan.formed_ms[0], "formed_to": plan.formed_ms[1]}
    report.windows.append(
        {
            "window": plan.window.number,
            **{name: shown(stamp) for name, stamp in times.items()},
            "n_kept": len(plan.names),
            "n_left": int(np.count_nonzero(plan.stops < plan.n_bars)),
            "n_pairs": n_pairs,
            "n_tried": found.n_tried,
            "n_selected": len(q_values),
            "tries": tries,
        }
    )
