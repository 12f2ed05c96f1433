"""Estimation on a stream of prices."""

import math

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels import interruption
from gpu_kernels.bounds import moderate
from gpu_kernels.checks import array, at_least, no_infinity, one_of, positive
from gpu_kernels.dispatch import Twins, on_lanes
from gpu_kernels.errors import InvalidInput
from gpu_kernels.ou import host, irregular, scalar
from gpu_kernels.ou.compiled import CompiledStream
from gpu_kernels.ou.convergence import CONVERGENCES, level
from gpu_kernels.ou.model import BIASES, OuEstimate, single
from gpu_kernels.ou.running import RunningSums, exact
from gpu_kernels.ou.sums import CANCELLED
from gpu_kernels.ou.window import Window

__all__ = ["OnlineOu"]

_LONGEST_RECOMPUTED = 10_000
"""Prices kept, by default and at most, where every estimate is made from the kept prices."""

WINDOWED_TWINS = Twins(host=host.fit)
IRREGULAR_TWINS = Twins(host=irregular.fit)


class OnlineOu:
    """The Ornstein-Uhlenbeck process of one stream of prices.

    An update takes constant time. So does an estimate, unless adf_lags, the jackknife or times need the prices
    themselves: then the last `window` prices are kept and every estimate is made afresh from them.

    A NaN price is kept as a gap, as in fit. An infinite one is refused.

    Made where the selection is "native", a stream without a window runs in compiled code from then on.

    Args:
        dt: Time between prices, in the unit that theta shall have; not with time_unit_ms.
        forgetting: Weight in (0, 1] of the past at each new pair; None or 1 forgets nothing.
        window: Prices to look back on, at least 4; None is all of them. Not with forgetting.
        bias: As in fit.
        adf_lags: As in fit.
        convergence: "every_tick" lets a random walk be called converged at any tick at all with probability 5 %;
            "single_look" tests each tick at 5 % by itself, as if it were the only one.
        time_unit_ms: Milliseconds of theta's time unit, between 1e-50 and 1e50. Given, the timestamps are used, and a
            tick whose timestamp is not above that of the tick taken before it is skipped and counted. Times before 1970
            are negative.

    Raises:
        InvalidInput: an argument is out of its range, or two that exclude each other are given.

    References:
        West (1979), Updating mean and variance estimates: an improved method.
    """

    def __init__(
        self,
        *,
        dt: float = 1.0,
        forgetting: float | None = None,
        window: int | None = None,
        bias: str = "none",
        adf_lags: int = 0,
        convergence: str = "every_tick",
        time_unit_ms: float | None = None,
    ) -> None:
        self._dt = positive("dt", dt)
        self._bias = one_of("bias", bias, BIASES)
        self._adf_lags = at_least("adf_lags", adf_lags, 0)
        self._time_unit_ms = None if time_unit_ms is None else moderate("time_unit_ms", time_unit_ms)
        if time_unit_ms is not None and dt != 1.0:
            raise InvalidInput("dt", "cannot be given together with time_unit_ms", value=dt)
        self._recomputes = adf_lags > 0 or bias == "jackknife" or time_unit_ms is not None
        fading = _forgetting(forgetting, window, recomputes=self._recomputes)
        self._forgetting = fading
        self._sums = RunningSums(fading)
        length = _length(window, recomputes=self._recomputes)
        self._window = None if length is None else Window(length)
        native = self._window is None and on_lanes()
        self._compiled = CompiledStream(self._dt, bias, fading) if native else None
        self._always_valid = one_of("convergence", convergence, CONVERGENCES) == "every_tick"
        self._n_seen = 0
        self._since_exact = 0
        self._last_ms: int | None = None
        self._theta: float | None = None
        self.n_skipped = 0
        """Ticks left out because their timestamps did not increase."""

    def update(self, price: float, timestamp_ms: int = 0) -> None:
        """Take the next price.

        Args:
            price: In any unit; NaN is a gap.
            timestamp_ms: Used with time_unit_ms alone.

        Raises:
            InvalidInput: price is infinite; the state is as before.
        """
        if math.isinf(price):
            raise InvalidInput("price", "must not be infinite", value=price)
        self._n_seen += 1
        if self._compiled is not None:
            self._compiled.add(price)
        else:
            self._take(float(price), timestamp_ms)

    def extend(self, prices: ArrayLike, timestamps_ms: ArrayLike | None = None) -> None:
        """Take several prices, (T,), oldest first, with one timestamp each or none.

        Raises:
            InvalidInput: a price is infinite, or timestamps are not (T,) numbers, or are missing where time_unit_ms
                is given; the state is as before.
        """
        checked = array("prices", prices, ndim=1, shape="(T,)")
        no_infinity("prices", checked)
        if timestamps_ms is None:
            if self._time_unit_ms is not None and checked.size:
                raise InvalidInput("timestamps_ms", "must be given where time_unit_ms is")
            stamps = [] if self._window is None else [0] * checked.size
        else:
            stamps = _stamps(timestamps_ms, checked.size)
        self._n_seen += checked.size
        if self._window is None:
            (self._compiled or self._sums).extend(checked)
            return
        for number, (price, stamp) in enumerate(zip(checked.tolist(), stamps, strict=True)):
            if not number % interruption.BETWEEN_LOOKS:
                interruption.check()
            self._take(price, stamp)

    def estimate(self) -> OuEstimate:
        """Return the estimate from all prices so far, and keep its theta.

        The status is "converged" only where the unit root is rejected as `convergence` says and, after the first
        estimate of a stream, theta moved by less than half its standard error since the estimate before.
        """
        found = self._fit() if self._compiled is None else self._compiled.estimate()
        before, self._theta = self._theta, found.theta if found.n_samples else None
        if found.status == "converged" and self._always_valid:
            needed = level(self._n_seen, self._n_pairs(found.n_samples))
            if not found.adf_p_value < needed:
                reason = (
                    f"the Dickey-Fuller test does not reject a unit root at {needed:.2g}, which holds at every tick"
                )
                return self._with_skips(found._replace(status="updating", reason=reason))
        if found.status == "converged" and before is not None:
            still = abs(found.theta - before) < 0.5 * found.theta_std_error
            if not still:
                found = found._replace(status="updating", reason="theta still moves between estimates")
        return self._with_skips(found)

    def _n_pairs(self, n_samples: int) -> float:
        """Return how many equally weighted pairs an estimate from so many prices has."""
        if self._forgetting == 1.0:
            return n_samples - 1.0
        return min(n_samples - 1.0, (1.0 + self._forgetting) / (1.0 - self._forgetting))

    def _with_skips(self, found: OuEstimate) -> OuEstimate:
        if not self.n_skipped:
            return found
        skipped = f"{self.n_skipped} ticks skipped: their timestamps are not above the one before"
        return found._replace(reason=f"{found.reason}; {skipped}" if found.reason else skipped)

    def _take(self, price: float, timestamp_ms: int) -> None:
        if self._time_unit_ms is not None:
            if self._last_ms is not None and timestamp_ms <= self._last_ms:
                self.n_skipped += 1
                return
            self._last_ms = timestamp_ms
        if self._window is None:
            self._sums.add(price)
        elif self._recomputes:
            self._window.append(price, timestamp_ms)
        else:
            self._slide(self._window, price)

    def _slide(self, window: Window, price: float) -> None:
        if window.full:
            oldest, second = window.prices[:2].tolist()
            self._sums.remove(oldest, second)
            self._since_exact += 1
        window.append(price, 0.0)
        self._sums.add(price)
        # Each removal leaves a little rounding in the sums, so they are summed afresh once a window length.
        if self._since_exact >= window.length or (self._since_exact and self._sums.worn()):
            self._sums.restart(window.prices)
            self._since_exact = 0

    def _fit(self) -> OuEstimate:
        if self._window is None or not self._recomputes:
            sums = self._sums.sums()
            if self._window is not None and sums.sse < CANCELLED * sums.sdd:
                sums = exact(self._window.prices)
            return scalar.estimate(sums, self._dt, self._bias)
        prices = self._window.prices[None]
        if self._time_unit_ms is None:
            return single(WINDOWED_TWINS.run(prices, self._dt, self._bias, self._adf_lags))
        times = self._window.times[None]
        with np.errstate(over="ignore"):  # of a unit so short that the time is infinite in it
            since = (times - times[:, :1]) / self._time_unit_ms
        return single(IRREGULAR_TWINS.run(prices, since, self._bias, self._adf_lags))


