"""The options that every method has which trades: one set of names, defaults and ranges."""

from typing import Annotated, Any, Literal

from msgspec import Meta

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
    """

    execution_delay: Annotated[int, Meta(ge=0, le=10_000)] = 1
    mode: Literal["compounding", "unit"] = "compounding"
    initial_capital: Annotated[float, Meta(gt=0)] = 1.0
    periods_per_year: Annotated[float, Meta(gt=0)] = 252.0

    def rules(self) -> dict[str, Any]:
        """Return these options as the operations take them."""
        return {name: getattr(self, name) for name in TradingOptions.__struct_fields__ if name != "strict"}
