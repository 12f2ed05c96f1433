"""From a universe's files to a folder that workers and later runs can use: run.json, universe.parquet, matrix.npy."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.pair_trading.model import N_PERIODS
from meanrev.intake.options import FileOptions
from meanrev_batch import calendar, manifest, matrix, universe
from meanrev_batch.errors import BadOption, BadUniverse
from meanrev_batch.file_names import STAGES
from meanrev_batch.options import ScanOptions
from meanrev_batch.panel import Panel
from meanrev_batch.plan import Plan, Source, plan_of, universe_file
from meanrev_batch.store import Folder
from meanrev_batch.tiling import worker_bytes
from meanrev_batch.verdicts import judged

__all__ = ["Mode", "begun", "odd_bars", "prepared"]

Mode = Literal["same", "extend", "fresh"]
"""What becomes of a run in the folder: it must have the same plan, may have had another universe, or is removed."""

_MEGABYTE = 1e6
_RUN = (*(f"{stage}/*" for stage in STAGES), "*.parquet", "*.json")


def prepared(
    path: str, reading: FileOptions, options: ScanOptions, folder: Folder, *, backend: str, mode: Mode
) -> tuple[Plan, list[str]]:
    """Read a universe, and write into the folder what the run needs.

    Args:
        path: Of the universe.
        reading: How it is read.
        options: Of the scan.
        folder: Of the run; where it holds one, the plan must be the same.
        backend: What computes, for run.json.
        mode: What becomes of a run that the folder holds.

    Returns:
        The plan, and warnings.

    Raises:
        BadOption: an option does not fit the universe.
        BadUniverse: fewer than two names can be used.
        OtherRun: the folder holds another run.
        InvalidInput: a file cannot be read.
    """
    panel = universe.read(path, reading)
    on_axis = calendar.axis(panel)
    stamps = panel.stamps_ms[on_axis]
    n_train = _n_train(options, stamps.size, calendar.split_bar(options.split, stamps))
    verdicts = list(judged(panel, on_axis, n_train, options))
    names = [verdict.name for verdict in verdicts if verdict.status == "kept"]
    if len(names) < 2:
        reasons = ", ".join(f"{count} {reason}" for reason, count in Counter(each.reason for each in verdicts).items())
        example = next((f", such as {each.name}: {each.detail}" for each in verdicts if each.reason), "")
        raise BadUniverse(f"{path} has {len(names)} names that can be used of {len(verdicts)} ({reasons}{example})")
    with folder.placing("matrix.npy") as unfinished:
        matrix.write(unfinished, panel, on_axis, verdicts, options.fill)
        found = matrix.digests(unfinished, n_train)
        digests = dict(zip(names, found[0], strict=True)), dict(zip(names, found[1], strict=True))
        source = Source(path, verdicts, stamps, n_train, digests)
        plan = plan_of(source, options, manifest.about(backend))
        is_new, warnings = begun(folder, plan.document, mode)
    _written(folder, plan, universe_file(source), is_new=is_new or manifest.read(folder)["plan"] != plan.id)
    taken = worker_bytes(plan.block, n_train)
    if taken > options.memory:
        rule = (
            f"a worker takes about {taken / _MEGABYTE:,.0f} MB, above --memory ({options.memory / _MEGABYTE:,.0f} MB)"
        )
        warnings.append(f"{rule}, because a chunk is not made smaller than {plan.block} names")
    return plan, [*warnings, *odd_bars(panel, on_axis)]


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


def _n_train(options: ScanOptions, n_bars: int, n_train: int) -> int:
    """Check the bars of both parts."""
    needed = N_PERIODS * (2 * options.lags + 4)
    if not needed <= n_train <= n_bars - 2:
        rule = f"must leave at least {needed} bars in the train part and 2 in the test part of {n_bars}"
        raise BadOption("split", rule, options.split or n_train)
    if options.lookback > n_train:
        raise BadOption("lookback", f"must be at most the {n_train} bars of the train part", options.lookback)
    return n_train
