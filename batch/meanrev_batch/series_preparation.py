"""From a universe's files, and a file of pairs, to a folder that the workers of a sweep or of fits can use."""

from pathlib import Path
from typing import Any

import numpy as np

from meanrev.intake.options import FileOptions
from meanrev_batch import calendar, manifest, matrix, tables, universe
from meanrev_batch.errors import BadOption, BadUniverse
from meanrev_batch.model import SeriesList, Window
from meanrev_batch.options import FitOptions, SweepOptions
from meanrev_batch.plan import Judged, Source, universe_file
from meanrev_batch.preparation import Mode, begun, odd_bars
from meanrev_batch.series_plan import SeriesPlan, bars_file, series_file, series_plan_of
from meanrev_batch.store import Folder
from meanrev_batch.verdicts import Verdict, readable

__all__ = ["prepared_series"]


def prepared_series(
    path: str,
    reading: FileOptions,
    options: SweepOptions | FitOptions,
    pairs: Path | None,
    folder: Folder,
    *,
    backend: str,
    mode: Mode,
) -> tuple[SeriesPlan, list[str]]:
    """Read a universe and pairs, and write into the folder what the run needs.

    Args:
        path: Of the universe.
        reading: How it is read.
        options: Of the run.
        pairs: The file of the pairs; None for the names.
        folder: Of the run; where it holds one, the plan must be the same.
        backend: What computes, for run.json.
        mode: What becomes of a run that the folder holds.

    Returns:
        The plan, and warnings.

    Raises:
        BadOption: an option does not fit the universe, or the pairs cannot be read or are not in it.
        BadUniverse: no name can be used.
        OtherRun: the folder holds another run.
        InvalidInput: a file cannot be read.
    """
    panel = universe.read(path, reading)
    on_axis = calendar.axis(panel)
    stamps = panel.stamps_ms[on_axis]
    verdicts = list(readable(panel, on_axis, positive=pairs is not None and options.log))
    names = [verdict.name for verdict in verdicts if verdict.status == "kept"]
    if not names:
        example = next((f", such as {each.name}: {each.detail}" for each in verdicts if each.reason), "")
        raise BadUniverse(f"{path} has no name that can be used of {len(verdicts)}{example}")
    _fits(options, stamps.size)
    series = _of_names(len(names)) if pairs is None else _of_pairs(pairs, options, verdicts)
    with folder.placing("matrix.npy") as unfinished:
        matrix.write(unfinished, panel, on_axis, frozenset(names), 0)
        digests = matrix.digests(unfinished, ((row, 0, stamps.size) for row in range(len(names))))
        found = dict(zip(names, digests, strict=True))
        every = Judged(Window(1, 0, stamps.size, stamps.size), verdicts, (found, found))
        source = Source(path, stamps, [every], {name: row for row, name in enumerate(names)})
        plan = series_plan_of(source, options, series, manifest.about(backend))
        is_new, warnings = begun(folder, plan.document, mode)
    files = {
        "universe.parquet": universe_file(source),
        "series.parquet": series_file(series),
        "bars.parquet": bars_file(stamps),
    }
    for name, data in files.items():
        if is_new or not (folder.path / name).exists() or (folder.path / name).read_bytes() != data:
            folder.put(name, data)
    if is_new:
        manifest.written(folder, plan.document)
    return plan, [*warnings, *odd_bars(panel, on_axis)]


def _fits(options: SweepOptions | FitOptions, n_bars: int) -> None:
    if isinstance(options, SweepOptions) and sum(options.walk_forward) > n_bars:
        rule = f"must be at most the {n_bars} bars of the universe together"
        raise BadOption("walk_forward", rule, options.walk_forward)


def _of_names(n_names: int) -> SeriesList:
    nothing = np.full(n_names, np.nan)
    return SeriesList(np.arange(n_names), np.full(n_names, -1), nothing, nothing)


def _of_pairs(path: Path, options: SweepOptions | FitOptions, verdicts: list[Verdict]) -> SeriesList:
    """Return the pairs of a file as rows of the matrix.

    Raises:
        BadOption: there is none, or a name of a pair is not in the universe or cannot be used.
    """
    table: dict[str, Any] = {name: column[: options.top] for name, column in tables.pairs_of(path).items()}
    if not table["y"]:
        raise BadOption("pairs", "must have a pair at least", str(path))
    kept = [verdict.name for verdict in verdicts if verdict.status == "kept"]
    places = {name: place for place, name in enumerate(kept)}
    left_out = {verdict.name: f"{verdict.reason}: {verdict.detail}" for verdict in verdicts if verdict.reason}
    for row, both in enumerate(zip(table["y"], table["x"], strict=True), start=1):
        name = next((name for name in both if name not in places), None)
        if name is not None:
            why = f"cannot be used ({left_out[name]})" if name in left_out else "is not in the universe"
            raise BadOption("pairs", f"must be pairs of names of the universe; {name} of row {row} {why}", str(path))
    y, x = (np.array([places[name] for name in table[side]], dtype=np.int64) for side in ("y", "x"))
    return SeriesList(y, x, table["hedge_ratio"], table["intercept"])
