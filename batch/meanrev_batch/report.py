"""report.json, and the last lines for people."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from meanrev_batch.model import Chunk, Outcome
from meanrev_batch.store import Folder

__all__ = ["Report", "failure", "file_entry", "lines", "of_universe", "written"]

SURVIVORSHIP = "names as given"
"""A universe is what its file holds: names that had left before are in it only if the file has them."""

MEMBERS = "members at each formation date"
"""A table says who counted when; it decides on the last bar of a train part."""

_SHOWN = 5


@dataclass
class Report:
    """What a run did, as report.json says it.

    Attributes:
        state: "complete", "incomplete" where chunks failed or are missing, or "cancelled".
        next: What is to be done: "" where the answer is there, "again" for the same command, "trade" for all shards
            once more, "gather" for `meanrev batch gather`.
        n_names: Names of the universe.
        n_kept: Names that are tested.
        n_series: Series of a sweep or of fits.
        n_pairs: Pairs of these names.
        n_tried: Pairs that have a statistic.
        n_selected: Pairs that were selected to be traded.
        by_status: How many of them have which status.
        dropped: How many names were left out of all windows for which reason, their first one.
        windows: Of each window of a scan with windows: its bars, and its own counts and tries.
        looks_like_split: Names that are kept and whose prices jump as in a split.
        left: Names whose prices end within the test part.
        failed: Chunks that failed: id, place, reason, attempts.
        tries: N, and the variance of the Sharpe ratios per bar, behind the deflated ratios.
        chunks: Chunks of each stage: done and in all.
        seconds: Processor and wall time of each stage, of this run.
        peak_rss_bytes: The most memory that a worker had.
        workers: Chunks computed at a time.
        nodes: Machines of this run.
        retried: Chunks begun again because a worker ended.
        removed: Files that were removed: unfinished ones of ended processes, and chunks of an earlier universe.
        foreign: Files in the folder that are no part of the run.
        survivorship: What is known of names that left before.
        warnings: Further sentences.
        files: The answers: name, rows, bytes, sha256.
    """

    state: str = "incomplete"
    next: str = "again"
    n_names: int = 0
    n_kept: int = 0
    n_series: int = 0
    n_pairs: int = 0
    n_tried: int = 0
    n_selected: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    windows: list[dict[str, Any]] = field(default_factory=list)
    looks_like_split: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    tries: dict[str, float] = field(default_factory=dict)
    chunks: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    peak_rss_bytes: int = 0
    workers: int = 0
    nodes: list[str] = field(default_factory=list)
    retried: int = 0
    removed: int = 0
    foreign: list[str] = field(default_factory=list)
    survivorship: str = SURVIVORSHIP
    warnings: list[str] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)


def of_universe(report: Report, rows: Iterable[Mapping[str, Any]], *, has_members: bool = False) -> None:
    """Add what universe.parquet says.

    Args:
        report: Gets it.
        rows: Of that file: one a window and name.
        has_members: Whether a table of members said who counts.
    """
    every = list(rows)
    kept = [row for row in every if row["status"] == "kept"]
    in_a_window = {row["name"] for row in kept}
    reasons = {row["name"]: row["reason"] for row in reversed(every) if row["name"] not in in_a_window}
    report.n_names, report.n_kept = len({row["name"] for row in every}), len(in_a_window)
    report.dropped = dict(sorted(Counter(reasons.values()).items()))
    report.looks_like_split = _names(row for row in kept if "looks like a split" in row["detail"])
    report.left = _names(row for row in kept if "traded up to" in row["detail"])
    if has_members:
        report.survivorship = MEMBERS


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["name"] for row in rows))


def failure(outcome: Outcome) -> dict[str, Any]:
    """Return what failed/<id>.json says of a chunk."""
    chunk: Chunk = outcome.chunk
    return {
        "id": chunk.id,
        "stage": chunk.stage,
        "place": chunk.place,
        "reason": outcome.reason,
        "attempts": outcome.attempts,
    }


def file_entry(path: Path, n_rows: int) -> dict[str, Any]:
    """Return what the report says of a file."""
    digest = sha256()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return {"name": path.name, "rows": n_rows, "bytes": path.stat().st_size, "sha256": digest.hexdigest()}


def written(folder: Folder, report: Report) -> None:
    """Write report.json."""
    folder.put("report.json", json.dumps(asdict(report), indent=2).encode())


def lines(report: Report) -> list[str]:
    """Return the last lines for people."""
    out = ", ".join(f"{count:,} {reason}" for reason, count in report.dropped.items())
    said = [
        f"{report.n_names:,} names, {report.n_kept:,} tested" + (f"; left out: {out} (universe.parquet)" if out else "")
    ]
    for stage, counts in report.chunks.items():
        if counts["done"] < counts["total"] or report.state != "complete":
            said.append(f"{counts['done']:,} of {counts['total']:,} chunks of stage {stage} are done")
    by_status = ", ".join(f"{count:,} {status}" for status, count in report.by_status.items())
    if report.n_series:
        tries = f"; {report.tries['number']:,} tries in all" if report.tries else ""
        said.append(f"{report.n_series:,} series: {by_status}{tries}")
    elif report.state == "complete":
        tried = f"{report.n_tried:,} of {report.n_pairs:,} pairs tried"
        said.append(f"{tried}, {report.n_selected:,} selected: {by_status or 'none'}")
    if report.windows:
        first, last = report.windows[0], report.windows[-1]
        n_kept = [window["n_kept"] for window in report.windows]
        formed = f"{len(report.windows)} windows, formed at {first['formed_to']} to {last['formed_to']}"
        said.append(f"{formed}, with {min(n_kept):,} to {max(n_kept):,} names each")
    if {"sweep", "fit"} & report.chunks.keys():
        said.append(f"survivorship: {report.survivorship}")
        return [*said, *_ends(report)]
    ends = "1 name ends" if len(report.left) == 1 else f"{len(report.left):,} names end"
    said.append(f"survivorship: {report.survivorship}; {ends} within {'a' if report.windows else 'the'} test part")
    if report.looks_like_split:
        said.append(f"looks like a split: {_few(report.looks_like_split)}; prices are taken as adjusted")
    return [*said, *_ends(report)]


def _ends(report: Report) -> list[str]:
    said = [f"failed: {each['place']}: {each['reason']}" for each in report.failed[:_SHOWN]]
    if len(report.failed) > _SHOWN:
        said.append(f"... and {len(report.failed) - _SHOWN} more; report.json has all")
    if report.foreign:
        said.append(f"not of this run, and left alone: {_few(report.foreign)}")
    return [*said, *report.warnings]


def _few(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
