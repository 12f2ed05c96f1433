"""A portfolio's health: equations and result.

With quantities q, last prices P and cash, total value V = cash + sum q P. Marks of one timestamp are one snapshot, and
V_t is the value when a snapshot is complete, so that the legs of a hedge never show a loss between them:

    daily_return    V / V_0 - 1, V_0 the value after the last mark of the previous UTC day (on the first day: the first)
    volatility_24h  sqrt(sum (ln V_t - ln V_{t-1})^2) over the last 24 h, to the minute: realised, not annualised
    max_drawdown    max over t of 1 - V_t / max(V_s, s <= t), since registration
    z               (P - mu) / (sigma / sqrt(2 theta)), per asset that has been seen to revert

Hard alerts make the status "risk": the drawdown from the peak is over its limit now, the value is not positive, or
|z| of a held asset is over its limit. Soft ones make it "warning": no price yet, a stale price, |z| of a watched asset
over its limit, theta no longer distinguishable from 0, no holdings.
"""

from typing import NamedTuple, Protocol

__all__ = ["STATUSES", "Estimator", "Health", "ProcessEstimate"]

STATUSES = ("healthy", "warning", "risk")
"""From no alert to a hard one."""


class ProcessEstimate(Protocol):
    """What health reads of an Ornstein-Uhlenbeck estimate."""

    @property
    def theta(self) -> float:
        """Speed of reversion."""

    @property
    def mu(self) -> float:
        """Mean."""

    @property
    def sigma(self) -> float:
        """Diffusion."""

    @property
    def theta_lower(self) -> float:
        """Lower end of theta's 95 % interval; 0 where theta is not significantly above 0."""

    @property
    def n_samples(self) -> int:
        """Prices used."""


class Estimator(Protocol):
    """A stream of prices of one asset, as gpu_kernels.ou.OnlineOu is one."""

    def update(self, price: float, timestamp_ms: int = 0) -> None:
        """Take the next price."""

    def estimate(self) -> ProcessEstimate:
        """Return the estimate so far."""


class Health(NamedTuple):
    """A portfolio's state at one time.

    Attributes:
        timestamp_ms: When, in milliseconds since the epoch.
        total_value: Cash and holdings at their last prices; an unpriced holding counts 0.
        daily_return: Since the previous UTC day's last mark; 0 while a holding has no price or V_0 is not positive.
        volatility_24h: Realised volatility of the last 24 h, a fraction; changes to or from a value that is not
            positive have no logarithm and are left out.
        max_drawdown: Largest fall from a peak since registration, a positive fraction, above 1 where value went below
            zero; 0 as long as no value was positive.
        open_positions: Holdings whose quantity is not 0.
        status: One of STATUSES.
        alerts: One sentence each, hard ones first.
    """

    timestamp_ms: int
    total_value: float
    daily_return: float
    volatility_24h: float
    max_drawdown: float
    open_positions: int
    status: str
    alerts: tuple[str, ...]
