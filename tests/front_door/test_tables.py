"""Random files through the reader; `python -m tests.front_door.tables --count 100000` tries more of them."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from meanrev.intake.report import LeftOut, Report
from tests.front_door import tables
from tests.front_door.made_tables import made

SEED = 1
COUNT = 150


def test_no_table_is_lost_or_ends_in_a_traceback(tmp_path):
    """Of random files each is read with every column and row accounted for, or refused for a fault that it has."""
    for count in range(COUNT):
        try:
            tables.number(SEED, count, tmp_path)
        except tables.Violation as violation:
            pytest.fail(f"python -m tests.front_door.tables --seed {SEED} --first {count} --count 1: {violation}")


@dataclass
class Right:
    """A file without a fault, and the table that a right reader makes of it."""

    file: object
    table: SimpleNamespace


@pytest.fixture
def right():
    file = next(
        file
        for file in (made(np.random.default_rng([SEED, count])) for count in range(500))
        if not file.fault and len(file.names) > 2 and file.notes["holes"] and file.times is not None
    )
    filled = np.isfinite(file.values).any(axis=1)
    kept = file.values[filled]
    columns = [i for i in range(len(file.names)) if np.isfinite(kept[:, i]).any()]
    names = tuple(file.names[i] for i in columns)
    out = [LeftOut("row", tuple(f"line {line}" for line in file.lines[~filled].tolist()), "no value")]
    out += [LeftOut("column", (name,), "no number") for name in (*file.names, *file.text_columns) if name not in names]
    missing = {name: int(np.isnan(kept[:, i]).sum()) for name, i in zip(names, columns, strict=True)}
    report = Report("f.csv", len(kept), names, left_out=tuple(out), missing={k: v for k, v in missing.items() if v})
    return Right(
        file,
        SimpleNamespace(values=kept[:, columns], names=names, timestamps_ms=file.times[filled], report=report),
    )


def test_a_right_table_passes(right):
    """The check itself has nothing against a table that is right."""
    tables.check(right.file, right.table)


@pytest.mark.parametrize("loss", ["column", "row", "cell", "time", "hole", "fault"])
def test_the_check_sees_what_is_lost(right, loss):
    """A check that cannot fail shows nothing: each kind of loss is seen."""
    table = right.table
    if loss == "column":
        table.values, table.names = table.values[:, 1:], table.names[1:]
    elif loss == "row":
        table.values, table.timestamps_ms = table.values[1:], table.timestamps_ms[1:]
    elif loss == "cell":
        table.values = table.values * np.where(np.arange(table.values.size).reshape(table.values.shape) == 0, 1.001, 1)
    elif loss == "time":
        table.timestamps_ms = table.timestamps_ms + 1
    elif loss == "hole":
        table.report = Report(
            "f.csv", table.report.n_rows, table.names, left_out=table.report.left_out, missing={"nobody": 1}
        )
    else:
        right.file.fault = "underscore"
    with pytest.raises(tables.Violation):
        tables.check(right.file, table)
