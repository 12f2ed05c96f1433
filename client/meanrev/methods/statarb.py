"""TradeResiduals: books of a universe's residuals, in a grid of structures and rules, with progress."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Unpack

import numpy as np

from meanrev.intake.table import Table
from meanrev.methods.chunks import matrix
from meanrev.methods.naming import series_names
from meanrev.methods.research import Research, ResearchRequest
from meanrev.methods.residual_options import (
    BookOptions,
    bars,
    fit_options,
    levels,
    refuse_unknown,
    several_factors,
)
from meanrev.methods.spans import SPANS, spans
from meanrev.progress import Progress
from meanrev.question import About, Question
from meanrev.results import (
    BestBook,
    BookCells,
    BookControls,
    BookCounts,
    BookToday,
    BookWalk,
    BookYears,
    PooledWalks,
    ResidualBook,
)
from meanrev_wire import codec
from meanrev_wire.research_pb2 import ResidualBookReply

__all__ = ["STATARB", "read_book", "statarb"]

_HOUR_S = 3600.0
_STRUCTURE = ("factors", "window", "regression", "max_reversion", "max_p")
_CELL = ("entry", "exit_long", "exit_short", "cost")
_STAMPS = ("train_first", "train_last", "test_first", "test_last")
_TODAY = ("side", "score", "theta", "reversion_p", "q_value", "alpha", "r_squared", "dollars")
_COUNTS = ("days", "thin", "too_few_rows", "dropped", "tied", "fits", "scores", "stale_fills")
_LEVELS = ("max_reversion", "max_p", "exit_long", "exit_short")
_RULES = ("preset", "delay", "cost_basis", "size", "borrow", "periods_per_year", "positions")
_CHOICE = ("deflated_sharpe", "sharpe_std_error", "probability_sharpe_positive", "n_tried")


def read_book(reply: Any, about: About, *, sent: Table | None = None) -> ResidualBook:
    """Read a ResidualBookReply.

    Args:
        reply: With a result; several, joined, where it is large.
        about: What is known about the call.
        sent: The prices, where they are at hand: what runs over time comes back in their container.
    """
    result = reply.result
    cells = _cells(result)
    positions = codec.matrix(result.positions, "positions") if result.HasField("positions") else None
    return ResidualBook(
        columns=tuple(result.columns),
        cells=BookCells(**cells),
        best=_best(result, cells),
        returns=_over_time(codec.doubles(result.returns), sent),
        median_reversion=_over_time(codec.doubles(result.median_reversion), sent),
        controls=BookControls(
            control=tuple(result.control),
            correlation=codec.doubles(result.control_correlation),
            **_figures(result.controls),
        ),
        today=_today(result),
        counts=BookCounts(
            **{name: getattr(result, name) for name in _COUNTS},
            median_reversion=result.median_reversion_all,
            noise_reversion=result.noise_reversion,
            eligible=result.eligible,
        ),
        years=_years(result) if result.HasField("years") else None,
        walk_forward=_walk(result.walk_forward) if len(result.walk_forward) else None,
        pooled=_pooled(result.pooled) if len(result.pooled) else None,
        positions=None if positions is None else _over_time(positions.astype(np.int8), sent),
        meta=about,
    )


def _over_time(values: Any, sent: Table | None) -> Any:
    return values if sent is None else sent.over_time(values)


def _figures(message: Any) -> dict[str, Any]:
    return {field.name: np.asarray(getattr(message, field.name)) for field in message.DESCRIPTOR.fields}


def _cells(result: Any) -> dict[str, Any]:
    place = np.asarray(result.structure, dtype=np.int64)
    reasons = np.array(result.cell_reasons or ("",), dtype=np.str_)
    return {
        **{name: np.asarray(getattr(result, name))[place] for name in _STRUCTURE},
        **{name: np.asarray(getattr(result, name)) for name in _CELL},
        "reason": reasons[np.asarray(result.cell_reason, dtype=np.int64)],
        **_figures(result.cells),
    }


def _best(result: Any, cells: dict[str, Any]) -> BestBook:
    """Return the chosen cell; where there is none, texts are "", whole numbers 0 and other numbers NaN."""
    nothing: dict[str, Any] = {"U": "", "i": 0, "f": np.nan}
    known: dict[str, Any] = {
        name: values[result.best].item() if result.best >= 0 else nothing[values.dtype.kind]
        for name, values in cells.items()
        if name != "reason"
    }
    return BestBook(
        cell=result.best, value=result.best_value, **{name: getattr(result, name) for name in _CHOICE}, **known
    )


def _today(result: Any) -> BookToday:
    today = result.today
    reason = [today.reasons[place] for place in today.reason]
    columns: dict[str, Any] = {name: np.asarray(getattr(today, name)) for name in _TODAY}
    return BookToday(
        name=tuple(result.columns),
        **columns,
        status=tuple("error" if each else "ok" for each in reason),
        reason=tuple(reason),
    )


def _years(result: Any) -> BookYears:
    year, n_bars = (np.asarray(values, dtype=np.int64) for values in (result.year, result.year_bars))
    return BookYears(year=year, n_bars=n_bars, **_figures(result.years))


def _walk(steps: Any) -> BookWalk:
    columns: dict[str, Any] = {}
    for name in BookWalk.__dataclass_fields__.keys() - {"meta", *_STAMPS}:
        values = [getattr(step, name) for step in steps]
        columns[name] = tuple(values) if isinstance(values[0], str) else np.array(values)
    if steps[0].HasField("train_first_ms"):
        for name in _STAMPS:
            columns[name] = np.array([getattr(step, f"{name}_ms") for step in steps], dtype="datetime64[ms]")
    return BookWalk(**columns)


def _pooled(walks: Any) -> PooledWalks:
    columns: dict[str, Any] = {}
    for name in PooledWalks.__dataclass_fields__.keys() - {"meta"}:
        values = [getattr(walk, name) for walk in walks]
        columns[name] = tuple(values) if isinstance(values[0], str) else np.array(values)
    return PooledWalks(**columns)


STATARB = Research(
    method="TradeResiduals",
    reply=ResidualBookReply,
    read=read_book,
    renamed={"cost": "cost_per_side", **dict.fromkeys(SPANS, "walk_forward")},
)


@STATARB.declares
def statarb(
    prices: Any,
    *,
    factors: int | str | Sequence[int | str] | None = None,
    entry: Any = None,
    cost_per_side: Any = None,
    walk_forward: Sequence[int] | None = None,
    asset_ids: Sequence[str] | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float = _HOUR_S,
    **given: Unpack[BookOptions],
) -> Question[ResidualBook]:
    """Trade the residuals of a universe on its factors (Avellaneda and Lee 2010), in a grid of structures and rules.

    Args:
        prices: (T, N), oldest first, adjusted for splits and dividends; NaN where a name has no price.
        factors: Numbers of factors, or shares of the variance such as "55%"; 15 where None.
        entry: Scores at which a trade opens: numbers, such as mr.grid(1, 2, 0.25), or "1:2:0.25"; 1.25 where None.
        cost_per_side: Fractions of the notional; 0.0005 where None.
        walk_forward: (train, test) bars, or (train, test, purge): choose on train, trade on test, step by test.
        asset_ids: Names of the series; the frame's columns, else their numbers, where None.
        progress: True for a bar, or a function of (done, total, eta_s).
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything.
        **given: The fields of residual_options.BookOptions and FitOptions: window, regression, max_reversion, max_p,
            exit_long, exit_short, preset, delay, cost_basis, size, borrow, periods_per_year, positions, members,
            min_r2, centre, drift, min_dof and refit; docs/operations/residuals.md explains them.

    Returns:
        ResidualBook, whose equations and references are in docs/operations/residuals.md.

    Raises:
        MeanRevError: as every call.
    """
    refuse_unknown("statarb", given, BookOptions)
    read = matrix(prices).matrix("prices")
    names = series_names(read, asset_ids)
    options = {
        "factors": several_factors(factors),
        "entry": levels("entry", entry),
        "cost": levels("cost_per_side", cost_per_side),
        **{name: bars(name, given.get(name)) for name in ("window", "regression")},
        **{name: levels(name, given.get(name)) for name in _LEVELS},
        **{name: given.get(name) for name in _RULES},
        **spans(walk_forward),
        **fit_options(given, read, names),
    }
    request = ResearchRequest(STATARB, read, names, options, partial(read_book, sent=read))
    return request.question(progress, timeout, dry_run=dry_run)
