"""The labels of bars, as the caller has them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from meanrev.intake.kept import kept_of
from meanrev.intake.table import Table

__all__ = ["times_of"]


def times_of(sent: Table, stamps: Any) -> Callable[[Any], Any]:
    """Return what turns (K,) numbers of bars into their labels, in the labels' own kind.

    Args:
        sent: The prices.
        stamps: (T,) timestamps that were given beside the prices, which come before an index; or None.

    Returns:
        A function to stamps; else to labels of a frame's index, or of its column of times; else to the times, in UTC,
        of a kept matrix whose frame is not here; else to the bars themselves.
    """
    instants = None if sent.timestamps_ms is None or kept_of(sent) is None else sent.timestamps_ms
    index, time = getattr(getattr(sent, "native", None), "index", None), getattr(sent, "time", None)

    def times(bars: Any) -> Any:
        if stamps is not None:
            return np.asarray(stamps)[bars]
        if index is not None:
            return index.take(bars)
        if time is not None:
            return time[bars.tolist()].to_native()
        return bars if instants is None else instants[bars].astype("datetime64[ms]")

    return times
