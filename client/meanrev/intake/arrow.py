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
        plain = _plain_type(given.type, arrow)
        return given if plain is None else given.cast(plain)
    if isinstance(given, arrow.Table):
        for place, column in enumerate(given.schema):
            plain = _plain_type(column.type, arrow)
            if plain is not None:
                given = given.set_column(place, column.name, given.column(place).cast(plain))
    return given


def _plain_type(kind: Any, arrow: Any) -> Any:
    """Return the type to cast to, or None where narwhals reads the column as it is."""
    if arrow.types.is_dictionary(kind):
        return kind.value_type
    if arrow.types.is_date64(kind):
        return arrow.date32()
    return arrow.float64() if arrow.types.is_decimal256(kind) else None
