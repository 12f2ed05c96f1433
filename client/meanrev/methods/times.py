"""The argument timestamps_ms: one a row, of the right unit, in order."""

import sys
from typing import Any

from meanrev.errors import InvalidInput
from meanrev.intake.order import in_order
from meanrev.intake.stamps import unit_checked
from meanrev.intake.table import Ints, Table
from meanrev.methods import fields

__all__ = ["row_stamps"]

_FIELD = "timestamps_ms"


def row_stamps(read: Table, given: Any) -> Ints | None:
    """Return one stamp a row: those given, else those of the table, else None.

    Args:
        read: The prices.
        given: (T,) milliseconds, dates or datetimes, in an array, a list or a Series; or None.

    Raises:
        InvalidInput: there are more or fewer than rows, they are of another unit, do not strictly increase, or come in
            a Series whose index is not that of the prices.
    """
    if given is None:
        return read.timestamps_ms
    _same_rows(read, given)
    stamps = unit_checked(_FIELD, fields.stamps(_FIELD, given))
    if len(stamps) != len(read.values):
        rule = f"must hold one stamp for each of the {len(read.values)} prices"
        raise InvalidInput(_FIELD, rule, value=len(stamps))
    in_order(stamps * 1_000_000, field=_FIELD, sort_option="sort prices and timestamps_ms together by time")
    return stamps


def _same_rows(read: Table, given: Any) -> None:
    """Check that the index of the stamps is that of the prices, where both have one, so that no row gets another's."""
    pandas = sys.modules.get("pandas")
    native = getattr(read, "native", None)
    if pandas is None or native is None or not isinstance(given, pandas.Series):
        return
    unlabelled = isinstance(given.index, pandas.RangeIndex) or isinstance(native.index, pandas.RangeIndex)
    if not unlabelled and not given.index.equals(native.index):
        raise InvalidInput(_FIELD, "must have the index of the prices; timestamps_ms.reindex(prices.index) aligns them")
