"""What a run computes, as the command line and run.json say it."""

from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from gpu_kernels.time_units import PERIODS_PER_YEAR
from meanrev_batch.errors import BadOption

__all__ = ["FitOptions", "ScanOptions", "Selection", "SweepOptions"]


class Selection(NamedTuple):
    """Which pairs are traded: those with p, or with q, below a level.

    Attributes:
        by: "p" or "q".
        level: Above 0 and at most 1; p below 1 stands for all pairs that have a statistic.
    """

    by: str
    level: float


class ScanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan computes; the options with a twin in `meanrev scan` have its names, ranges and defaults.

    Attributes:
        select: "p<0.05" or "q<0.1": which pairs are traded.
        split: The last day of the train part, the number of its bars, or "" for 70 % of the bars.
        windows: Bars of the train part, of the test part, and from a window to the next; None for one of all bars.
        fill: Most bars in a row over which a price is carried forward.
        least_bars: Share of the train part's bars at which a name must have a price of its own.
        lags: Lagged differences in the test of the residual.
        log: Regress the logarithms of the prices.
        cost: Per side, as in gpu_kernels.pair_trading.scan.
        objective: What the thresholds maximise.
        lookback: Bars of the rolling z-score.
        periods_per_year: Bars in a year.
        score: "fixed" or "rolling".
        cost_legs: How many legs of a pair pay: 1 or 2.
        bias: Correction of the fitted speed.
        rank_by: What pairs are ranked by.
        top: Most pairs in pairs.parquet; None for all.
        memory: Bytes that a worker may take.
    """

    select: str = "p<0.05"
    split: str = ""
    windows: Annotated[tuple[Annotated[int, Meta(ge=1)], ...], Meta(min_length=3, max_length=3)] | None = None
    fill: Annotated[int, Meta(ge=0)] = 2
    least_bars: Annotated[float, Meta(gt=0, le=1)] = 0.98
    lags: Annotated[int, Meta(ge=0)] = 1
    log: bool = True
    cost: Annotated[float, Meta(ge=0)] | None = None
    objective: str = "sharpe"
    lookback: Annotated[int, Meta(ge=2)] = 60
    periods_per_year: Annotated[float, Meta(gt=0)] = PERIODS_PER_YEAR
    score: str = "fixed"
    cost_legs: Annotated[int, Meta(ge=1, le=2)] = 2
    bias: str = "median_unbiased"
    rank_by: Literal["p_value", "train_sharpe", "deflated_sharpe"] = "p_value"
    top: Annotated[int, Meta(ge=1)] | None = None
    memory: Annotated[int, Meta(ge=1)] = 512_000_000

    @property
    def selection(self) -> Selection:
        """The parsed select.

        Raises:
            BadOption: it is written otherwise.
        """
        by, _, level = self.select.replace(" ", "").partition("<")
        try:
            found = Selection(by, float(level))
        except ValueError:
            found = Selection("", 0.0)
        if found.by not in {"p", "q"} or not 0.0 < found.level <= 1.0:
            rule = "must be p<LEVEL or q<LEVEL with a level above 0 and at most 1, such as p<0.05"
            raise BadOption("select", rule, self.select)
        return found


_Axis = str | Annotated[tuple[float, ...], Meta(min_length=1)]
"""Levels, or "from:to:step" with both ends."""


class SweepOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep computes; the options have the names, ranges and defaults of `meanrev sweep`.

    Attributes:
        entry: Entry levels.
        exit: Exit levels; a cell whose exit does not fit its entry is not tried.
        cost: Costs per side.
        lookback: Bars of the rolling z-score.
        walk_forward: Bars of the train and the test part, and of the purge between them; empty for none.
        mode: "compounding" or "unit"; "" for the first with names, and for the second with pairs.
        stop: Score at which a losing trade is closed; None for none.
        borrow: Yearly rate on short positions.
        execution_delay: Bars between a signal and its fill.
        periods_per_year: Bars in a year.
        log: The spreads of pairs are those of the logarithms of prices.
        top: How many pairs of the file are swept, the first ones; None for all.
        memory: Bytes that a worker may take.
    """

    entry: _Axis = "0.5:3:0.25"
    exit: _Axis = "-0.5:1.5:0.25"
    cost: Annotated[tuple[float, ...], Meta(min_length=1)] = (0.0005,)
    lookback: Annotated[tuple[Annotated[int, Meta(ge=2, le=1_000_000)], ...], Meta(min_length=1)] = (20,)
    walk_forward: Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Meta(max_length=3)] = ()
    mode: Literal["", "compounding", "unit"] = ""
    stop: float | None = None
    borrow: Annotated[float, Meta(ge=0)] = 0.0
    execution_delay: Annotated[int, Meta(ge=0, le=10_000)] = 1
    periods_per_year: Annotated[float, Meta(gt=0)] = PERIODS_PER_YEAR
    log: bool = True
    top: Annotated[int, Meta(ge=1)] | None = None
    memory: Annotated[int, Meta(ge=1)] = 512_000_000


class FitOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What fits compute; the options have the names, ranges and defaults of the client's fit_ou.

    Attributes:
        dt: Time between bars, in the unit of time that theta has.
        bias: Small-sample correction of theta and half_life.
        adf_lags: Lagged differences of the Dickey-Fuller regression.
        log: As in SweepOptions.
        top: Likewise.
        memory: Bytes that a worker may take.
    """

    dt: Annotated[float, Meta(gt=0)] = 1.0
    bias: Literal["none", "tang_chen", "jackknife", "median_unbiased"] = "none"
    adf_lags: Annotated[int, Meta(ge=0, le=100)] = 0
    log: bool = True
    top: Annotated[int, Meta(ge=1)] | None = None
    memory: Annotated[int, Meta(ge=1)] = 512_000_000
