"""TradeResiduals: books of a universe's residuals, in a grid of structures, thresholds and costs."""

import math
from functools import cached_property
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta

from gpu_kernels import residuals
from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from gpu_kernels.time_units import PERIODS_PER_YEAR
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import PART_BYTES, Answer
from meanrev_server.research.estimate import Estimate
from meanrev_server.research.grid_axes import Axis, axis, axis_size
from meanrev_server.research.residual_books import AXES, book_bytes, book_fields, calendar_years
from meanrev_server.research.task import Progress, Task
from meanrev_server.research.universe import (
    UniverseOptions,
    block_bytes,
    memberships,
    score_work,
)
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_wire.research_pb2 import ResidualBookReply

__all__ = ["TASK", "TradeResidualsOptions"]

_RECORDS, _FIGURES = 9, 12
"""Numbers of an account at a row, and of an account in all."""


class _Grid(NamedTuple):
    """The grid of a request.

    Attributes:
        structures: S of them.
        axes: The levels of entry, exit_long, exit_short and cost.
    """

    structures: tuple[residuals.Structure, ...]
    axes: tuple[Floats, ...]

    @property
    def n_thresholds(self) -> int:
        """Combinations of thresholds."""
        return math.prod(each.size for each in self.axes[:-1])

    @property
    def n_cells(self) -> int:
        """Cells, invalid ones included."""
        return len(self.structures) * self.n_thresholds * self.axes[-1].size


class TradeResidualsOptions(UniverseOptions, frozen=True, kw_only=True, dict=True):
    """Options of TradeResiduals, beside those of all methods on a universe's residuals.

    Attributes:
        factors: Numbers of factors, or shares of the variance to explain, such as "55%".
        window: Returns behind the factors.
        regression: Returns behind the residuals.
        max_reversion: Slowest reversion times of a valid fit, in bars; half of the regression where they are left out.
        max_p: Largest reversion_p of a valid fit.
        entry: Scores at which a trade opens.
        exit_long: A long position closes at minus this score.
        exit_short: A short position closes at this score.
        cost: Fractions of the notional a side.
        preset: "paper" has delay 0, cost_basis "stocks" and size 0.02 where these are left out.
        delay: Bars between a decision and its fill; 1 where it is left out.
        cost_basis: Costs of all that is traded ("book"), or of the names without their hedges ("stocks"), by which a
            cell is chosen; "book" where it is left out.
        size: Dollars a name, as a fraction of the equity; 0.01 where it is left out.
        borrow: Yearly rate on the notional of short positions.
        periods_per_year: Bars in a year, for annual figures.
        train: Bars of a walk-forward's train part; 0 for no walk-forward.
        test: Bars of its test part.
        purge: Bars between the two.
        positions: Whether the reply has the sides of all names and rows.
    """

    factors: Annotated[tuple[int | str, ...], Meta(min_length=1)] = (15,)
    window: Annotated[tuple[Annotated[int, Meta(ge=20, le=10_000)], ...], Meta(min_length=1)] = (252,)
    regression: Annotated[tuple[Annotated[int, Meta(ge=20, le=1000)], ...], Meta(min_length=1)] = (60,)
    max_reversion: tuple[Annotated[float, Meta(gt=0)], ...] = ()
    max_p: Annotated[tuple[Annotated[float, Meta(gt=0, le=1)], ...], Meta(min_length=1)] = (1.0,)
    entry: Axis = (1.25,)
    exit_long: Axis = (0.5,)
    exit_short: Axis = (0.75,)
    cost: Axis = (0.0005,)
    preset: Literal["paper"] | None = None
    delay: Annotated[int, Meta(ge=0, le=100)] | None = None
    cost_basis: Literal["book", "stocks"] | None = None
    size: Annotated[float, Meta(gt=0)] | None = None
    borrow: Annotated[float, Meta(ge=0)] = 0.0
    periods_per_year: Annotated[float, Meta(gt=0)] = PERIODS_PER_YEAR
    train: Annotated[int, Meta(ge=0)] = 0
    test: Annotated[int, Meta(ge=0)] = 0
    purge: Annotated[int, Meta(ge=0)] = 0
    positions: bool = False

    @cached_property
    def grid(self) -> _Grid:
        """The structures and the axes.

        Raises:
            InvalidInput: one of them breaks its rule.
        """
        sizes = [axis_size(getattr(self, name), name) for name in AXES]
        if math.prod(sizes) > residuals.MOST_CELLS:
            raise InvalidInput("cells", f"must be at most {residuals.MOST_CELLS}", value=math.prod(sizes))
        with wire_names(_NAMES):
            slowest = self.max_reversion or None
            found = residuals.structures(self.factors, self.window, self.regression, slowest, self.max_p)
        return _Grid(found, tuple(axis(getattr(self, name), name) for name in AXES))

    def rules(self) -> residuals.Rules:
        """Return these options as the operation takes them."""
        base = residuals.PAPER if self.preset == "paper" else residuals.Rules()
        given = {name: getattr(self, name) for name in ("delay", "cost_basis", "size")}
        known = {name: value for name, value in given.items() if value is not None}
        return base._replace(borrow=self.borrow, periods_per_year=self.periods_per_year, **known)


