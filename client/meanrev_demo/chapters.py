"""The results of the demo, chapter by chapter: numbers only, however they are shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meanrev_demo.trading import Performance

__all__ = ["Fit", "Heatmap", "Rule", "Search", "Spread", "Story", "Universe", "Walk", "Yardstick"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Log WTI less its share of log Brent.

    Attributes:
        months: T names.
        value: (T,) log WTI - hedge_ratio log Brent - intercept; about 0 where the model was fitted.
        z_score: (T,) distance from the fitted mean, in fitted stationary standard deviations.
        hedge_ratio: Slope of ordinary least squares over the first n_fitted months.
        intercept: Of the same regression.
        n_fitted: Months that the regression and the fit saw.
        hedge_interval: Ends of the 95 % interval of the slope, by dynamic least squares over the same months.
    """

    months: tuple[str, ...]
    value: Floats
    z_score: Floats
    hedge_ratio: float
    intercept: float
    n_fitted: int
    hedge_interval: tuple[float, float]

    @property
    def farthest(self) -> int:
        """Index of the month farthest from the mean, of those that the model did not see."""
        return self.n_fitted + int(np.argmax(np.abs(self.z_score[self.n_fitted :])))


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A median-unbiased Ornstein-Uhlenbeck fit; the wire's names and units, with the month as the time unit.

    The intervals of theta and the half-life come from the exact distribution of the estimate, that of mu is Fieller's.
    """

    theta: float
    theta_lower: float
    theta_upper: float
    mu: float
    mu_lower: float
    mu_upper: float
    sigma: float
    sigma_std_error: float
    half_life: float
    half_life_lower: float
    half_life_upper: float
    adf_p_value: float
    n_samples: int
    status: str

    @property
    def stationary_sd(self) -> float:
        """The process's own standard deviation, sigma / sqrt(2 theta): the unit of every z-score."""
        return self.sigma / float(np.sqrt(2 * self.theta))


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Entry and exit, and what the fitted process promises for them.

    Attributes:
        entry_z: In stationary standard deviations.
        exit_z: A position with side d exits when d z >= -exit_z.
        sharpe: Expected, bar by bar, annualised, net of costs.
        trades_a_year: Expected round trips, both sides together.
        profit_a_trade: Expected, net, in the spread's unit.
    """

    entry_z: float
    exit_z: float
    sharpe: float
    trades_a_year: float
    profit_a_trade: float


@dataclass(frozen=True, kw_only=True)
class Yardstick:
    """The optimum beside the constant formula, for a process as volatile as here times a factor.

    Attributes:
        factor: What sigma is multiplied by.
        optimal: The optimum.
        constant: The formula's entry, with the optimum's exit.
    """

    factor: float
    optimal: Rule
    constant: Rule


@dataclass(frozen=True, kw_only=True)
class Heatmap:
    """Expected Sharpe ratio of every pair of thresholds.

    Attributes:
        entry_z: (E,).
        exit_z: (X,).
        sharpe: (E, X) annualised; NaN where the exit is not between -entry, included, and the entry, excluded.
    """

    entry_z: Floats
    exit_z: Floats
    sharpe: Floats

    def share(self, sharpe: float) -> float:
        """Return how far up the colour scale a value stands; the lowest tenth shares its dark end."""
        low, high = (float(value) for value in np.nanquantile(self.sharpe, (0.1, 1.0)))
        return min(max((sharpe - low) / (high - low), 0.0), 1.0)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """The frozen rule carried forward.

    Attributes:
        name: For a person.
        held: (T,) positions decided each month.
        equity: (T,) sum of net profits so far.
        stretches: What came of each stretch of time, by name, in order; the first is in sample.
    """

    name: str
    held: Floats
    equity: Floats
    stretches: dict[str, Performance]


@dataclass(frozen=True, kw_only=True)
class Universe:
    """A synthetic universe fitted through the server.

    Attributes:
        n_bars: Bars of each series.
        half_life: (N,) the truth, in bars.
        fitted: (N,) as recovered.
        seconds: From the call to the answer.
        covered: Share of series whose 95 % interval holds the truth.
    """

    n_bars: int
    half_life: Floats
    fitted: Floats
    seconds: float
    covered: float

    @property
    def bars_a_second(self) -> float:
        """Bars that went through client, wire and server in a second."""
        return self.n_bars * self.half_life.size / self.seconds

    @property
    def covered_std_error(self) -> float:
        """Standard error of covered, of so many independent series."""
        return float(np.sqrt(self.covered * (1 - self.covered) / self.half_life.size))

    @property
    def median_error(self) -> float:
        """Median of |fitted / truth - 1|."""
        return float(np.median(np.abs(self.fitted / self.half_life - 1)))


@dataclass(frozen=True, kw_only=True)
class Search:
    """The two oils beside pairs of unrelated walks of the same months before the freeze.

    Attributes:
        p_best: As in results.ScanResult: the share of pairs, this one among them, that look at least as cointegrated.
        null_universes: Pairs of walks that it is compared with.
    """

    p_best: float
    null_universes: int

    @property
    def as_good(self) -> int:
        """Pairs of walks that look at least as cointegrated."""
        return round(self.p_best * (1 + self.null_universes)) - 1

    @property
    def std_error(self) -> float:
        """Standard error of p_best, from the number of walks."""
        return float(np.sqrt(self.p_best * (1 - self.p_best) / self.null_universes))


@dataclass(frozen=True, kw_only=True)
class Story:
    """All of it.

    Attributes:
        device: Where the server computes, and on which machine.
        address: The server's.
        spread: The prices' spread.
        fit: Of the months before the freeze.
        refit: Of all months.
        cost_per_side: Fraction of the traded amount, on each of the two oils.
        round_trip_cost: The same for opening and closing both, in the spread's unit.
        yardsticks: The first has factor 1.
        promised: Expected annual Sharpe ratio of the optimum's levels where theta is at either end of its interval, the
            lower one first.
        heatmap: Around the optimum.
        stop_z: Where the second walk stops.
        walk: Without a stop.
        stopped: With one.
        later: In-sample performance where each order is filled a month later.
        universe: The synthetic one.
        search: What p_best says of the two oils.
    """

    device: str
    address: str
    spread: Spread
    fit: Fit
    refit: Fit
    cost_per_side: float
    round_trip_cost: float
    yardsticks: tuple[Yardstick, ...]
    promised: tuple[float, float]
    heatmap: Heatmap
    stop_z: float
    walk: Walk
    stopped: Walk
    later: Performance
    universe: Universe
    search: Search
