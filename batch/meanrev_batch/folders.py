"""What can be done with the folder of a run without its universe: gather it, look at it, clean it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meanrev_batch import manifest, stages, tables
from meanrev_batch import report as reports
from meanrev_batch.errors import Incomplete
from meanrev_batch.plan import loaded
from meanrev_batch.report import Report
from meanrev_batch.series_plan import loaded_series
from meanrev_batch.series_runs import gathered_series
from meanrev_batch.store import Folder

__all__ = ["clean", "gather", "status"]


def gather(out: Path) -> Report:
    """Join what shards computed, and write the answer and report.json.

    Args:
        out: Folder of the run.

    Raises:
        ForeignFolder: it holds no run.
        Incomplete: chunks are missing.
    """
    folder, report = Folder(out), Report()
    document = manifest.read(folder)
    rows = tables.columns_of([out / "universe.parquet"], tables.UNIVERSE).to_pylist()
    reports.of_universe(report, rows, has_members=bool(document.get("members")))
    (_gathered_scan if document["op"] == "scan" else _gathered_series)(folder, document, report)
    report.foreign = list(folder.survey().foreign)
    report.state, report.next = "complete", ""
    reports.written(folder, report)
    return report


def _gathered_scan(folder: Folder, document: Mapping[str, Any], report: Report) -> None:
    plans = loaded(folder, document)
    tests = [chunk for plan in plans for chunk in plan.tests()]
    stages.complete(folder, "test", tests)
    windows = [stages.selected(folder, plan) for plan in plans]
    trades = [chunk for found in windows for chunk in found.trades]
    stages.complete(folder, "trade", trades)
    report.chunks = {
        "test": {"done": len(tests), "total": len(tests)},
        "trade": {"done": len(trades), "total": len(trades)},
    }
    stages.gathered(folder, windows, report)


def _gathered_series(folder: Folder, document: Mapping[str, Any], report: Report) -> None:
    plan = loaded_series(folder, document)
    chunks = plan.chunks()
    stages.complete(folder, plan.op, chunks)
    report.chunks = {plan.op: {"done": len(chunks), "total": len(chunks)}}
    gathered_series(folder, plan, chunks, report)


def status(out: Path) -> dict[str, Any]:
    """Return how far a run is, from the files of its folder.

    Args:
        out: Folder of the run.

    Raises:
        ForeignFolder: it holds no run.
    """
    folder = Folder(out)
    document = manifest.read(folder)
    failed = [json.loads(path.read_bytes()) for path in sorted((out / "failed").glob("*.json"))]
    report = out / "report.json"
    return {
        "run": dict(document),
        "chunks": _counts(folder, document),
        "failed": failed,
        "report": json.loads(report.read_bytes()) if report.exists() else None,
    }


def _counts(folder: Folder, document: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return how many chunks of each stage are done; and how many there are, where that is known."""

    def done(stage: str) -> set[str]:
        return {path.stem for path in (folder.path / stage).glob("*.parquet")}

    if document["op"] == "scan":
        tests = {chunk.id for plan in loaded(folder, document) for chunk in plan.tests()}
        return {"test": {"done": len(tests & done("test")), "total": len(tests)}, "trade": {"done": len(done("trade"))}}
    plan = loaded_series(folder, document)
    chunks = {chunk.id for chunk in plan.chunks()}
    return {plan.op: {"done": len(chunks & done(plan.op)), "total": len(chunks)}}


def clean(out: Path) -> int:
    """Remove what is only needed to go on: the matrix and the p-values. Return how many bytes that were.

    Args:
        out: Folder of a run.

    Raises:
        ForeignFolder: it holds no run.
        Incomplete: the run has no answer yet.
    """
    folder = Folder(out)
    manifest.read(folder)
    report = out / "report.json"
    if not report.exists() or json.loads(report.read_bytes())["state"] != "complete":
        raise Incomplete(f"the run in {out} has no answer yet, and needs these files to go on")
    return folder.cleared("matrix.npy", "test/*.p64")
