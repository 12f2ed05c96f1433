"""Objects of pyarrow in the forms that narwhals reads."""

import sys
from typing import Any

__all__ = ["plain_arrow"]


def plain_arrow(given: Any) -> Any:
    """Return a record batch as a table, an array as a chunked one, and columns of a dictionary as their values.

    Args:
        given: Any object; what pyarrow did not make is returned as it is.
    """
    arrow = sys.modules.get("pyarrow")
    if arrow is None or type(given).__module__.partition(".")[0] != "pyarrow":
        return given
    if isinstance(given, arrow.RecordBatch):
        given = arrow.Table.from_batches([given])
    if isinstance(given, arrow.Array):
        given = arrow.chunked_array([given])
    if isinstance(given, arrow.ChunkedArray):
        return given.cast(given.type.value_type) if arrow.types.is_dictionary(given.type) else given
    if isinstance(given, arrow.Table):
        for place, column in enumerate(given.schema):
            if arrow.types.is_dictionary(column.type):
                decoded = given.column(place).cast(column.type.value_type)
                given = given.set_column(place, column.name, decoded)
    return given
