"""Optimal thresholds of an Ornstein-Uhlenbeck process: equations and result.

dX = theta (mu - X) dt + sigma dW, stationary standard deviation s = sigma/sqrt(2 theta), z = (X - mu)/s. The rule buys
at z <= -e and sells short at z >= e; a position of side d in {+1, -1} is closed at d z >= -x, so an exit x > 0 lies
before the mean, 0 at the mean, x < 0 beyond it. c is the total cost of a round trip in units of X, k = c/s.

In units of 1/theta a trade lasts A = int_x^e a and trades follow one another every C = int_x^e m, with
a(t) = sqrt(pi/2) erfcx(t/sqrt 2) and m(t) = sqrt(pi/2) exp(t^2/2); a trade earns R = (e - x) s - c.

- "profit" maximises R theta/C. Model "reversal" (x = -e): u - D(u) = k/(2 sqrt 2), e = sqrt(2) u, D Dawson's
  function; model "to_mean" (x = 0): u - D(u) = k/sqrt 2.
- "sharpe" maximises the Sharpe ratio of the mark-to-market equity, S = R sqrt(theta/(V C)) per square root of time,
  where V = sigma^2 A/theta + c^2/2 is what a trade adds to the sum of squared changes of the equity: its time in the
  market, and two fees of c/2 each. Where the exit of a trade is the entry of the next one (x = -e), the two fees fall
  on one change, and the costs add c^2. Without `cost_variance` V is sigma^2 A/theta.
- "kelly" maximises the growth g = (f R - f^2 V/2) theta/C of log wealth when f units of X are held per unit of wealth.
  Free f = R/V gives the thresholds of "sharpe" and g = S^2/2; f_max bounds f.
- Model "leung_li" buys at d and sells at b, one side only, half the cost each time, with discount rate r:
  b solves F(b) = (b - c/2) F'(b) and d maximises (V(x) - x - c/2)/G(x), V(x) = (b - c/2) F(x)/F(b), where
  F(x) = int_0^inf u^(r/theta - 1) exp(z u - u^2/2) du and G is the same with -z.

A stop L > e closes a losing trade at |z| = L; the rule then opens none before |z| < e. A share p of the trades ends at
the exit, a trade earns R = s (p (e - x) - (1 - p)(L - e)) - c, lasts p A - (1 - p) B, and trades follow one another
every p C; stopped.py has p and B. "profit" with model "reversal" then chooses both thresholds, as "sharpe" does.

Bars of length dt see a level exceeded by BAR_SHIFT deviations of a bar, against a reversion by theta dt z/4 less, and
with it by as much more (Siegmund 1979): gross profits shrink by exp(-theta dt/4), and in the times these terms cancel.
With b = exp(-theta dt), a bar in a trade has the variance s^2 (1 - b^2 + (1 - b)^2 z^2), and z^2 is
1 + (e^2 - x^2)/(2 A) there on average (Dynkin's formula for z^2). The Sharpe ratio is over the deviation about the mean
of a bar. Where the exit fills at the bar that decides it, its fee falls on a move of sqrt(2) deviations of a bar on
average, the mean step of a normal random walk over a level, so that V is less by c sigma sqrt(2 dt), and by twice that
where both fees fall there. bars.py has these factors.

An order that fills a time `delay` after its decision meets, on average, exp(-theta delay) of each deviation from the
mean, so all gross profits shrink by that factor; the times stay.
"""

from typing import NamedTuple

import numpy as np

from gpu_kernels.checks import Floats

__all__ = [
    "BAR_SHIFT",
    "LARGEST_COST",
    "LARGEST_ENTRY",
    "LARGEST_RATE",
    "MODELS",
    "NOT_SHIFTED",
    "OBJECTIVES",
    "SMALLEST_COST",
    "SMALLEST_RATE",
    "STOP_CHANGES",
    "UNITS",
    "Case",
    "Levels",
    "Thresholds",
]

OBJECTIVES = ("profit", "sharpe", "kelly")
"""What can be maximised."""

MODELS = ("reversal", "to_mean", "leung_li")
"""Which trades the rule makes; those after the first go with "profit" alone."""

STOP_CHANGES = ("all", "win_rate")
"""What a stop changes: all figures and the optimum, or the win rate alone."""

