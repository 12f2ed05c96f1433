"""The prices that ship with the demo; README.md beside them has their source."""

import csv
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["MONTHS_A_YEAR", "Crude", "load"]

MONTHS_A_YEAR = 12


class Crude(NamedTuple):
    """Two prices of crude oil, T months.

    Attributes:
        months: T names, "1987-05" first.
        brent: (T,) monthly averages, US dollars a barrel.
        wti: (T,) likewise.
    """

    months: tuple[str, ...]
    brent: NDArray[np.float64]
    wti: NDArray[np.float64]

    def until(self, year: int) -> int:
        """Return how many months end with that year."""
        return sum(month <= f"{year}-12" for month in self.months)


def load() -> Crude:
    """Read the prices."""
    text = (resources.files("meanrev_demo") / "crude.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    brent, wti = (np.array([float(row[name]) for row in rows]) for name in _COLUMNS)
    return Crude(tuple(row["month"] for row in rows), brent, wti)


_COLUMNS = ("brent_usd_per_barrel", "wti_usd_per_barrel")
