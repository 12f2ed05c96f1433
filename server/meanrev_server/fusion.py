"""Operations that compute many small requests at once: stack the arguments, compute, split the answers.

An operation is here where a small call costs more in the calling than in the arithmetic, and where a request gets the
same bits in company as alone. Others go alone: streams of estimates have a state each, a request that is large by
itself gains nothing, and model "leung_li" of the thresholds takes as long for two processes as for one and another.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gpu_kernels import ou, thresholds
from gpu_kernels.checks import Floats

__all__ = ["FUSIONS", "LONGEST_FUSED_SERIES", "FitKey", "Fusion", "ThresholdKey"]

LONGEST_FUSED_SERIES = 8192
"""Bars: NumPy sums longer rows in pieces that depend on the rows beside them."""


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


class FitKey(NamedTuple):
    """What fits must agree on; an item is a matrix of prices (B, T), with B of its own.

    Attributes:
        n_bars: T.
        dt: Time between prices.
        bias: One of ou.BIASES.
        adf_lags: Lagged steps in the Dickey-Fuller test.
    """

    n_bars: int
    dt: float = 1.0
    bias: str = "none"
    adf_lags: int = 0


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


def _fit_alone(key: FitKey, prices: Floats) -> ou.OuFit:
    return ou.fit(prices, dt=key.dt, bias=key.bias, adf_lags=key.adf_lags)


def _fit_together(key: FitKey, items: Sequence[Floats]) -> list[ou.OuFit]:
    found = _fit_alone(key, np.concatenate(items))
    ends = np.cumsum([len(prices) for prices in items]).tolist()
    starts = [0, *ends[:-1]]
    return [ou.OuFit._make(field[start:end] for field in found) for start, end in zip(starts, ends, strict=True)]


FUSIONS: Mapping[str, Fusion] = {
    "thresholds.optimal": Fusion(_thresholds_alone, _thresholds_together),
    "ou.fit": Fusion(_fit_alone, _fit_together),
}
"""The registry, by name of the operation."""