NOT_SHIFTED = "not applied"
"""What bar_shift says where bars are too coarse for the shift."""

UNITS = ("absolute", "per_side_fraction")
"""How a transaction cost may be quoted."""

SMALLEST_COST = 1e-12
"""In stationary standard deviations: below it entry and exit agree to more digits than a double has."""

LARGEST_COST = 30.0
"""In stationary standard deviations: above it the wait for a trade, exp(k^2/2), leaves the doubles."""

LARGEST_ENTRY = 36.0
"""In stationary standard deviations: the wait for an entry, exp(z^2/2), leaves the doubles at 37.6."""

SMALLEST_RATE, LARGEST_RATE = 1e-5, 100.0
"""Discount rates in units of theta between which the quadrature of model "leung_li" holds its digits."""

BAR_SHIFT = 0.5826
"""-zeta(1/2)/sqrt(2 pi): how far a discretely watched path overshoots a level, in standard deviations of one bar."""


class Case(NamedTuple):
    """Checked parameters, one process an entry, all (G,); stop and dt are NaN where not given.

    delay: time from a decision to its fill. cost_variance: whether the costs count in the variance of the equity.
    stop_ends_trades: whether all figures are those with the stop, or win_rate alone.
    """

    theta: Floats
    mu: Floats
    sigma: Floats
    cost: Floats
    stop: Floats
    dt: Floats
    delay: Floats
    cost_variance: bool = True
    stop_ends_trades: bool = True

    @property
    def spread(self) -> Floats:
        """The stationary standard deviation s, (G,)."""
        return np.asarray(self.sigma / np.sqrt(2.0 * self.theta))

    @property
    def kept(self) -> Floats:
        """The share of a deviation from the mean that is left when an order fills, exp(-theta delay), (G,)."""
        return np.exp(-self.theta * self.delay)

    @property
    def stopped(self) -> bool:
        """Whether a stop ends trades."""
        return self.stop_ends_trades and not bool(np.isnan(self.stop).all())


class Levels(NamedTuple):
    """Thresholds as the continuous formulas see them: entry = centre + half, exit = centre - half, all (G,).

    Attributes:
        centre: Mean of entry_z and exit_z.
        half: Half their distance.
        stop: z of the stop, NaN without one.
        shift: How far the returned thresholds lie inward of these, 0 without dt.
        one_sided: Whether the rule trades on one side of the mean only.
    """

    centre: Floats
    half: Floats
    stop: Floats
    shift: Floats
    one_sided: bool = False


class Thresholds(NamedTuple):
    """Thresholds and what they earn; every array has the broadcast shape of the parameters, () for scalars.

    Times are in theta's unit unless said otherwise. All is exact for the continuously watched process; with dt, errors
    are of an order above theta dt.

    Attributes:
        entry_z: Enter where |z| reaches it, in stationary standard deviations; moved inward by the bar shift where one
            was applied.
        exit_z: A position of side d leaves at d z >= -exit_z; negative is beyond the mean.
        holding_time: Mean time in a trade; counted in bars (divided by dt) where dt is given.
        return_per_trade: Mean profit of a trade in units of X, net of the round-trip cost.
        win_rate: Share of trades that reach the exit before the stop; 1 without a stop.
        cycle_time: Mean time after which the rule is where it began: two trades, a long and a short one, where it
            always holds a position (exit_z = -entry_z), one trade and the wait for the next one otherwise.
        trade_time: Mean time from one entry to the next.
        rate: return_per_trade / trade_time, in units of X per time.
        sharpe: Sharpe ratio of the mark-to-market equity per square root of time, over a rate of zero; its variance
            includes that of the costs, unless it was to be left out.
        fraction: Units of X held per unit of wealth, for objective "kelly"; NaN for the others.
        growth: Growth rate of log wealth per time, for objective "kelly"; NaN for the others.
        bar_shift: "" without dt; "applied"; "not applied" where bars are too coarse for it, and then the thresholds are
            those of the continuous optimum. A tuple of them, in C order, unless the shape is ().
    """

    entry_z: Floats
    exit_z: Floats
    holding_time: Floats
    return_per_trade: Floats
    win_rate: Floats
    cycle_time: Floats
    trade_time: Floats
    rate: Floats
    sharpe: Floats
    fraction: Floats
    growth: Floats
    bar_shift: str | tuple[str, ...]
