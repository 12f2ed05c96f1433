"""Operations that many small requests share: their arguments are stacked, computed at once, and the answers split.

An operation is here where a small call costs more in the calling than in the arithmetic, where a request gets the same
bits in a batch as alone, and where a server with many clients gains by it. All others are computed one by one: a stream
of estimates has a state of its own, a large request gains nothing, model "leung_li" of the thresholds takes as long for
two processes together as for one after the other, and of FitOu the fit is the smaller part (docs/decisions/0004).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gpu_kernels import thresholds

__all__ = ["ThresholdKey", "optimal_thresholds"]


class ThresholdKey(NamedTuple):
    """What requests for thresholds must agree on to be computed together.

    Attributes:
        objective: One of thresholds.OBJECTIVES.
        model: One of thresholds.MODELS.
        optional: Names of the optional arguments that an item gives.
        cost_variance: As in thresholds.optimal.
        stop_changes: As in thresholds.optimal.
    """

    objective: str
    model: str
    optional: tuple[str, ...] = ()
    cost_variance: bool = True
    stop_changes: str = "all"

    @property
    def shared(self) -> dict[str, Any]:
        """The arguments of thresholds.optimal that all have in common."""
        names = ("objective", "model", "cost_variance", "stop_changes")
        return {name: getattr(self, name) for name in names}


def optimal_thresholds(key: ThresholdKey, items: Sequence[Mapping[str, float]]) -> list[thresholds.Thresholds]:
    """Compute the optimal thresholds of requests that share a key.

    Args:
        key: What they agree on.
        items: One or more mappings of the other arguments of thresholds.optimal, all with the same names.

    Returns:
        The thresholds of each item, with the bits that it gets alone.

    Raises:
        InvalidInput: as thresholds.optimal; the index names the item where there are two or more.
    """
    if len(items) == 1:
        alone: dict[str, Any] = {**items[0], **key.shared}
        return [thresholds.optimal(**alone)]
    stacked: dict[str, Any] = {name: np.array([item[name] for item in items]) for name in items[0]}
    found = thresholds.optimal(**stacked, **key.shared)
    return [thresholds.Thresholds(*row) for row in zip(*found, strict=True)]
