"""Figures of a GPU, each beside its peer or its target, and the file that they go to one by one."""

import json
import os
from pathlib import Path
from typing import NamedTuple

__all__ = ["Row", "Sizes", "keep"]


class Row(NamedTuple):
    """One figure.

    Attributes:
        work: What is done.
        seconds: How long it takes; None where it could not be done, and note says why.
        beside: What it is compared with; "" for the target alone.
        others: Seconds of that; None where it could not be done.
        target: Most seconds or, with a peer, least others / seconds; None for a figure without a target.
        note: What else is to be said.
    """

    work: str
    seconds: float | None
    beside: str = ""
    others: float | None = None
    target: float | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None without one, or without the figures for it."""
        if self.target is None or self.seconds is None or (self.beside and self.others is None):
            return None
        return self.others / self.seconds >= self.target if self.others is not None else self.seconds <= self.target

    def __str__(self) -> str:
        """The row as a line of a log."""
        state = {True: "reached", False: "SHORT", None: "-"}[self.reached]
        taken = "not measured" if self.seconds is None else f"{self.seconds:.3g} s"
        peer = "" if self.others is None else f"{self.beside} {self.others:.3g} s"
        aim = "" if self.target is None else f"target {self.target:.3g}{'x' if self.beside else ' s'}"
        return "  ".join(filter(None, (f"{state:8}", f"{self.work:58}", taken, peer, aim, self.note)))


class Sizes(NamedTuple):
    """How large the works are.

    Attributes:
        rounds: Of a median.
        launches: Of a kernel between two events.
        busy: Bytes of the copy behind which launches wait, and which empties the caches.
        rotated: Bytes of inputs that launches take in turn, several times those of the caches.
        moved: Bytes of a copy on the device whose rate is a ceiling.
        crossing: Bytes of a copy to or from the host, likewise.
        sweep: Series and bars.
        long: Bars of one long series.
        fits: Series and prices.
        components: Rows and columns.
        stack: Matrices, rows and columns.
        market: Rows and names.
        requests: Index of the size of each request among those of its case, smallest first.
    """

    rounds: int = 5
    launches: int = 20
    busy: int = 2**31
    rotated: int = 2**28
    moved: int = 4 * 10**9
    crossing: int = 2**28
    sweep: tuple[int, int] = (500, 2_500)
    long: int = 1_000_000
    fits: tuple[int, int] = (10_000, 500)
    components: tuple[int, int] = (2_500, 500)
    stack: tuple[int, int, int] = (64, 500, 50)
    market: tuple[int, int] = (2_520, 1_000)
    requests: int = -1


SMALL = Sizes(
    rounds=1,
    launches=2,
    busy=2**12,
    rotated=2**14,
    moved=2**12,
    crossing=2**12,
    sweep=(4, 40),
    long=60,
    fits=(6, 50),
    components=(30, 12),
    stack=(2, 20, 12),
    market=(60, 5),
    requests=0,
)
"""Sizes that only show that everything runs."""


def keep(row: Row, section: str, file: Path | None) -> None:
    """Print a row, and append it to a file as a line of JSON, on the disk before the next one is measured."""
    print(row, flush=True)
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"section": section, **row._asdict(), "reached": row.reached}) + "\n")
        lines.flush()
        os.fsync(lines.fileno())
