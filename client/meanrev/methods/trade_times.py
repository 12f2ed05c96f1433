"""The labels of bars, as the caller has them."""

from typing import Any

import numpy as np

from meanrev.containers import Ints, PandasTable, Table

__all__ = ["times_of"]


def times_of(sent: Table | None, bars: Ints, stamps: Any) -> Any:
    """Return the labels of some bars in their own kind.

    Args:
        sent: The prices, or None where they are not at hand.
        bars: (K,) numbers of bars.
        stamps: (T,) timestamps that were given beside the prices, which come before an index; or None.

    Returns:
        (K,) stamps; else labels of a frame's index, or of its column of times; else the numbers of the bars.
    """
    if stamps is not None:
        return np.asarray(stamps)[bars]
    if isinstance(sent, PandasTable):
        return sent.native.index.take(bars)
    time = getattr(sent, "time", None)
    return bars if time is None else time[bars.tolist()].to_native()
