"""From a universe's files to a folder that workers and later runs can use: run.json, universe.parquet, matrix.npy."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.pair_trading.model import N_PERIODS
from meanrev.intake.options import FileOptions
from meanrev_batch import calendar, manifest, matrix, membership, universe
from meanrev_batch.errors import BadOption, BadUniverse
from meanrev_batch.file_names import STAGES
from meanrev_batch.model import Window
from meanrev_batch.options import ScanOptions
from meanrev_batch.panel import Panel, part_of
from meanrev_batch.plan import Judged, Plan, Source, plans_of, universe_file
from meanrev_batch.store import Folder
from meanrev_batch.tiling import worker_bytes
from meanrev_batch.verdicts import Verdict, judged

__all__ = ["Mode", "begun", "odd_bars", "prepared"]

Mode = Literal["same", "extend", "fresh"]
"""What becomes of a run in the folder: it must have the same plan, may have had another universe, or is removed."""

_MEGABYTE = 1e6
_RUN = (*(f"{stage}/*" for stage in STAGES), "*.parquet", "*.json")


def prepared(
    path: str,
    reading: FileOptions,
    options: ScanOptions,
    folder: Folder,
    members: str | None,
    *,
    backend: str,
    mode: Mode,
) -> tuple[list[Plan], list[str]]:
    """Read a universe, and write into the folder what the run needs.

    Args:
        path: Of the universe.
        reading: How it is read.
        options: Of the scan.
        folder: Of the run; where it holds one, the plan must be the same.
        members: Path of the table of members; None where all names count.
        backend: What computes, for run.json.
        mode: What becomes of a run that the folder holds.

    Returns:
        The plan, one a window, and warnings.

    Raises:
        BadOption: an option does not fit the universe, or the table of members cannot be read.
        BadUniverse: no window has two names that can be used.
        OtherRun: the folder holds another run.
        InvalidInput: a file cannot be read.
    """
    listed = None if members is None else membership.read(members)
    panel = universe.read(path, reading)
    on_axis = calendar.axis(panel)
    stamps = panel.stamps_ms[on_axis]
    windows = calendar.windows_of(options, stamps, N_PERIODS * (2 * options.lags + 4))
    if options.lookback > windows[0].n_train:
        rule = f"must be at most the {windows[0].n_train} bars of the train part"
        raise BadOption("lookback", rule, options.lookback)
    formed = [int(stamps[window.start + window.n_train - 1]) for window in windows]
    counted = None if listed is None else {stamp: listed.at(stamp) for stamp in formed}
    verdicts = [
        _judged(panel, on_axis, window, options, None if counted is None else counted[stamp])
        for window, stamp in zip(windows, formed, strict=True)
    ]
    kept = {each.name for every in verdicts for each in every if each.status == "kept"}
    rows = {name: row for row, name in enumerate(name for name in panel.names if name in kept)}
    _check_names(path, verdicts)
    with folder.placing("matrix.npy") as unfinished:
        matrix.write(unfinished, panel, on_axis, kept, options.fill)
        judgements = [
            Judged(window, every, _digests(unfinished, window, every, rows))
            for window, every in zip(windows, verdicts, strict=True)
        ]
        source = Source(path, stamps, judgements, rows, "" if listed is None else listed.digest)
        plans = plans_of(source, options, manifest.about(backend))
        is_new, warnings = begun(folder, plans[0].document, mode)
    _written(folder, plans[0], universe_file(source), is_new=is_new or manifest.read(folder)["plan"] != plans[0].id)
    warnings += _memory(plans[0])
    warnings += membership.without_prices(counted or {}, frozenset(panel.names))
    return plans, [*warnings, *odd_bars(panel, on_axis)]


def _memory(plan: Plan) -> list[str]:
    """Return a sentence where a worker takes more than it may; none elsewhere."""
    taken, most = worker_bytes(plan.block, plan.n_train), plan.options.memory
    if taken <= most:
        return []
    rule = f"a worker takes about {taken / _MEGABYTE:,.0f} MB, above --memory ({most / _MEGABYTE:,.0f} MB)"
    return [f"{rule}, because a chunk is not made smaller than {plan.block} names"]


def _judged(
    panel: Panel, on_axis: NDArray[np.bool_], window: Window, options: ScanOptions, members: frozenset[str] | None
) -> list[Verdict]:
    """Return the verdicts of a window, for which the bars outside it do not exist."""
    bars = np.flatnonzero(on_axis)
    first, last = int(bars[window.start]), int(bars[window.start + window.n_bars - 1])
    if window.n_bars == bars.size:  # bars that are not on the axis count too, before the first one and behind the last
        first, last = 0, on_axis.size - 1
    part = part_of(panel, first, last + 1)
    return list(judged(part, on_axis[first : last + 1], window.n_train, options, members))


def _digests(
    path: Path, window: Window, verdicts: list[Verdict], rows: Mapping[str, int]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return digests of the train part, and of the bars up to the stop, of the names that are kept in a window."""
    kept = [each for each in verdicts if each.status == "kept"]
    train, both = (
        matrix.digests(path, [(rows[each.name], window.start, window.start + stop) for each, stop in parts])
        for parts in ([(each, window.n_train) for each in kept], [(each, each.stop) for each in kept])
    )
    names = [each.name for each in kept]
    return dict(zip(names, train, strict=True)), dict(zip(names, both, strict=True))


def _check_names(path: str, windows: list[list[Verdict]]) -> None:
    """Refuse a universe of which no window has two names."""
    best = max(windows, key=lambda every: sum(each.status == "kept" for each in every))
    names = sum(each.status == "kept" for each in best)
    if names < 2:
        counts = Counter(each.reason for each in best if each.reason)
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts.items())
        example = next((f", such as {each.name}: {each.detail}" for each in best if each.reason), "")
        where = f" in any of {len(windows)} windows" if len(windows) > 1 else ""
        raise BadUniverse(f"{path} has {names} names that can be used{where} of {len(best)} ({reasons}{example})")


def begun(folder: Folder, document: Mapping[str, Any], mode: Mode) -> tuple[bool, list[str]]:
    """Compare a plan with the run that the folder holds, or remove that one.

    Args:
        folder: Of the run.
        document: Of the plan.
        mode: What becomes of the other run.

    Returns:
        Whether there is no other run now, and warnings.

    Raises:
        OtherRun: the folder holds another run.
    """
    is_new = mode == "fresh" or not (folder.path / "run.json").exists()
    warnings = [] if is_new else manifest.agreed(folder, document, extend=mode == "extend")
    if mode == "fresh":
        folder.cleared(*_RUN)
    return is_new, warnings


def odd_bars(panel: Panel, on_axis: NDArray[np.bool_]) -> list[str]:
    """Return a sentence on the bars that are not on the axis; none where all are."""
    odd = int(np.count_nonzero(~on_axis))
    first = calendar.shown(panel.stamps_ms[~on_axis][0]) if odd else ""
    return [f"{odd:,} bars at which most names do not trade are not used, the first is {first}"] if odd else []


def _written(folder: Folder, plan: Plan, names: bytes, *, is_new: bool) -> None:
    """Write universe.parquet and then run.json, where they are not there yet; answers of another plan go before."""
    path = folder.path / "universe.parquet"
    if is_new or not path.exists() or path.read_bytes() != names:
        folder.put(path.name, names)
    if is_new:
        folder.cleared("pairs.parquet", "report.json")
        manifest.written(folder, plan.document)
