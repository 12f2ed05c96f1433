"""A whole matrix, as every research method takes it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from meanrev_wire.matrix_ids import matrix_id

__all__ = ["UploadedMatrix"]

_OF_A_NAME = 80
"""Bytes of memory of a column's name, beside its text."""


@dataclass(frozen=True, slots=True)
class UploadedMatrix:
    """A whole matrix.

    Attributes:
        values: (T, N). An upload has each column in one piece of memory, and a kept matrix cannot be written to.
        columns: N names, all different.
        timestamps_ms: (T,), or None where none were sent.
        matrix_id: The id of a matrix that is kept; "" where it is not, or where only a part of it was chosen.
    """

    values: Floats
    columns: tuple[str, ...]
    timestamps_ms: NDArray[np.int64] | None
    matrix_id: str = ""

    @property
    def nbytes(self) -> int:
        """Bytes of the values and the timestamps."""
        return int(self.values.nbytes + (0 if self.timestamps_ms is None else self.timestamps_ms.nbytes))

    @property
    def held_bytes(self) -> int:
        """Bytes of memory that it takes, with the names of its columns, about."""
        return self.nbytes + _OF_A_NAME * len(self.columns) + sum(map(len, self.columns))

    def content_id(self) -> str:
        """Return the id of its content. This takes long enough for a compute thread where it is not known."""
        return self.matrix_id or matrix_id(self.values, self.columns, self.timestamps_ms, interruption.check)
