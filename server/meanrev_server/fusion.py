"""Operations that compute many small requests at once: stack the arguments, compute, split the answers.

An operation is here where a small call costs more in the calling than in the arithmetic, where a request gets the same
bits in company as alone, and where a server with many clients gains by it. Others go alone: streams of estimates have a
state each, a request that is large by itself gains nothing, model "leung_li" of the thresholds takes as long for two
processes as for one and another, and of FitOu the fit is the smaller part (docs/decisions/0004).
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gpu_kernels import thresholds

__all__ = ["FUSIONS", "Fusion", "ThresholdKey"]


class ThresholdKey(NamedTuple):
    """What requests for thresholds must agree on; an item is a mapping of the other arguments of thresholds.optimal.

    Attributes:
        objective: One of thresholds.OBJECTIVES.
        model: One of thresholds.MODELS.
        optional: Names of the optional arguments that an item gives.
    """

    objective: str
    model: str
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fusion:
    """How one operation fuses.

    Attributes:
        alone: Computes one item; takes the key and the item.
        together: Computes two or more; takes the key and the items, returns as many results in their order.
    """

    alone: Callable[[Any, Any], Any]
    together: Callable[[Any, Sequence[Any]], Sequence[Any]]

    def compute(self, key: Hashable, items: Sequence[Any]) -> Sequence[Any]:
        """Compute items that share a key.

        Raises:
            Exception: whatever the operation raises, for any of them.
        """
        return [self.alone(key, items[0])] if len(items) == 1 else self.together(key, items)


def _thresholds_alone(key: ThresholdKey, item: Mapping[str, float]) -> thresholds.Thresholds:
    return thresholds.optimal(**item, objective=key.objective, model=key.model)


def _thresholds_together(key: ThresholdKey, items: Sequence[Mapping[str, float]]) -> list[thresholds.Thresholds]:
    stacked: dict[str, Any] = {name: np.array([item[name] for item in items]) for name in items[0]}
    found = thresholds.optimal(**stacked, objective=key.objective, model=key.model)
    return [thresholds.Thresholds(*row) for row in zip(*found, strict=True)]


FUSIONS: Mapping[str, Fusion] = {
    "thresholds.optimal": Fusion(_thresholds_alone, _thresholds_together),
}
"""The registry, by name of the operation."""
