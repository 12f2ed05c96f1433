"""What bars change of the figures of thresholds, beyond the shift of the levels; model.py has the equations."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.thresholds.model import Case

__all__ = ["Watched"]


class Watched:
    """Factors of one evaluation, (G,); all are 1 where no bars are given, or where they are too coarse for the shift.

    Every factor agrees with its equation to the first order, and is positive for bars of any length.

    Args:
        case: The processes.
        shift: (G,) how far a path exceeds a level, 0 without bars.
    """

    def __init__(self, case: Case, shift: Floats) -> None:
        self._case = case
        self._applied = shift > 0.0
        self._any = bool(self._applied.any())
        self._bar = np.where(self._applied, case.dt, 0.0)
        self._ones = np.ones_like(shift)
        self._step = case.theta * self._bar

    def gained(self) -> Floats:
        """Return the factor of the gross profit of a trade, (G,): levels are exceeded by less against the reversion."""
        if not self._any:
            return self._ones
        return np.asarray(np.exp(-0.25 * self._step))

    def held(self, in_trade: Floats, squares: Floats) -> Floats:
        """Return the factor of the variance of the position, (G,).

        Args:
            in_trade: (G,) time in a trade in units of 1/theta.
            squares: (G,) square of z at the entry, less its mean at the end of the trade.
        """
        if not self._any:
            return self._ones
        step = np.where(self._applied, self._step, 1.0)
        mean_square = 1.0 + 0.5 * self._case.kept**2 * squares / in_trade
        factor = (-np.expm1(-2.0 * step) + np.expm1(-step) ** 2 * mean_square) / (2.0 * step)
        return np.where(self._applied, factor, 1.0)

    def paid_at_once(self, variance: Floats, moves: Floats) -> Floats:
        """Return the factor of the variance of a trade, (G,), because of fees that fall on the move that decides them.

        Args:
            variance: (G,) of a trade, the fees included.
            moves: (G,) such moves a trade that bring a profit, in fees of half the costs, less those that bring a loss.
        """
        if not self._any:
            return self._ones
        case = self._case
        at_once = ~(case.delay >= case.dt)
        move = np.sqrt(2.0 * self._bar) * case.sigma
        return np.where(self._applied & at_once, np.exp(-case.cost * move * moves / variance), 1.0)

    def centred(self, sharpe: Floats) -> Floats:
        """Return the factor of a Sharpe ratio (G,) whose variance is about 0, for one about the mean of a bar."""
        if not self._any:
            return self._ones
        return np.asarray(np.sqrt(1.0 + sharpe * sharpe * self._bar))
