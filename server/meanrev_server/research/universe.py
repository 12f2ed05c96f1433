"""What the methods on a universe's residuals share: options, memberships, and the memory and the work of scores."""

from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from gpu_kernels import residuals
from gpu_kernels.errors import InvalidInput
from meanrev_server.outline import Outline
from meanrev_server.research.task import ResearchOptions
from meanrev_server.uploaded_matrix import UploadedMatrix

__all__ = ["UniverseOptions", "block_bytes", "memberships", "score_work", "shown_factors"]

_DAYS_AT_ONCE, _BLOCK_BYTES = 64, 2**26
_COPIES = 3
"""Of a block's residuals, portfolios and loadings: as computed, as summed, and as joined."""


class UniverseOptions(ResearchOptions, frozen=True, kw_only=True):
    """Options of the methods on a universe's residuals.

    Attributes:
        min_r2: Smallest r_squared of a valid fit; none where it is left out.
        centre: Centre the means over the names of a day.
        drift: Let scores allow for alpha.
        min_dof: Smallest number of degrees of freedom of the regression; a row with fewer has no scores.
        refit: Bars between two estimates of the factors.
        members: Rows at which a column is in the universe: first, end, first, end, and so on. A column that is not
            named is in it always.
    """

    min_r2: Annotated[float, Meta(ge=0, lt=1)] | None = None
    centre: bool = True
    drift: bool = False
    min_dof: Annotated[int, Meta(ge=1)] = 20
    refit: Annotated[int, Meta(ge=1)] = 1
    members: dict[str, tuple[Annotated[int, Meta(ge=0)], ...]] = msgspec.field(default_factory=dict)

    def filters(self) -> residuals.Filters:
        """Return these options as the operation takes them."""
        least = -np.inf if self.min_r2 is None else self.min_r2
        return residuals.Filters(least, self.centre, self.drift, self.min_dof, self.refit)


def memberships(table: UploadedMatrix, members: dict[str, tuple[int, ...]]) -> NDArray[np.float64] | None:
    """Return which names are in the universe at each row, (T, N), or None where no column is named.

    Raises:
        InvalidInput: a name is no column, or its rows do not ascend in pairs within the matrix.
    """
    if not members:
        return None
    n_rows = len(table.values)
    found = np.ones(table.values.shape)
    places = {name: place for place, name in enumerate(table.columns)}
    for name, rows in members.items():
        field = f"metadata.members[{name!r}]"
        if name not in places:
            raise InvalidInput(field, "must be the name of a column")
        if len(rows) % 2 or list(rows) != sorted(set(rows)) or (rows and rows[-1] > n_rows):
            rule = f"must be pairs of a first row and an end, all of them ascending and at most {n_rows}"
            raise InvalidInput(field, rule, value=list(rows))
        found[:, places[name]] = 0.0
        for first, stop in zip(rows[::2], rows[1::2], strict=True):
            found[first:stop, places[name]] = 1.0
    return found


def shown_factors(structure: residuals.Structure) -> str:
    """Return the factors of a structure as text: a number, or a share such as "55%"."""
    return str(structure.factors) if structure.factors else f"{100.0 * structure.share:g}%"


def score_work(outline: Outline, windows: list[int], regressions: list[int]) -> int:
    """Return the elementary steps of the scores: a spectrum a row and window, and the fits of each regression."""
    n_names = outline.n_columns
    work = 0
    for window in windows:
        days = max(0, outline.n_rows - window)
        least, most = sorted((window, n_names))
        work += days * (least * least * most // 4 + window * n_names)
        work += sum(days * 40 * n_names * length for length in regressions)
    return work


def block_bytes(outline: Outline, lengths: list[int], factors: list[int], windows: list[int]) -> int:
    """Return the memory of a block of days.

    Args:
        outline: Of the matrix.
        lengths: Returns of the regressions, of each structure.
        factors: Most factors of each structure.
        windows: The different windows.
    """
    n_names = outline.n_columns
    row = 8 * n_names * sum(length + 2 * count for length, count in zip(lengths, factors, strict=True))
    days = min(_DAYS_AT_ONCE, max(1, _BLOCK_BYTES // row), max(1, outline.n_rows))
    of_a_day = row + 8 * n_names * 24 * len(lengths)
    window = 8 * max(windows) * n_names + 24 * min(max(windows), n_names) ** 2
    return _COPIES * days * of_a_day + 4 * window
