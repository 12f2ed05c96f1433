"""The rows of kept matrices, which run in the database's thread, and what is in their files."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from meanrev_server.matrices import KeptMatrix
from meanrev_server.state.database import Database
from meanrev_server.state.parts import Arrays
from meanrev_server.uploaded_matrix import UploadedMatrix

__all__ = ["all_matrices", "delete", "kept_files", "put", "table_of", "use", "written"]

_COLUMNS = ("identity", "matrix_id", "rows", "cols", "nbytes", "held", "stored_ms", "used_ms", "tag")


def all_matrices(database: Database) -> list[KeptMatrix]:
    """Return all matrices, without their content, in the order of their last use."""
    query = f"SELECT {', '.join(_COLUMNS)} FROM matrices ORDER BY used_ms, stored_ms, matrix_id"  # noqa: S608 - constants
    return [KeptMatrix(*row) for row in database.connection.execute(query)]


def put(database: Database, kept: KeptMatrix) -> None:
    """Store the row of a matrix whose file is written, in place of an earlier one of the same id."""
    marks = ", ".join("?" * len(_COLUMNS))
    with database.transaction("matrix kept") as connection:
        connection.execute(
            f"INSERT OR REPLACE INTO matrices ({', '.join(_COLUMNS)}) VALUES ({marks})",  # noqa: S608 - constants
            [getattr(kept, name) for name in _COLUMNS],
        )


def delete(database: Database, kept: KeptMatrix) -> None:
    """Forget a matrix, unless it was stored anew meanwhile."""
    with database.transaction("matrix dropped") as connection:
        connection.execute(
            "DELETE FROM matrices WHERE identity = ? AND matrix_id = ? AND tag = ?",
            (kept.identity, kept.matrix_id, kept.tag),
        )


def use(database: Database, used: Sequence[KeptMatrix]) -> None:
    """Record when matrices were last used."""
    with database.transaction("matrices used") as connection:
        connection.executemany(
            "UPDATE matrices SET used_ms = ? WHERE identity = ? AND matrix_id = ?",
            [(kept.used_ms, kept.identity, kept.matrix_id) for kept in used],
        )


def kept_files(database: Database) -> frozenset[str]:
    """Return the names of the files that rows need."""
    found = database.connection.execute("SELECT matrix_id || '.' || tag FROM matrices").fetchall()
    return frozenset(name for (name,) in found)


def written(table: UploadedMatrix) -> Arrays:
    """Return a matrix as the arrays of its file."""
    names = np.frombuffer(json.dumps(table.columns).encode(), dtype=np.uint8)
    arrays: dict[str, Any] = {"values": table.values, "columns": names}
    return arrays if table.timestamps_ms is None else {**arrays, "timestamps_ms": table.timestamps_ms}


def table_of(arrays: Arrays, matrix_id: str) -> UploadedMatrix:
    """Return the matrix whose file has these arrays."""
    values = arrays["values"]
    values.flags.writeable = False
    return UploadedMatrix(
        values, tuple(json.loads(arrays["columns"].tobytes())), arrays.get("timestamps_ms"), matrix_id
    )
