"""FitOu: an Ornstein-Uhlenbeck fit of every column."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from msgspec import Meta

from gpu_kernels import ou, reversion
from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from gpu_kernels.ou.claims import FIELDS, claimed
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.columns import column_groups, group_size, joined
from meanrev_server.research.estimate import Estimate, column_estimate, list_bytes, names_bytes, parts_bytes
from meanrev_server.research.reversion_columns import (
    COPIES,
    ENTRIES_AT_ONCE,
    ReversionTest,
    figures_of,
    tested_bytes,
    tested_columns,
)
from meanrev_server.research.task import Progress, ResearchOptions, Task
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_wire.research_pb2 import FitOuReply

__all__ = ["TASK", "FitOuOptions"]

_ENTRIES_AT_ONCE = 2**22
"""Most entries of a group that has several columns."""
_COPIES = 6
"""Arrays of the size of a group's columns that a fit holds at once."""
_STEPS_OF_TESTS = 20
"""Steps that the tests take a price, in those of a fit: natively 49 ms beside 2.7 ms for a million prices."""


F = TypeVar("F", ou.OuFit, reversion.ReversionTests)


class FitOuOptions(ResearchOptions, frozen=True, kw_only=True):
    """Options of FitOu.

    Attributes:
        dt: Time between rows, in theta's time unit.
        bias: Small-sample correction of theta and half_life.
        adf_lags: Lagged differences of the Dickey-Fuller regression, and of those of the tests.
        tests: Tests of RunTests that the reply shall have beside the fits.
        trend: What these tests allow for: nothing, a constant, a constant and a line.
        bandwidth: Lags of their long-run variance; ceil(12 (T/100)^(1/4)) where null.
        periods: Steps of their variance ratio.
    """

    dt: Annotated[float, Meta(gt=0)] = 1.0
    bias: Literal["none", "tang_chen", "jackknife", "median_unbiased"] = "none"
    adf_lags: Annotated[int, Meta(ge=0, le=100)] = 0
    tests: tuple[ReversionTest, ...] = ()
    trend: Literal["n", "c", "ct"] = "c"
    bandwidth: Annotated[int, Meta(ge=0, le=1000)] | None = None
    periods: Annotated[int, Meta(ge=2, le=1000)] = 2


_NAMES = option_names(FitOuOptions, prices="block")
_OF_FITS, _OF_TESTS = ("dt", "bias", "adf_lags"), ("trend", "bandwidth", "periods")
"""Options of the fits, and those that the tests alone have."""


def _check(chosen: FitOuOptions) -> None:
    """Check that no option of the tests is given where there are none.

    Raises:
        InvalidInput: one is.
    """
    defaults = FitOuOptions()
    for name in _OF_TESTS:
        given = getattr(chosen, name)
        if not chosen.tests and given != getattr(defaults, name):
            rule = "must be left out where option tests names no test, such as 'kpss'"
            raise InvalidInput(f"metadata.{name}", rule, value=given)


def _run(table: UploadedMatrix, chosen: FitOuOptions, progress: Progress) -> Answer:
    n_columns = table.values.shape[1]
    fits, tests = [], []
    for columns, series in column_groups(table.values, _size(len(table.values), chosen)):
        progress(columns.start, n_columns)
        with wire_names(_NAMES):
            fit, of_group = _fitted(series, chosen)
        fits.append(fit)
        tests += of_group
    return _answered(table.columns, fits, tests, chosen)


def _run_together(tables: Sequence[UploadedMatrix], chosen: FitOuOptions) -> list[Answer]:
    with wire_names(_NAMES):
        fit, tests = _fitted(np.concatenate([table.values.T for table in tables]), chosen)
    answers, first = [], 0
    for table in tables:
        rows = slice(first, first + len(table.columns))
        answers.append(_answered(table.columns, [_of(fit, rows)], [_of(test, rows) for test in tests], chosen))
        first = rows.stop
    return answers


def _of(found: F, rows: slice) -> F:
    """Return what was found of some of the series."""
    return type(found)._make(column[rows] for column in found)


def _answered(
    columns: tuple[str, ...], fits: list[ou.OuFit], tests: list[reversion.ReversionTests], chosen: FitOuOptions
) -> Answer:
    """Return the answer for columns, whose fits and tests come in groups."""
    status = [status for fit in fits for status in fit.status]
    figures = claimed(joined(fits, FIELDS), status)
    reason = [reason for fit in fits for reason in fit.reason]
    tested = tested_columns(tests, figures_of(chosen.tests)) if chosen.tests else None
    result: dict[str, Any] = {"columns": list(columns), **figures, "status": status, "reason": reason, "tests": tested}
    return Answer(result)


def _fitted(series: Floats, chosen: FitOuOptions) -> tuple[ou.OuFit, list[reversion.ReversionTests]]:
    """Return the fits of series (B, T), and their tests where these are asked for."""
    given = {name: getattr(chosen, name) for name in _OF_FITS}
    if not chosen.tests:
        return ou.fit(series, **given), []
    found = reversion.fit_and_test(series, **given, **{name: getattr(chosen, name) for name in _OF_TESTS})
    return found.fit, [found.tests]


def _estimate(outline: Outline, chosen: FitOuOptions) -> Estimate:
    doubles = len(FIELDS) - 1
    items = list_bytes(outline.n_columns, doubles=doubles, varints=(outline.n_rows,), texts=("converged", ""))
    n_lists, copies, steps = len(FIELDS) + 3, _COPIES, 1
    if chosen.tests:
        figures = figures_of(chosen.tests)
        items += tested_bytes(outline.n_columns, figures)
        n_lists, copies, steps = n_lists + len(figures) + 3, COPIES, 1 + _STEPS_OF_TESTS
    reply_bytes = parts_bytes(items + names_bytes(outline), n_lists)
    estimate = column_estimate(outline, _size(outline.n_rows, chosen), copies, 2 * reply_bytes, reply_bytes)
    return estimate._replace(work=steps * estimate.work)


def _size(n_rows: int, chosen: FitOuOptions) -> int:
    """Return the columns of a group."""
    return group_size(n_rows, ENTRIES_AT_ONCE if chosen.tests else _ENTRIES_AT_ONCE)


TASK = Task(
    method="FitOu",
    options_type=FitOuOptions,
    reply=FitOuReply,
    estimate=_estimate,
    run=_run,
    run_together=_run_together,
    check=_check,
)
