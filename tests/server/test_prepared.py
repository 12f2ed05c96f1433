"""A request is prepared once: as a stream and as a job it is the same, and its hash copies no matrix."""

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from gpu_kernels.errors import InvalidInput
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.catalogue import TASKS
from meanrev_server.research.prepared import Request

VALUES = np.arange(1.0, 121.0).reshape(40, 3)
TABLE = UploadedMatrix(VALUES, ("A", "B", "C"), None)
STAMPS = np.arange(40)


def outline(n_rows=40, /, **options):
    return Outline(n_rows, 3, ("A", "B", "C"), json.dumps(options))


def streamed(**options):
    return Request.read(TASKS["SweepThresholds"], outline(**options))


def submitted(**options):
    return Request.read_job(TASKS, outline(method="SweepThresholds", **options))


def job_id(request, table=TABLE):
    return request.with_table(table).job_id("")


def test_the_catalogue_has_every_task_under_its_own_name():
    assert [task.method for task in TASKS.values()] == list(TASKS)


def test_a_job_is_the_request_of_its_method():
    options = {"entry": "0.5:2:0.5", "lookback": [5, 10], "sketch": 1}
    one, other = streamed(**options), submitted(**options)
    assert (one.task, one.options, one.ignored, one.total, one.estimate) == (
        other.task,
        other.options,
        other.ignored,
        other.total,
        other.estimate,
    )
    assert one.ignored == ["sketch"]


def test_the_id_depends_on_the_values_of_options_and_not_on_how_they_were_written():
    plain = job_id(submitted(train=20, test=10))
    assert job_id(submitted(test=10, train=20, purge=0)) == plain
    assert job_id(submitted(test=10, train=21)) != plain


@pytest.mark.parametrize(
    "table",
    [
        UploadedMatrix(VALUES + 1, TABLE.columns, None),
        UploadedMatrix(VALUES, ("A", "B", "D"), None),
        UploadedMatrix(VALUES, TABLE.columns, STAMPS),
        UploadedMatrix(VALUES, TABLE.columns, STAMPS + 1),
        UploadedMatrix(VALUES.reshape(60, 2), ("A", "B"), None),
    ],
    ids=["values", "columns", "stamps", "other stamps", "shape"],
)
def test_the_id_depends_on_every_part_of_the_matrix(table):
    known = {job_id(submitted()), job_id(submitted(), UploadedMatrix(VALUES, TABLE.columns, STAMPS + 2))}
    assert job_id(submitted(), table) not in known


def test_the_id_depends_on_the_ignored_options_that_the_reply_names():
    assert job_id(submitted(sketch=1)) != job_id(submitted())


def test_a_matrix_is_hashed_where_it_is():
    table = UploadedMatrix(np.ones((16, 2**17)).T, tuple(map(str, range(16))), np.arange(2**17))
    request = replace(submitted(), outline=Outline(2**17, 16, table.columns, ""))
    prepared = request.with_table(table)
    prepared.job_id("")
    tracemalloc.start()
    prepared.job_id("")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < table.timestamps_ms.nbytes < table.values.nbytes  # an upload has each column in one piece


def test_rows_that_the_first_chunk_does_not_tell_are_counted_in_the_end():
    told, untold = streamed(), Request.read(TASKS["SweepThresholds"], outline(0))
    assert untold.estimate.work == 0
    assert untold.with_table(TABLE).request.estimate == told.estimate
    assert told.with_table(TABLE).request is told


@pytest.mark.parametrize("method", [None, "Fit", ["FitOu"], {}, 3])
def test_a_method_that_is_none_is_refused(method):
    with pytest.raises(InvalidInput, match=r"^metadata.method must be one of 'Backtest', "):
        Request.read_job(TASKS, outline(method=method))
