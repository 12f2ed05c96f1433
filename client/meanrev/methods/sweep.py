"""SweepThresholds: every column against a grid of thresholds, costs and lookbacks, with progress."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from meanrev.methods import fields
from meanrev.methods.chunks import matrix
from meanrev.methods.grid_checks import CheckOptions, at_cells, check_options, read_checks
from meanrev.methods.naming import series_names
from meanrev.methods.parts import JoinedSweep, Whole
from meanrev.methods.research import Research, ResearchRequest
from meanrev.methods.spans import SPANS, spans
from meanrev.methods.trading_rule import Rate, Score, trading_options
from meanrev.progress import Progress
from meanrev.question import About, Question
from meanrev.results import BestCells, CellFigures, PooledWalks, SweepResult, WalkForward
from meanrev_wire.research_pb2 import SweepReply

__all__ = ["SWEEP", "read_sweep", "sweep"]

_HOUR_S = 3600.0
_AXES = ("entry_zscore", "exit_zscore", "cost", "lookback")
_ERRORS = ("sharpe_std_error", "probability_sharpe_positive")

_OF_A_STEP = (
    "train_sharpe_std_error",
    "test_sharpe_std_error",
    "probability_sharpe_positive",
    "train_start",
    "train_stop",
    "test_start",
    "test_stop",
    "train_sharpe",
    "test_sharpe",
    "test_return",
    "test_trades",
    "test_max_drawdown",
    "cell",
)
_STAMPS = ("train_first", "train_last", "test_first", "test_last")

Axis = str | float | Sequence[float] | Any


def read_sweep(whole: Whole, about: About, *, single: bool = False) -> SweepResult:
    """Read a sweep's replies.

    Args:
        whole: The replies, joined.
        about: What is known about the call.
        single: One series was sent, so that its best cell has scalars.
    """
    result = whole.reply.result
    axes: dict[str, Any] = {name: np.asarray(getattr(result, name)) for name in _AXES}
    figures: dict[str, Any] = whole.figures
    return SweepResult(
        columns=tuple(result.columns),
        **axes,
        figures=CellFigures(**figures),
        best=_best(result.best, axes, single=single),
        n_cells=result.n_cells,
        cell_reason=np.array(result.cell_reasons or ("",), dtype=np.str_)[
            np.asarray(result.cell_reason, dtype=np.int64)
        ],
        walk_forward=_walk(result.walk_forward, axes) if len(result.walk_forward) else None,
        pooled=_pooled(result.pooled) if len(result.pooled) else None,
        reality_check=read_checks(result.reality_checks, axes),
        meta=about,
    )


def _best(choices: Any, axes: dict[str, Any], *, single: bool) -> BestCells:
    cell = np.array([choice.cell for choice in choices], dtype=np.int64)
    plateau = np.array([choice.plateau_cell for choice in choices], dtype=np.int64)
    best: dict[str, Any] = {
        "column": tuple(choice.column for choice in choices),
        **{name: at_cells(axes[name], cell) for name in _AXES},
        "sharpe_ratio": np.array([choice.value for choice in choices]),
        "deflated_sharpe": np.array([choice.deflated_sharpe for choice in choices]),
        "cell": cell,
        "plateau_entry_zscore": at_cells(axes["entry_zscore"], plateau),
        "plateau_exit_zscore": at_cells(axes["exit_zscore"], plateau),
        "plateau_value": np.array([choice.plateau_value for choice in choices]),
        "plateau_cell": plateau,
        "status": tuple(choice.status for choice in choices),
        "reason": tuple(choice.reason for choice in choices),
        "n_bars": np.array([choice.n_bars for choice in choices], dtype=np.int64),
        "note": tuple(choice.note for choice in choices),
        **{name: np.array([getattr(choice, name) for choice in choices]) for name in _ERRORS},
    }
    if single:
        best = {name: values[0] if isinstance(values, tuple) else values[0].item() for name, values in best.items()}
    return BestCells(**best)


def _walk(steps: Any, axes: dict[str, Any]) -> WalkForward:
    values: dict[str, Any] = {name: np.array([getattr(step, name) for step in steps]) for name in _OF_A_STEP}
    cell = values["cell"].astype(np.int64)
    stamped = len(steps) > 0 and steps[0].HasField("train_first_ms")
    stamps: dict[str, Any] = {
        name: np.array([getattr(step, f"{name}_ms") for step in steps], dtype="datetime64[ms]")
        for name in _STAMPS
        if stamped
    }
    return WalkForward(
        column=tuple(step.column for step in steps),
        **{name: at_cells(axes[name], cell) for name in _AXES},
        **values,
        status=tuple(step.status for step in steps),
        reason=tuple(step.reason for step in steps),
        note=tuple(step.note for step in steps),
        **stamps,
    )


def _pooled(walks: Any) -> PooledWalks:
    columns: dict[str, Any] = {}
    for name in PooledWalks.__dataclass_fields__.keys() - {"meta"}:
        values = [getattr(walk, name) for walk in walks]
        columns[name] = tuple(values) if name in {"column", "note"} else np.array(values)
    return PooledWalks(**columns)


SWEEP = Research(
    method="SweepThresholds",
    reply=SweepReply,
    read=read_sweep,
    join=JoinedSweep,
    renamed={"cost": "cost_per_side", **dict.fromkeys(SPANS, "walk_forward")},
)


@SWEEP.declares
def sweep(
    prices: Any,
    *,
    entry: Axis = None,
    exit: Axis = None,  # noqa: A002 - the word of the trade, and of the wire
    cost_per_side: Axis = None,
    lookback: int | Sequence[int] | None = None,
    figures: Sequence[str] | None = None,
    walk_forward: Sequence[int] | None = None,
    reality_check: CheckOptions = None,
    asset_ids: Sequence[str] | None = None,
    execution_delay: int | None = None,
    mode: str | None = None,
    initial_capital: float | None = None,
    periods_per_year: float | None = None,
    stop: float | None = None,
    borrow: Rate = None,
    score: Score = None,
    forgetting: float | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float = _HOUR_S,
) -> Question[SweepResult]:
    """Backtest every column in every cell of a grid of thresholds, costs and lookbacks.

    Args:
        prices: (T, N), one series a column, or (T,), oldest first.
        entry: Entry levels: numbers, such as mr.grid(0.5, 3, 0.05), or "0.5:3:0.05"; "0.5:3:0.25" where None.
        exit: Exit levels, likewise; "-0.5:1.5:0.25" where None. A cell whose exit does not fit its entry is NaN.
        cost_per_side: One or more; as for backtest; 0.0005 where None.
        lookback: One or more numbers of bars; 20 where None.
        figures: Names of CellFigures' that come back; the first four where None. Fewer keep a large answer small.
        walk_forward: (train, test) bars, or (train, test, purge): choose on train, trade on test, step by test.
        reality_check: True or "series" tests the search among each column's cells, "all" among those of all columns;
            or {"family": "all", "resamples": 5000, ...}, see docs/operations/grid_check.md.
        asset_ids: Names of the series; the frame's columns, else their numbers, where None.
        execution_delay: As for backtest.
        mode: As for backtest.
        initial_capital: As for backtest.
        periods_per_year: As for backtest.
        stop: As for backtest; above every entry level.
        borrow: As for backtest.
        score: As for backtest; a number of rows also serves all steps of a walk-forward.
        forgetting: As for backtest.
        progress: True for a bar, or a function of (done, total, eta_s).
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything.

    Raises:
        MeanRevError: as every call.
    """
    read = matrix(prices)
    options = {
        **_axes(entry, exit, cost_per_side, lookback),
        **_asked(figures, walk_forward, reality_check),
        **trading_options(execution_delay, mode, initial_capital, periods_per_year, stop, borrow, score, forgetting),
    }
    reading = partial(read_sweep, single=read.values.ndim == 1)
    request = ResearchRequest(SWEEP, read, series_names(read, asset_ids), options, reading)
    return request.question(progress, timeout, dry_run=dry_run)


def _asked(figures: Any, walk_forward: Any, reality_check: CheckOptions) -> dict[str, Any]:
    """Return the options that say what comes back."""
    return {
        "figures": None if figures is None else fields.names("figures", figures),
        **spans(walk_forward),
        "reality_check": check_options(reality_check),
    }


def _axes(entry: Axis, leave: Axis, cost_per_side: Axis, lookback: int | Sequence[int] | None) -> dict[str, Any]:
    return {
        "entry": _axis("entry", entry),
        "exit": _axis("exit", leave),
        "cost": _axis("cost_per_side", cost_per_side),
        "lookback": _bars(lookback),
    }


def _axis(field: str, given: Axis) -> Any:
    if given is None or isinstance(given, str):
        return given
    return fields.numbers(field, np.atleast_1d(np.asarray(given))).tolist()


def _bars(given: int | Sequence[int] | None) -> list[int] | None:
    if given is None:
        return None
    return [fields.integer("lookback", bars) for bars in (given if np.ndim(given) else [given])]  # type: ignore[union-attr] # a sequence where it has a dimension
