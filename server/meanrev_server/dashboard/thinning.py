"""Which bars of long series a page draws: a screen has some thousand dots across, and a matrix may have millions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = ["MOST_BARS", "drawn_bars", "numbers"]

MOST_BARS = 4000
"""Most bars that are drawn."""


def drawn_bars(series: Sequence[Floats]) -> NDArray[np.int64]:
    """Return the numbers of the bars to draw, in order: all of them, or the extremes of each series in equal spans.

    Every value that is drawn is a value of its bar, so no mean is shown, and no extreme of a span is left out.

    Args:
        series: One or more, each (T,) with T >= 1; NaN is never an extreme.
    """
    n_bars = len(series[0])
    if n_bars <= MOST_BARS:
        return np.arange(n_bars)
    n_spans = MOST_BARS // (2 * len(series)) - 1
    length = -(-n_bars // n_spans)
    kept = [np.array([0, n_bars - 1])]
    for values in series:
        padded = np.full(length * -(-n_bars // length), np.nan)
        padded[:n_bars] = values
        spans = padded.reshape(-1, length)
        starts = np.arange(len(spans)) * length
        for missing, extreme in ((np.inf, np.argmin), (-np.inf, np.argmax)):
            found = starts + extreme(np.where(np.isnan(spans), missing, spans), axis=1)
            kept.append(found[found < n_bars])
    return np.unique(np.concatenate(kept))


def numbers(values: Floats) -> list[float | None]:
    """Return numbers as JSON has them: null where they are not finite."""
    return [value if finite else None for value, finite in zip(values.tolist(), np.isfinite(values), strict=True)]
