"""The account: prices in, health out. It has no clock; the caller gives the time."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping

from gpu_kernels.checks import at_least, positive
from gpu_kernels.errors import InvalidInput
from gpu_kernels.health.history import History
from gpu_kernels.health.model import Estimator, Health
from gpu_kernels.time_units import DAY_MS

__all__ = ["Account"]

_LARGEST = 1e300
_FEW = 16
"""Holdings that are added up afresh with every mark."""
_LEAST_SAMPLES = 30
"""Fewest prices of an estimate that can raise an alert; for "converged" an estimate needs as many."""


class Account:
    """One portfolio, kept up to date in amortised constant time a mark and memory that marks do not grow.

    Marks of one timestamp are one snapshot. Figures that depend on the past (peak, drawdown, volatility, the day's
    start) take its value when the first mark of a later time comes; a report in between counts it, and keeps nothing.

    References:
        Realised volatility: Andersen, Bollerslev, Diebold and Labys (2003), Modeling and forecasting realized
        volatility, equation 7.
    """

    def __init__(
        self,
        holdings: Mapping[str, float],
        *,
        watched: Collection[str] = (),
        cash: float = 0.0,
        max_drawdown: float = 0.2,
        max_abs_z: float = 4.0,
        stale_ms: int = DAY_MS,
        estimator: Callable[[], Estimator] | None = None,
    ) -> None:
        """Register holdings.

        Args:
            holdings: Quantity of each asset, negative where short; quantity 0 is watched only.
            watched: Further assets, for alerts alone.
            cash: Of any sign.
            max_drawdown: Alert beyond this fall from the peak, a fraction > 0.
            max_abs_z: Alert beyond this distance from the mean, in stationary standard deviations.
            stale_ms: Alert where an asset's last mark is older than this.
            estimator: Makes the estimator of one asset, such as gpu_kernels.ou.OnlineOu; without it there are no alerts
                on z and theta.

        Raises:
            InvalidInput: a quantity or cash is not finite, or a limit is not positive.
        """
        for asset_id, quantity in holdings.items():
            _finite(f"holdings[{asset_id!r}]", quantity)
        self._cash = _finite("cash", cash)
        self._max_drawdown = positive("max_drawdown", max_drawdown)
        self._max_abs_z = positive("max_abs_z", max_abs_z)
        self._stale_ms = at_least("stale_ms", stale_ms, 1)
        self._held = {asset_id: float(quantity) for asset_id, quantity in holdings.items() if quantity != 0}
        self._assets = dict.fromkeys((*self._held, *holdings, *watched))
        self._prices: dict[str, tuple[float, int]] = {}
        self._unpriced = set(self._held)
        self._reverting: set[str] = set()
        self._estimators = {} if estimator is None else {asset_id: estimator() for asset_id in self._assets}
        self._history = History()
        self._clock = 0
        self._value = self._cash
        self._updates = 0

    def mark(self, asset_id: str, price: float, timestamp_ms: int) -> None:
        """Take an asset's price. One older than that asset's last is ignored; one of the same time replaces it.

        Args:
            asset_id: A held or watched asset.
            price: Finite; negative ones are legal (spreads).
            timestamp_ms: Milliseconds since the epoch. A mark later than the asset's last but earlier than another
                asset's counts from the latest time seen.

        Raises:
            InvalidInput: the asset is neither held nor watched, the price is not finite, quantity times price is beyond
                1e300, or the time is negative.
        """
        if asset_id not in self._assets:
            raise InvalidInput("asset_id", "must be held or watched", value=asset_id)
        quantity = self._held.get(asset_id, 0.0)
        if not abs(quantity * _finite("price", price)) <= _LARGEST:
            raise InvalidInput("price", "must keep quantity times price within 1e300", value=price)
        at_least("timestamp_ms", timestamp_ms, 0)
        before, last = self._prices.get(asset_id, (0.0, -1))
        if timestamp_ms < last:
            return
        if timestamp_ms > self._clock:
            self._settle()
            self._clock = timestamp_ms
        self._prices[asset_id] = float(price), timestamp_ms
        self._unpriced.discard(asset_id)
        if quantity:
            self._revalue(quantity * price - quantity * before)
        if asset_id in self._estimators and timestamp_ms > last:
            self._estimators[asset_id].update(float(price), timestamp_ms)

    def report(self, now_ms: int) -> Health:
        """Return the state at a time.

        Args:
            now_ms: Milliseconds since the epoch; where marks are later, their time counts.

        Raises:
            InvalidInput: the time is negative.
        """
        now = max(self._clock, at_least("now_ms", now_ms, 0))
        value, past = self._value, self._history
        known = bool(self._held) and not self._unpriced
        readings = [reading for asset_id in self._estimators for reading in self._reversion(asset_id)]
        hard = [*self._losses(known=known), *(text for text, severe in readings if severe)]
        soft = [*self._gaps(now), *(text for text, severe in readings if not severe)]
        return Health(
            timestamp_ms=now_ms,
            total_value=value,
            daily_return=past.daily_return(value, self._clock, now) if known else 0.0,
            volatility_24h=past.volatility(value, self._clock, now) if known else 0.0,
            max_drawdown=past.max_drawdown(value) if known else 0.0,
            open_positions=len(self._held),
            status="risk" if hard else "warning" if soft else "healthy",
            alerts=(*hard, *soft),
        )

    def _settle(self) -> None:
        """Keep the snapshot of the time before the new mark."""
        if self._held and not self._unpriced:
            self._history.record(self._value, self._clock)

    def _revalue(self, change: float) -> None:
        """Follow one price; after as many as there are holdings add up afresh, so that rounding cannot pile up."""
        self._updates += 1
        self._value += change
        if self._updates >= len(self._held) or len(self._held) <= _FEW:
            self._updates = 0
            priced = (self._held[name] * price for name, (price, _) in self._prices.items() if name in self._held)
            self._value = math.fsum([self._cash, *priced])

    def _losses(self, *, known: bool) -> Iterator[str]:
        """Yield the hard alerts on the account's value."""
        if not known:
            return
        if self._value <= 0:
            yield f"value {self._value:.6g} is not positive"
        fall = self._history.drawdown(self._value)
        if fall > self._max_drawdown:
            yield f"drawdown {fall:.2%} is over {self._max_drawdown:.2%}"

    def _gaps(self, now_ms: int) -> Iterator[str]:
        """Yield the soft alerts on what is missing."""
        if not self._held:
            yield "no holdings"
        for asset_id in self._assets:
            if asset_id not in self._prices:
                yield f"no price yet for {asset_id}"
            elif now_ms - self._prices[asset_id][1] > self._stale_ms:
                age = (now_ms - self._prices[asset_id][1]) / 1000
                yield f"last price of {asset_id} is {age:.0f} s old, over {self._stale_ms / 1000:g} s"

    def _reversion(self, asset_id: str) -> Iterator[tuple[str, bool]]:
        """Yield alerts on an asset that a report has seen to revert, and whether they are hard."""
        if asset_id not in self._prices:
            return
        estimate = self._estimators[asset_id].estimate()
        if estimate.n_samples < _LEAST_SAMPLES:
            return
        if estimate.theta_lower > 0:
            self._reverting.add(asset_id)
        elif asset_id in self._reverting:
            yield f"theta of {asset_id} is no longer distinguishable from 0", False
        if asset_id not in self._reverting or not (estimate.theta > 0 and estimate.sigma > 0):
            return
        z = (self._prices[asset_id][0] - estimate.mu) / (estimate.sigma / math.sqrt(2.0 * estimate.theta))
        if abs(z) > self._max_abs_z:
            yield f"z of {asset_id} is {z:.2f}, over {self._max_abs_z:g} from the mean", asset_id in self._held


def _finite(field: str, value: float) -> float:
    if not math.isfinite(value):
        raise InvalidInput(field, "must be finite", value=value)
    return float(value)