def _forgetting(forgetting: float | None, window: int | None, *, recomputes: bool) -> float:
    if forgetting is None:
        return 1.0
    if not 0 < forgetting <= 1:
        raise InvalidInput("forgetting", "must be above 0 and at most 1", value=forgetting)
    if window is not None:
        raise InvalidInput("forgetting", "cannot be given together with window", value=forgetting)
    if recomputes:
        rule = "cannot be given together with adf_lags, bias 'jackknife' or time_unit_ms"
        raise InvalidInput("forgetting", rule, value=forgetting)
    return float(forgetting)


def _length(window: int | None, *, recomputes: bool) -> int | None:
    if window is None:
        return _LONGEST_RECOMPUTED if recomputes else None
    if recomputes and window > _LONGEST_RECOMPUTED:
        rule = f"must be <= {_LONGEST_RECOMPUTED} with adf_lags, bias 'jackknife' or time_unit_ms"
        raise InvalidInput("window", rule, value=window)
    return at_least("window", window, 4)


def _stamps(timestamps_ms: ArrayLike, size: int) -> list[int]:
    stamps = np.asarray(timestamps_ms)
    if stamps.shape != (size,) or (size and stamps.dtype.kind not in "iu"):
        raise InvalidInput("timestamps_ms", f"must be {size} integers, one a price", value=stamps.shape)
    return [int(stamp) for stamp in stamps.tolist()]
