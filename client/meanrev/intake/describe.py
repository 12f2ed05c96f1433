"""The report on a container that was read."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.order import shown_time
from meanrev.intake.report import LeftOut, Report
from meanrev.intake.stamps import Times, gaps
from meanrev.intake.table import Floats

__all__ = ["described", "different"]

_TOO_FINE = "The times are finer than a millisecond, so none are sent."


def described(
    source: str,
    values: Floats,
    labels: Sequence[Hashable],
    times: Times | None,
    left_out: Sequence[LeftOut] = (),
    notes: Sequence[str] = (),
) -> Report:
    """Return what was taken from a container.

    Args:
        source: Its kind.
        values: (T,) or (T, N).
        labels: Of the columns.
        times: Of the rows, or None.
        left_out: What is not in the values.
        notes: What else should be known.
    """
    absent = np.isnan(values).sum(axis=0).reshape(-1)
    known = None if times is None or not times.ns.size else times
    fine = known is not None and known.milliseconds() is None
    return Report(
        source=source,
        n_rows=len(values),
        columns=tuple(labels),
        time_column="" if times is None else times.name,
        time_kind="" if times is None else times.kind,
        first_time="" if known is None else shown_time(int(known.ns[0])),
        last_time="" if known is None else shown_time(int(known.ns[-1])),
        n_gaps=0 if known is None else gaps(known.ns),
        left_out=tuple(left_out),
        missing={label: int(count) for label, count in zip(labels, absent, strict=True) if count},
        notes=(*notes, _TOO_FINE) if fine else tuple(notes),
    )


def different(field: str, labels: Iterable[Hashable]) -> None:
    """Check that no two columns have one label.

    Raises:
        InvalidInput: two have; names the first.
    """
    counted = Counter(labels)
    if len(counted) < counted.total():
        label, count = next((label, count) for label, count in counted.items() if count > 1)
        raise InvalidInput(field, f"must have a different name for each column; {count} have this one", value=label)
