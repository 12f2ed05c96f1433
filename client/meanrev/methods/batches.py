"""Batches of a stream of returns: each is read by the labels of the first one that has some."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from meanrev.intake.containers import is_frame, table
from meanrev.intake.labels import aligned, labelled, square, vector
from meanrev.intake.table import Table
from meanrev_wire.meanrev_pb2 import OptimizationInput

__all__ = ["Batches"]

_FIELDS = frozenset(OptimizationInput.DESCRIPTOR.fields_by_name)


class Batches:
    """The assets of one stream.

    Attributes:
        labels: The first batch that had labels, whose order holds for all, or None.
    """

    def __init__(self) -> None:
        """Begin before the first batch."""
        self.labels: Table | None = None

    def fields(self, batch: Any) -> dict[str, Any]:
        """Return a batch as a message's fields.

        Args:
            batch: Returns (T, N); one row (N,), which may be a Series or a mapping by asset; or a mapping of fields.

        Raises:
            InvalidInput: it holds no numbers, its times do not strictly increase, or its labels are not those of the
                stream's first batch.
        """
        out = dict(batch) if isinstance(batch, Mapping) and _FIELDS & set(batch) else {"returns": batch}
        if out.get("returns") is not None:
            out["returns"] = self._returns(out["returns"])
        if out.get("covariance") is not None:
            read = square("covariance", out["covariance"], self._names)
            self.labels = self.labels or (read if read.names else None)
            out["covariance"] = read.values
        if out.get("expected_returns") is not None:
            out["expected_returns"] = vector("expected_returns", out["expected_returns"], self._names)
        return out

    @property
    def _names(self) -> tuple[Any, ...]:
        return () if self.labels is None else self.labels.names

    def _returns(self, given: Any) -> Any:
        """Return (T, N) returns in the order of the stream's assets."""
        read = _row(given)
        read = table("returns", given) if read is None else read
        if not read.names:
            return np.atleast_2d(read.values)
        if self.labels is None:
            self.labels = replace(read, timestamps_ms=None)
        places = aligned("returns", read.names, self._names, what="the first batch")
        return read.values if places is None else read.values[:, places]


def _row(given: Any) -> Table | None:
    """Return one row that is labelled by asset, or None where a batch is something else."""
    if isinstance(given, Mapping) and any(not np.isscalar(value) and value is not None for value in given.values()):
        return None
    series = getattr(given, "ndim", 0) == 1 and hasattr(given, "to_frame") and not is_frame(given)
    return labelled("returns", given) if series or isinstance(given, Mapping) else None