_NAMES = option_names(TradeResidualsOptions, prices="block")


def _check(chosen: TradeResidualsOptions) -> None:
    """Check what can be known before there are prices.

    Raises:
        InvalidInput: an axis or a structure breaks its rule, or there are too many cells, or no valid one.
    """
    grid = chosen.grid
    with wire_names(_NAMES):
        residuals.check_cells(len(grid.structures), *grid.axes)
    if bool(chosen.train) != bool(chosen.test):
        name = "test" if chosen.train else "train"
        raise InvalidInput(f"metadata.{name}", "must be given with the other part of a walk-forward", value=0)


def _total(outline: Outline, chosen: TradeResidualsOptions) -> int:
    return max(0, outline.n_rows - max(chosen.window))


def _run(table: UploadedMatrix, chosen: TradeResidualsOptions, progress: Progress) -> Answer:
    spans = residuals.Spans(chosen.train, chosen.test, chosen.purge) if chosen.train else None
    entry, exit_long, exit_short, cost = chosen.grid.axes
    with wire_names(_NAMES):
        found = residuals.trade(
            table.values,
            factors=chosen.factors,
            window=chosen.window,
            regression=chosen.regression,
            max_reversion=chosen.max_reversion or None,
            max_p=chosen.max_p,
            entry=entry,
            exit_long=exit_long,
            exit_short=exit_short,
            cost=cost,
            rules=chosen.rules(),
            filters=chosen.filters(),
            members=memberships(table, chosen.members),
            spans=spans,
            years=calendar_years(table),
            progress=progress,
        )
    return Answer(book_fields(found, table, with_positions=chosen.positions))


def _estimate(outline: Outline, chosen: TradeResidualsOptions) -> Estimate:
    grid = chosen.grid
    n_rows, n_names, n_structures = outline.n_rows, outline.n_columns, len(grid.structures)
    days = max(0, n_rows - max(chosen.window))
    filters = chosen.filters()
    controls = {each._replace(factors=1, share=0.0) for each in grid.structures}
    every = [*grid.structures, *controls]
    factors = [residuals.most_factors(each, filters, n_names) for each in every]
    windows = list(dict.fromkeys(each.window for each in grid.structures))
    of_fits = {(each.factors, each.share, each.window, each.regression) for each in every}
    work = score_work(outline, windows, [each[3] for each in of_fits])
    work += days * n_structures * grid.n_thresholds * n_names * (10 + max(factors))
    work += days * grid.n_cells * _FIGURES
    panels = n_rows * n_names * (16 * len(every) + 16 * len(controls) + 8 * 3 + 2 * len(windows) + 12)
    records = 8 * _RECORDS * days * n_structures * grid.n_thresholds
    books = 8 * 6 * n_names * n_structures * grid.n_thresholds
    figures = 8 * 4 * (_FIGURES + 8) * grid.n_cells + 8 * 8 * min(days * grid.n_cells, 2**19 * grid.axes[-1].size)
    signals = 2 * chosen.rules().delay * n_names * 8 * sum(1 + 2 * each for each in factors)
    blocks = block_bytes(outline, [each.regression for each in every], factors, windows)
    reply_bytes = book_bytes(outline, n_structures, grid.n_cells, _n_steps(days, chosen), chosen.positions)
    peak = outline.nbytes + panels + records + books + figures + signals + blocks + 2 * reply_bytes + 2 * PART_BYTES
    return Estimate(work, peak, reply_bytes, least_bytes=0)


def _n_steps(days: int, chosen: TradeResidualsOptions) -> int:
    if not chosen.train or not chosen.test:
        return 0
    return max(0, (days - chosen.train - chosen.purge - chosen.test) // chosen.test + 1)


TASK = Task(
    method="TradeResiduals",
    options_type=TradeResidualsOptions,
    reply=ResidualBookReply,
    check=_check,
    total=_total,
    estimate=_estimate,
    run=_run,
)
