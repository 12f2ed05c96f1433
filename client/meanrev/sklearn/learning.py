"""Fits a pair or a spread to the train part through a client."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meanrev.client import Client
from meanrev.errors import InvalidInput
from meanrev.results import OuFit, PairFit, Thresholds

__all__ = ["Learnt", "Wanted", "learn_pair", "learn_spread"]

Floats = NDArray[np.float64]

_DEFAULT_COST_PER_SIDE = 5e-4
_NO_LEVELS = (float("nan"), float("nan"))


class Wanted(NamedTuple):
    """How to learn.

    Attributes:
        log: Whether logarithms of the prices are modelled.
        cost_per_side: A fraction of each leg's notional with log, else in units of the spread; None is the default.
        objective: What the thresholds maximise.
        bias: Correction of the fitted theta.
        levels: Entry and exit scores in place of the optimal ones, or None.
        timeout: Seconds for a call; the client's own where None.
    """

    log: bool
    cost_per_side: float | None
    objective: str
    bias: str
    levels: tuple[float, float] | None
    timeout: float | None

    @property
    def cost(self) -> float:
        """The cost of a side.

        Raises:
            InvalidInput: there is none, and the spread has units of its own.
        """
        if self.cost_per_side is not None:
            return float(self.cost_per_side)
        if self.log:
            return _DEFAULT_COST_PER_SIDE
        rule = "must be given where no logarithms are modelled: a cost of a side, in units of the spread"
        raise InvalidInput("cost_per_side", rule, value=None)


class Learnt(NamedTuple):
    """A spread, its process and the rule to trade it by. PairsTrader describes the fields, with an underscore each."""

    hedge_ratio: float
    intercept: float
    p_value: float
    theta: float
    mu: float
    sigma: float
    half_life: float
    entry_zscore: float
    exit_zscore: float
    cost: float
    status: str
    reason: str
    note: str


def learn_pair(client: Client, prices: Floats, wanted: Wanted) -> Learnt:
    """Learn from a pair.

    Args:
        client: Computes.
        prices: (T, 2), y and x.
        wanted: How.

    Raises:
        InvalidInput: a price or an argument breaks its rule.
        MeanRevError: as every call.
    """
    found: PairFit = client.pair(
        prices[:, 0],
        prices[:, 1],
        log=wanted.log,
        cost_per_side=wanted.cost,
        objective=wanted.objective,
        bias=wanted.bias,
        timeout=wanted.timeout,
    )
    levels, status, reason = (found.entry_zscore, found.exit_zscore), found.status, found.reason
    if wanted.levels is not None and status != "no_process":
        levels, status, reason = wanted.levels, "traded", ""
    return Learnt(
        hedge_ratio=found.hedge_ratio,
        intercept=found.intercept,
        p_value=found.p_value,
        theta=found.theta,
        mu=found.mu,
        sigma=found.sigma,
        half_life=found.half_life,
        entry_zscore=levels[0],
        exit_zscore=levels[1],
        cost=wanted.cost * (1.0 + abs(found.hedge_ratio) if wanted.log else 1.0),
        status=status,
        reason=reason,
        note=found.note,
    )


def learn_spread(client: Client, spread: Floats, wanted: Wanted) -> Learnt:
    """Learn from a spread.

    Args:
        client: Computes.
        spread: (T,) or logarithms of it, as it is modelled.
        wanted: How.

    Raises:
        InvalidInput: a price or an argument breaks its rule.
        MeanRevError: as every call.
    """
    found: OuFit = client.ou(spread, bias=wanted.bias, timeout=wanted.timeout)
    reverts = found.status != "error" and found.theta > 0
    levels, status, reason, note = _NO_LEVELS, "no_process", f"the spread reverts to no mean: {found.reason}", ""
    if reverts:
        levels, status, reason, note = _rule(client, found, wanted)
    process = {name: float(found[name]) if reverts else float("nan") for name in ("theta", "mu", "sigma", "half_life")}
    return Learnt(
        hedge_ratio=0.0,
        intercept=0.0,
        p_value=float(found.adf_p_value),
        **process,
        entry_zscore=levels[0],
        exit_zscore=levels[1],
        cost=wanted.cost,
        status=status,
        reason=reason,
        note=note,
    )


def _rule(client: Client, found: OuFit, wanted: Wanted) -> tuple[tuple[float, float], str, str, str]:
    """Return the levels of a process, whether it is traded, why not, and what to beware of."""
    if wanted.levels is not None:
        return wanted.levels, "traded", "", ""
    cost, deviation = 2.0 * wanted.cost, float(found.sigma / np.sqrt(2.0 * found.theta))
    try:
        best: Thresholds = client.thresholds(
            found, round_trip_cost=cost, objective=wanted.objective, timeout=wanted.timeout
        )
    except InvalidInput as error:
        if error.field == "round_trip_cost" and cost > deviation:  # the rule that it breaks is the largest cost
            return _NO_LEVELS, "too_costly", str(error), ""
        raise
    return (float(best.entry_zscore), float(best.exit_zscore)), "traded", "", str(best.note)
