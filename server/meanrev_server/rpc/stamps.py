"""The timestamps of a block of prices: one a price, or none."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.errors import InvalidInput
from meanrev_wire import codec

__all__ = ["stamps_of"]

_NONE = np.empty(0, dtype=np.int64)


def stamps_of(timestamps_ms: Sequence[int], n_prices: int, field: str = "timestamps_ms") -> NDArray[np.int64]:
    """Return the timestamps of n_prices prices, (n_prices,) or (0,).

    Args:
        timestamps_ms: A message's repeated field.
        n_prices: Prices that they belong to.
        field: Its path in the request, for messages.

    Raises:
        InvalidInput: there are some, but not one a price.
    """
    if not len(timestamps_ms):
        return _NONE
    stamps = codec.integers(timestamps_ms)
    if stamps.size != n_prices:
        rule = f"must hold one timestamp for each of the {n_prices} prices, or none"
        raise InvalidInput(field, rule, value=stamps.size)
    return stamps
