"""A sweep of series over a grid, and fits of series: one stage, and an answer that the chunks are joined to."""

import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from gpu_kernels.errors import InvalidInput
from meanrev_batch import report as reports
from meanrev_batch import tables
from meanrev_batch.errors import BadOption
from meanrev_batch.gather import series as gathering
from meanrev_batch.model import Chunk, Job
from meanrev_batch.options import FitOptions, SweepOptions
from meanrev_batch.report import Report
from meanrev_batch.series_plan import Op, SeriesPlan
from meanrev_batch.series_preparation import prepared_series
from meanrev_batch.session import Asked, Session, concluded, ended_early, opened
from meanrev_batch.store import Folder
from meanrev_batch.work.sweep import grid_of

__all__ = ["fit", "gathered_series", "sweep"]

_MIN_SPANS = 2
_RENAMED = {"entry_z": "entry", "exit_z": "exit"}


def sweep(
    universe: str, out: Path, options: SweepOptions, *, pairs: Path | None = None, **asked: Unpack[Asked]
) -> Report:
    """Sweep the names of a universe, or the spreads of pairs, over a grid; or go on with such a run.

    Args:
        universe: As for scan.
        out: Folder of the run.
        options: Of the sweep.
        pairs: A Parquet file of y, x, hedge_ratio and intercept, such as pairs.parquet of a scan; None for the names.
        **asked: How it is computed.

    Returns:
        The report; best.parquet has the best cell of each series, and walk.parquet the steps of a walk-forward.

    Raises:
        BatchError: the options, the universe, the pairs or the folder do not allow the run.
        InvalidInput: a file of the universe cannot be read.
        OSError: the folder takes no more.
    """
    if options.walk_forward and (len(options.walk_forward) < _MIN_SPANS or min(options.walk_forward[:2]) < 1):
        rule = "must be bars of the train and the test part, and of the purge between them, if there is one"
        raise BadOption("walk_forward", rule, options.walk_forward)
    try:
        grid_of(options, of_pairs=pairs is not None)
    except InvalidInput as error:
        field = _RENAMED.get(error.field, error.field)
        raise BadOption(field, error.rule, error.value) from None
    return _run("sweep", universe, out, options, pairs, asked)


def fit(universe: str, out: Path, options: FitOptions, *, pairs: Path | None = None, **asked: Unpack[Asked]) -> Report:
    """Fit an Ornstein-Uhlenbeck process to each name of a universe, or to the spreads of pairs.

    Args:
        universe: As for scan.
        out: Folder of the run.
        options: Of the fits.
        pairs: As for sweep.
        **asked: How it is computed.

    Returns:
        The report; fits.parquet has a row a series.

    Raises:
        BatchError: as for sweep.
        InvalidInput: likewise.
        OSError: likewise.
    """
    return _run("fit", universe, out, options, pairs, asked)


def _run(
    op: Op, universe: str, out: Path, options: SweepOptions | FitOptions, pairs: Path | None, asked: Asked
) -> Report:
    with opened(out, (op,), asked) as session:
        plan, session.report.warnings = prepared_series(
            universe, session.reading, options, pairs, session.folder, backend=session.backend, mode=session.mode
        )
        expected = options.memory + 8 * len(plan.names) * plan.stamps_ms.size
        return concluded(session, partial(_state, session, plan), expected)


def _state(session: Session, plan: SeriesPlan) -> str:
    chunks = plan.chunks()
    job = Job(plan.options, plan.stamps_ms.size, session.matrix, session.backend)
    if not session.computed(plan.op, chunks, job):
        return ended_early(session)
    if session.shard is not None:
        session.report.next = "gather"
        return "incomplete"
    gathered_series(session.folder, plan, chunks, session.report)
    session.report.next = ""
    return "complete"


def gathered_series(folder: Folder, plan: SeriesPlan, chunks: list[Chunk], report: Report) -> None:
    """Join the chunks into the answer, and fill the report.

    Args:
        folder: Of the run.
        plan: Of the run.
        chunks: All of them, which must be done.
        report: Gets the counts.
    """
    begun = time.monotonic()
    schema = tables.SWEPT if plan.op == "sweep" else tables.FITTED
    found = tables.columns_of([folder.body(chunk) for chunk in chunks], schema)
    further: dict[str, Any] = {}
    if isinstance(plan.options, SweepOptions):
        tries = gathering.pooled(*(found[name].to_numpy() for name in ("tries", "tries_mean", "tries_squares")))
        report.tries = tries._asdict()
        further["run_deflated_sharpe"] = gathering.run_deflated(found, tries, plan.options.periods_per_year)
        if plan.options.walk_forward:
            parts = [tables.columns_of([folder.beside(chunk)], tables.STEPS) for chunk in chunks]
            report.files.append(_written(folder, plan, "walk", gathering.steps(plan, parts)))
    kind = "best" if plan.op == "sweep" else "fits"
    report.files.insert(0, _written(folder, plan, kind, iter([gathering.rows(plan, found, further)])))
    report.n_series = plan.series.y.size
    report.by_status = dict(Counter(found["status"].to_pylist()))
    report.removed += folder.swept(plan.op, (chunk.id for chunk in chunks))
    report.seconds["gather"] = {"wall": round(time.monotonic() - begun, 3)}


def _written(folder: Folder, plan: SeriesPlan, kind: str, parts: Any) -> dict[str, Any]:
    name = f"{kind}.parquet"
    with folder.placing(name) as path:
        n_rows = tables.write_parts(
            path, tables.answer_of_series(kind, of_pairs=plan.of_pairs), parts, {"plan": plan.id}
        )
    return reports.file_entry(folder.path / name, n_rows)
