"""The options that every method has which trades: one set of names, defaults and ranges."""

import math
from typing import Annotated, Literal

from msgspec import Meta

from gpu_kernels.sweep import Rules
from gpu_kernels.time_units import PERIODS_PER_YEAR
from meanrev_server.rpc import options

__all__ = ["Lookback", "TradingOptions"]

Lookback = Annotated[int, Meta(ge=2, le=1_000_000)]
"""Bars of the rolling z-score, the current one included."""


class TradingOptions(options.Options, frozen=True, kw_only=True):
    """Options of a trading rule, beside its lookback and its levels.

    Attributes:
        execution_delay: Bars between a signal and its fill at the close.
        mode: "compounding" invests all equity in a positive price; "unit" holds one unit of a spread.
        initial_capital: Equity before the first bar.
        periods_per_year: Bars in a year, for annual figures.
        stop: Score at which a losing trade is closed, above every entry level; none where it is left out.
        borrow: Yearly rate on the notional of a short position.
        score: What a price is measured against: the last prices, a known process, or one fitted to the prices before.
        forgetting: For score "online": weight of a price relative to the next one.
    """

    execution_delay: Annotated[int, Meta(ge=0, le=10_000)] = 1
    mode: Literal["compounding", "unit"] = "compounding"
    initial_capital: Annotated[float, Meta(gt=0)] = 1.0
    periods_per_year: Annotated[float, Meta(gt=0)] = PERIODS_PER_YEAR
    stop: float | None = None
    borrow: Annotated[float, Meta(ge=0)] = 0.0
    score: Literal["fixed", "online", "rolling"] = "rolling"
    forgetting: Annotated[float, Meta(gt=0, le=1)] = 1.0

    def rules(self, lookback: int = Rules().lookback) -> Rules:
        """Return these options as the operations take them.

        Args:
            lookback: Bars of the rolling z-score, where a grid does not vary it.
        """
        return Rules(
            lookback=lookback,
            execution_delay=self.execution_delay,
            mode=self.mode,
            initial_capital=self.initial_capital,
            periods_per_year=self.periods_per_year,
            stop=math.inf if self.stop is None else self.stop,
            borrow=self.borrow,
            score=self.score,
            forgetting=self.forgetting,
        )
