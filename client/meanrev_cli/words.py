"""Arguments of the command line that stand for numbers."""

import click

from meanrev.errors import InvalidInput
from meanrev.methods.rates import fraction

__all__ = ["COST", "COSTS", "RATE", "SPANS", "WINDOWS"]


class _Costs(click.ParamType):  # type: ignore[type-arg, unused-ignore] # generic in newer releases only
    """Costs a side, such as "1bp,5bp", "0.05%" or "0.0005"."""

    name = "costs"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(fraction("cost", part) for part in str(value).split(","))
        except InvalidInput:
            self.fail(f"{value!r} is no cost: give 5bp, 0.05% or 0.0005, several with commas.", param, ctx)


class _Spans(click.ParamType):  # type: ignore[type-arg, unused-ignore] # generic in newer releases only
    """Bars of a walk-forward: "504/126", or "504/126/5" with a purge."""

    name = "spans"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = str(value).split("/")
        if len(parts) not in {2, 3} or not all(part.isdecimal() for part in parts):
            self.fail(f"{value!r} is no walk-forward: give TRAIN/TEST or TRAIN/TEST/PURGE, in bars.", param, ctx)
        return tuple(int(part) for part in parts)


class _Windows(click.ParamType):  # type: ignore[type-arg, unused-ignore] # generic in newer releases only
    """Bars of formation windows: "756,126,126"."""

    name = "windows"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in str(value).split(",")]
        if len(parts) != 3 or not all(part.isdecimal() and int(part) for part in parts):
            self.fail(f"{value!r} are no windows: give TRAIN,TEST,STEP in bars, such as 756,126,126.", param, ctx)
        return tuple(map(int, parts))


class _Cost(_Costs):
    """One cost a side."""

    name = "cost"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:  # type: ignore[override] # one number
        if isinstance(value, float):
            return value
        costs = super().convert(value, param, ctx)
        if len(costs) != 1:
            self.fail(f"{value!r} is more than one cost: give one, such as 5bp.", param, ctx)
        return costs[0]


class _Rate(click.ParamType):  # type: ignore[type-arg, unused-ignore] # generic in newer releases only
    """A yearly rate, such as "3%", "300bp" or "0.03"."""

    name = "rate"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return fraction("rate", value)
        except InvalidInput:
            self.fail(f"{value!r} is no rate: give 3%, 300bp or 0.03.", param, ctx)


COST = _Cost()
COSTS = _Costs()
RATE = _Rate()
SPANS = _Spans()
WINDOWS = _Windows()
