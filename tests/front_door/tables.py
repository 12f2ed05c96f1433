"""Random files through the reader: python -m tests.front_door.tables --count 100000 --seed 1.

What may never happen: an error that is not ours; a column or row of the file that is neither in the table with its
values nor named in the report; a file without a fault that is not read.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import meanrev as mr
from tests.front_door.made_tables import made
from tests.front_door.reading import read, values_of

__all__ = ["Violation", "check", "main", "number"]

MUST_BE_REFUSED = frozenset({"underscore", "missing time", "bad time", "second header", "too many cells"})
"""Faults that no option of the file's reader was given for, and that no reader can find out."""


class Violation(AssertionError):
    """The reader did what it may never do; the message says what."""


def number(seed, count, folder):
    """Try table number count of a seed; raises Violation."""
    file = made(np.random.default_rng([seed, count]))
    path = Path(folder) / f"prices{file.suffix}"
    path.write_bytes(file.data)
    try:
        table = read(path, *file.words)
    except mr.InvalidInput as error:
        _refused(file, str(error))
        return file
    except Exception as error:
        raise Violation(f"{type(error).__name__} instead of InvalidInput: {error}") from error
    check(file, table)
    return file


def _refused(file, said):
    if not said.strip() or "Traceback" in said or len(said) > 3_000:
        raise Violation(f"the refusal is no sentence: {said[:300]}")
    if not file.fault or _settled(file):
        raise Violation(f"a file without a fault was refused: {said}")


def _settled(file):
    """Return whether an option settles the file's fault."""
    return any(word in file.words for word in ("--sort", "--duplicates", "--no-header"))


def check(file, table):
    """Compare what was read with the truth."""
    values, names, stamps = values_of(table)
    report = table.report
    if file.fault in MUST_BE_REFUSED or (file.fault in {"descending", "shuffled", "duplicates"} and not _settled(file)):
        raise Violation(f"a file with the fault {file.fault!r} was read without a word")
    if file.fault in {"latin-1", "cut bytes", "two names", "too few cells", "bad cell", "infinite", "utf-16"}:
        _nothing_lost(file, names, report)
        return
    place = _places(file, names, report)
    present = np.isfinite(file.values[:, [i for i, _ in place]]).any(axis=1)
    _rows(file, report, present, len(values))
    for i, j in place:
        right = file.values[present, i]
        if not np.allclose(values[:, j], right, rtol=4e-16, atol=0.0, equal_nan=True):
            first = int(np.flatnonzero(~np.isclose(values[:, j], right, rtol=4e-16, atol=0.0, equal_nan=True))[0])
            raise Violation(f"column {names[j]!r} has {values[first, j]!r} in row {first}, the file {right[first]!r}")
        holes = int(np.isnan(right).sum())
        if int({str(key): count for key, count in report.missing.items()}.get(names[j], 0)) != holes:
            raise Violation(f"report.missing does not count the {holes} holes of {names[j]!r}: {dict(report.missing)}")
    if file.times is not None and (stamps is None or not np.array_equal(stamps, file.times[present])):
        raise Violation(f"the times are not the file's: {stamps[:3] if stamps is not None else None}")
    if (report.n_rows, len(report.columns)) != values.shape:
        raise Violation(
            f"the report speaks of {report.n_rows} rows of {len(report.columns)} columns, not {values.shape}"
        )


def _named(report):
    labels = {str(label) for out in report.left_out if out.what == "column" for label in out.labels}
    return labels, " ".join([*report.notes, *(out.reason for out in report.left_out)])


def _nothing_lost(file, names, report):
    labels, words = _named(report)
    if file.fault in {"latin-1", "utf-16", "two names"}:
        n = len(names) + len(labels)
        if n < len(file.names):
            raise Violation(f"{len(file.names)} columns of prices, but {names} were read and {labels} left out")
        return
    for name in file.names:
        if name not in names and name not in labels and name not in words:
            raise Violation(f"column {name!r} is neither in the table nor named in the report")
    if file.fault in {"bad cell", "infinite"} and not labels - set(file.text_columns) and not words:
        raise Violation(f"a file with the fault {file.fault!r} was read without a word")


def _places(file, names, report):
    """Return where the truth's columns stand in the table."""
    filled = np.isfinite(file.values).any(axis=0)
    if not file.header:
        if len(names) != int(filled.sum()):
            raise Violation(f"{int(filled.sum())} columns of prices, {names} were read")
        return list(zip(np.flatnonzero(filled).tolist(), range(len(names)), strict=True))
    _all_named(file, names, report)
    lost = [name for i, name in enumerate(file.names) if filled[i] and names.count(name) != 1]
    others = [name for name in names if name not in file.names]
    if lost or others:
        raise Violation(f"columns {lost} hold prices and were left out, {others} were read as prices")
    return [(i, names.index(name)) for i, name in enumerate(file.names) if name in names]


def _all_named(file, names, report):
    labels, words = _named(report)
    for name in [*file.names, *file.text_columns, *([file.index] if file.index else [])]:
        if name not in {*names, *labels, report.time_column} and name not in words:
            raise Violation(f"column {name!r} is neither in the table ({names}) nor named in the report")


def _rows(file, report, present, n_read):
    if n_read != int(present.sum()):
        raise Violation(f"{int(present.sum())} rows hold a price, {n_read} were read")
    left_out = {
        str(label).removeprefix("line ") for out in report.left_out if out.what == "row" for label in out.labels
    }
    for line in file.lines[~present].tolist():
        if str(line) not in left_out:
            raise Violation(f"line {line} holds no price and is not named in the report ({sorted(left_out)[:9]})")


def main(words=None):
    """Try many tables; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first table, to see one again")
    chosen = parser.parse_args(words)
    started, kinds = time.monotonic(), {"": 0}
    with tempfile.TemporaryDirectory() as folder:
        for count in range(chosen.first, chosen.first + chosen.count):
            try:
                file = number(chosen.seed, count, folder)
            except Violation as violation:
                return _told(violation, chosen.seed, count)
            kinds[file.fault] = kinds.get(file.fault, 0) + 1
            if (count + 1) % 1_000 == 0:
                print(f"{count + 1} tables, {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201 - progress
    print(f"{chosen.count} tables held: {kinds}")  # noqa: T201 - the result
    return 0


def _told(violation, seed, count):
    file = made(np.random.default_rng([seed, count]))
    path = Path(tempfile.gettempdir()) / f"table-{seed}-{count}{file.suffix}"
    path.write_bytes(file.data)
    told = (
        f"--seed {seed} --first {count} --count 1: {violation}\nfile {path}, options {file.words}, fault {file.fault!r}"
    )
    print(told, file.notes, file.data[:1_500].decode("utf-8", "replace"), sep="\n")  # noqa: T201 - the result
    return 1


if __name__ == "__main__":
    sys.exit(main())
