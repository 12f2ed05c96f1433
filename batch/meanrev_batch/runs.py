"""A scan: a universe is read, its chunks are computed in two stages, and the answer is written."""

from functools import partial
from pathlib import Path
from typing import Unpack

from meanrev_batch import stages
from meanrev_batch.errors import BadOption
from meanrev_batch.model import Job
from meanrev_batch.options import ScanOptions
from meanrev_batch.plan import Plan
from meanrev_batch.preparation import prepared
from meanrev_batch.report import Report
from meanrev_batch.session import Asked, Session, concluded, ended_early, opened
from meanrev_batch.tiling import worker_bytes

__all__ = ["scan"]


def scan(
    universe: str, out: Path, options: ScanOptions, *, members: str | None = None, **asked: Unpack[Asked]
) -> Report:
    """Scan a universe, or go on with a scan of it.

    Args:
        universe: A file, a folder of Parquet files, a pattern or an address.
        out: Folder of the run.
        options: Of the scan.
        members: A file of who counts when, as membership.read takes it; None where all names of the universe count.
        **asked: How it is computed.

    Returns:
        The report; its state says whether the answer is there.

    Raises:
        BatchError: the options, the universe or the folder do not allow the run.
        InvalidInput: a file of the universe cannot be read.
        OSError: the folder takes no more.
    """
    selection = options.selection
    if selection.by == "q" and selection.level == 1.0:
        raise BadOption("select", "must be q below a level under 1; p<1 trades every pair", options.select)
    with opened(out, ("test", "trade"), asked) as session:
        plans, session.report.warnings = prepared(
            universe, session.reading, options, session.folder, members, backend=session.backend, mode=session.mode
        )
        source = plans[0].document["source"]
        of_file = 8 * source["n_kept"] * source["n_bars"]  # all pages of the map, which a worker touches in the end
        expected = worker_bytes(plans[0].block, plans[0].n_train) + of_file
        return concluded(session, partial(_state, session, plans), expected)


def _state(session: Session, plans: list[Plan]) -> str:
    """Run both stages, as far as they can be run, and return what state the run is in then."""
    folder, report, shard = session.folder, session.report, session.shard
    job = Job(plans[0].options, plans[0].n_train, session.matrix, session.backend)
    tests = [chunk for plan in plans for chunk in plan.tests()]
    only = "" if shard is None else shard.stage
    if only == "trade":
        stages.complete(folder, "test", tests)
    elif not session.computed("test", tests, job):
        return ended_early(session)
    if only == "test" or (shard is not None and not all(folder.has(chunk) for chunk in tests)):
        report.next = "trade"
        return "incomplete"
    windows = [stages.selected(folder, plan) for plan in plans]
    if not session.computed("trade", [chunk for found in windows for chunk in found.trades], job):
        return ended_early(session)
    if shard is not None:
        report.next = "gather"
        return "incomplete"
    stages.gathered(folder, windows, report)
    report.next = ""
    return "complete"
