"""The checks of thresholds: arguments broadcast to one shape, each refused under its own name and place."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels.checks import Floats, one_of
from gpu_kernels.errors import InvalidInput
from gpu_kernels.thresholds.model import (
    BAR_SHIFT,
    LARGEST_COST,
    LARGEST_ENTRY,
    LARGEST_RATE,
    SMALLEST_COST,
    SMALLEST_RATE,
    STOP_CHANGES,
    Case,
    Levels,
    Thresholds,
)

__all__ = ["Arguments"]


class Arguments:
    """Named arguments, broadcast against one another and flattened to (G,); those that are None are left out.

    Attributes:
        shape: The broadcast shape.
    """

    def __init__(self, **arguments: ArrayLike | None) -> None:
        given = {name: _numbers(name, values) for name, values in arguments.items() if values is not None}
        try:
            self.shape = np.broadcast_shapes(*(values.shape for values in given.values()))
        except ValueError:
            shapes = ", ".join(f"{name} {values.shape}" for name, values in given.items())
            raise InvalidInput("arguments", "must broadcast to one shape", value=shapes) from None
        self._flat = {name: np.broadcast_to(values, self.shape).reshape(-1) for name, values in given.items()}
        for name, values in self._flat.items():
            self.require(name, np.isfinite(values), "must be finite")

    def require(self, name: str, holds: NDArray[np.bool_], rule: str) -> None:
        """Refuse the first entry of an argument for which a rule (G,) does not hold.

        Raises:
            InvalidInput: naming argument, rule, value and place.
        """
        if holds.all():
            return
        place = int(np.argmin(holds))
        index = tuple(int(i) for i in np.unravel_index(place, self.shape))
        where = None if not index else index[0] if len(index) == 1 else index
        raise InvalidInput(name, rule, value=self._flat[name][place].item(), index=where)

    def has(self, name: str) -> bool:
        """Return whether an argument was given."""
        return name in self._flat

    def positive(self, name: str) -> Floats:
        """Return an argument (G,) that must be > 0."""
        values = self._flat[name]
        self.require(name, values > 0, "must be > 0")
        return values

    def case(self, *, cost_variance: bool, stop_changes: str) -> Case:
        """Return the processes, with stop and dt NaN where they were not given.

        Args:
            cost_variance: Whether the costs count in the variance of the equity.
            stop_changes: One of STOP_CHANGES.
        """
        missing = np.full_like(self._flat["theta"], np.nan)
        if self.has("stop"):
            self.positive("stop")
        case = Case(
            theta=self.positive("theta"),
            mu=self._flat["mu"],
            sigma=self.positive("sigma"),
            cost=self._flat["cost"],
            stop=self._flat.get("stop", missing),
            dt=self.positive("dt") if self.has("dt") else missing,
            delay=self._flat.get("delay", np.zeros_like(missing)),
            cost_variance=cost_variance,
            stop_ends_trades=one_of("stop_changes", stop_changes, STOP_CHANGES) == "all",
        )
        if self.has("delay"):
            self.require("delay", case.delay >= 0, "must be >= 0")
        self.require("cost", case.cost >= 0, "must be >= 0")
        with np.errstate(over="ignore", under="ignore"):
            spread = case.spread
        self.require("sigma", np.isfinite(spread) & (spread > 0), "must leave sigma/sqrt(2 theta) within the doubles")
        return case

    def standardised_cost(self, case: Case, *, free: bool) -> Floats:
        """Return the cost in stationary standard deviations, (G,), within the range that has an optimum.

        It is divided by what a delay leaves of each deviation from the mean, because profits are.

        Args:
            case: The processes.
            free: Whether a cost of zero is allowed.
        """
        with np.errstate(all="ignore"):  # a delay may leave nothing, and such a cost is refused below
            standard = np.asarray(case.cost / case.spread / case.kept)
        if not free:
            self.require("cost", case.cost > 0, "must be > 0: without a cost no optimum exists")
            rule = f"must be at least {SMALLEST_COST:g} stationary standard deviations sigma/sqrt(2 theta)"
            self.require("cost", standard >= SMALLEST_COST, rule)
        rule = f"must be at most {LARGEST_COST:g} stationary standard deviations sigma/sqrt(2 theta)"
        self.require("cost", standard <= LARGEST_COST, rule)
        return standard

    def rate(self, case: Case) -> Floats:
        """Return the discount rate (G,) of model "leung_li", after the checks that go with that model."""
        self.require("mu", case.mu >= 0, "must be >= 0 for model 'leung_li', which is about a price")
        with np.errstate(over="ignore", under="ignore"):  # what leaves the doubles is refused below
            nu = self.positive("rate") / case.theta
        rule = f"must be between {SMALLEST_RATE:g} and {LARGEST_RATE:g} times theta"
        self.require("rate", (nu >= SMALLEST_RATE) & (nu <= LARGEST_RATE), rule)
        return self._flat["rate"]

    def largest(self, case: Case) -> Floats:
        """Return the bound of the Kelly fraction (G,) in units of the price; infinite where none was given."""
        if not self.has("f_max"):
            return np.full_like(case.theta, np.inf)
        with np.errstate(over="ignore"):  # a bound beyond the doubles is none
            return np.asarray(self.positive("f_max") * case.spread)

    def levels(self, case: Case) -> Levels:
        """Return the thresholds given, as the continuous formulas see them."""
        entry, leave = self.positive("entry_z"), self._flat["exit_z"]
        self.require("exit_z", (leave >= -entry) & (leave < entry), "must be >= -entry_z and < entry_z")
        with np.errstate(over="ignore"):  # an infinite shift is refused below
            shift = np.where(np.isnan(case.dt), 0.0, BAR_SHIFT * np.sqrt(2.0 * case.theta * case.dt))
        rule = f"must be at most {LARGEST_ENTRY:g}, the shift for bars included"
        self.require("entry_z", entry + shift <= LARGEST_ENTRY, rule)
        return Levels(0.5 * (entry + leave), 0.5 * (entry - leave) + shift, case.stop + shift, shift)

    def shaped(self, case: Case, result: Thresholds) -> Thresholds:
        """Return a result in the broadcast shape, after the last checks.

        Raises:
            InvalidInput: a stop does not lie above its entry, or a field left the doubles.
        """
        above = np.isnan(case.stop) | (case.stop > result.entry_z)
        self.require("stop", above, "must lie above the entry threshold")
        for name, values in zip(result._fields, result, strict=True):
            if name in {"fraction", "growth"} and np.isnan(values).all():
                continue
            if name != "bar_shift":
                self.require("theta", np.isfinite(values), f"must leave {name} within the doubles")
        arrays = [np.reshape(values, self.shape) for values in result[:-1]]
        return Thresholds._make([*arrays, result.bar_shift if self.shape else result.bar_shift[0]])


def _numbers(name: str, values: ArrayLike) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(name, "must be a number or an array of numbers", value=type(values).__name__) from None
