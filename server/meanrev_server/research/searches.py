"""What a test of a search among strategies takes, and the check of a sweep's grid."""

import math
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, Protocol

import msgspec
import numpy as np
from msgspec import Meta

from gpu_kernels import data_snooping, grid_check
from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.performance.sharpe_error import FEW_BARS, probability_positive
from gpu_kernels.sweep import Rules
from gpu_kernels.threshold_grid import Cells
from meanrev_server.outline import VALUE_BYTES, Outline
from meanrev_server.research import message_bytes
from meanrev_server.research.columns import column_groups
from meanrev_server.research.estimate import names_bytes
from meanrev_server.research.task import Progress
from meanrev_server.state.parts import Arrays, Parts
from meanrev_wire.research_pb2 import GridCheck as CheckMessage

__all__ = ["CheckDemand", "GridCheck", "GridCheckOptions", "Search", "SearchDemand", "check_demand", "search_demand"]

_COPIES = 5
"""Arrays of the size of the returns that are held at once."""

_BLOCKS = 2**21
"""Bytes of the blocks that Sharpe ratios are computed in."""

_P_VALUES = ("p_consistent", "p_lower", "p_upper", "p_reality_check")
_OF_OVERFITTING = ("pbo", "probability_of_loss", "degradation")
_NUMBERS = (*_P_VALUES, "effective_tries", *_OF_OVERFITTING)

_LARGE = 1 << 20

_CELLS = 1 << 25
"""Bytes of the returns of a group of cells while they are computed."""

_NOTE = f"a choice of test folds leaves {FEW_BARS} periods to choose a strategy by, which is fewer than {FEW_BARS}"


class GridCheckOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the search among the cells of a grid is tested.

    Attributes:
        family: The tries that a p-value allows for: "none" makes no test, "series" takes the cells of each column for
            themselves, "all" those of all columns together.
        resamples: Of the stationary bootstrap.
        block_length: Mean length of its blocks, in bars; the whole part of the root of their number where 0.
        size: Chance that StepM calls any cell superior that is not.
        seed: Of the resamples.
        n_blocks: Blocks of the probability of overfitting, even.
        n_folds: Folds of cross-validation.
        n_test_folds: Those that are tested at a time.
        purged: Bars left out of training on either side of a test fold.
        embargo: Further ones left out after a test fold.
    """

    family: Literal["none", "series", "all"] = "none"
    resamples: Annotated[int, Meta(ge=99, le=data_snooping.MOST_ENTRIES)] = 1000
    block_length: Annotated[int, Meta(ge=0)] = 0
    size: Annotated[float, Meta(gt=0, lt=1)] = 0.05
    seed: Annotated[int, Meta(ge=0)] = 0
    n_blocks: Annotated[int, Meta(ge=2, le=16)] = 16
    n_folds: Annotated[int, Meta(ge=2, le=100)] = 10
    n_test_folds: Annotated[int, Meta(ge=1)] = 2
    purged: Annotated[int, Meta(ge=0)] = 0
    embargo: Annotated[int, Meta(ge=0)] = 0

    @property
    def scheme(self) -> grid_check.Scheme:
        """The same without the family."""
        return grid_check.Scheme(*(getattr(self, name) for name in grid_check.Scheme._fields))


class Search(Protocol):
    """What the demand of a test depends on."""

    @property
    def resamples(self) -> int:
        """Of the bootstrap."""

    @property
    def n_folds(self) -> int:
        """Folds of cross-validation."""

    @property
    def n_test_folds(self) -> int:
        """Those that are tested at a time."""


class SearchDemand(NamedTuple):
    """What a test takes.

    Attributes:
        n_ways: Choices of test folds.
        n_paths: Paths of cross-validation.
        work: Elementary steps.
        nbytes: Most bytes at a time, the returns included.
    """

    n_ways: int
    n_paths: int
    work: int
    nbytes: int


def search_demand(n_rows: int, n_strategies: int, chosen: Search) -> SearchDemand:
    """Return what a test of a search takes.

    Args:
        n_rows: Returns of a strategy.
        n_strategies: Their number.
        chosen: The options.
    """
    n_ways = min(data_snooping.MOST_WAYS, math.comb(chosen.n_folds, chosen.n_test_folds))
    n_paths = n_ways * chosen.n_test_folds // chosen.n_folds
    held = VALUE_BYTES * (2 * chosen.resamples * (n_rows + n_strategies) + (n_paths + 40) * n_rows)
    returns = VALUE_BYTES * n_rows * n_strategies
    work = (chosen.resamples + 2 * n_ways) * n_rows * n_strategies
    return SearchDemand(n_ways, n_paths, work, _COPIES * returns + _BLOCKS + held)


class CheckDemand(NamedTuple):
    """What the check of a sweep's grid takes; nothing where none is asked for.

    Attributes:
        n_figures: Figures of every cell in the reply.
        reply_bytes: Bytes of the checks in the reply.
        work: Elementary steps.
        nbytes: Most bytes at a time.
    """

    n_figures: int
    reply_bytes: int
    work: int
    nbytes: int


def check_demand(outline: Outline, n_valid: int, chosen: GridCheckOptions) -> CheckDemand:
    """Return what the check of a grid takes.

    Args:
        outline: Of the prices.
        n_valid: Valid cells of the grid.
        chosen: The options.
    """
    if chosen.family == "none":
        return CheckDemand(0, 0, 0, 0)
    n_rows, n_columns = outline.n_rows, outline.n_columns
    n_families = n_columns if chosen.family == "series" else 1
    n_tried = n_valid * n_columns // n_families
    demand = search_demand(n_rows, n_tried, chosen)
    names = 2 * names_bytes(outline) if chosen.family == "series" else message_bytes.text(outline.longest_name)
    returns = VALUE_BYTES * n_rows * n_tried
    work = n_families * (demand.work + returns // VALUE_BYTES)
    return CheckDemand(1, n_families * _check_bytes(demand) + names, work, demand.nbytes + returns + _CELLS)


def _check_bytes(demand: SearchDemand) -> int:
    """Return the bytes of one check in a reply, without the names of its columns."""
    doubles: Any = dict.fromkeys(
        ("path_sharpe_ratios", "path_sharpe_std_errors", "path_probabilities_positive"), [1.0] * demand.n_paths
    )
    counts: Any = dict.fromkeys(("n_periods", "n_tried", "n_tested", "best_cell", "block_length"), _LARGE)
    places: Any = dict.fromkeys(("chosen_column", "chosen_cell"), [_LARGE] * demand.n_ways)
    singles: Any = dict.fromkeys(_NUMBERS, 1.0)
    message = CheckMessage(status="ok", path_note=_NOTE, **counts, **singles, **doubles, **places)
    return message_bytes.ends([message])[-1]


class GridCheck:
    """The check of a sweep's grid, where one is asked for."""

    def __init__(self, chosen: GridCheckOptions, cells: Cells, rules: Rules) -> None:
        """Begin before there are prices.

        Args:
            chosen: The options.
            cells: Of the grid.
            rules: What all backtests share.
        """
        self._chosen, self._cells, self._rules = chosen, cells, rules
        self._asked = chosen.family != "none"
        self._n_valid = int(np.count_nonzero(cells.valid))

    def refuse_impossible(self, n_rows: int, n_columns: int) -> None:
        """Refuse what no such prices can be tested by, before anything is computed.

        Raises:
            InvalidInput: a number of the options is out of its range, or there are too few rows.
        """
        if self._asked:
            n_tried = self._n_valid * (1 if self._chosen.family == "series" else n_columns)
            grid_check.possible(self._chosen.scheme, n_rows, n_tried)

    def beside(self, progress: Progress) -> Progress:
        """Return the progress of the sweep, which is half of the column-cells where each is checked afterwards."""
        return (lambda done, total: progress(done, 2 * total)) if self._asked else progress

    def run(
        self, prices: Floats, columns: tuple[str, ...], progress: Progress, parts: Parts
    ) -> tuple[list[CheckMessage], dict[str, Floats]]:
        """Return the checks as they are sent, and the figure "superior" (N, G); nothing where none is asked for.

        Args:
            prices: (T, N) that are traded.
            columns: N names.
            progress: Called with the column-cells done and their number, those of the sweep included.
            parts: Keeps each check, under the number of its first column behind those of all columns.
        """
        if not self._asked:
            return [], {}
        n_columns, total = len(columns), len(columns) * self._n_valid
        superior, found = np.empty((n_columns, self._cells.valid.size)), []
        size = 1 if self._chosen.family == "series" else n_columns
        for group, series in column_groups(prices, size):
            progress(total + group.start * self._n_valid, 2 * total)
            part = parts.part(n_columns + group.start, partial(self._part, series, group))
            superior[group] = part["superior"]
            found.append(_message(part, columns[group.start] if size == 1 else "", columns))
        progress(2 * total, 2 * total)
        return found, {"superior": superior}

    def _part(self, series: Floats, columns: slice) -> Arrays:
        """Return the check of a group of columns as arrays; what its prices make impossible is a reason."""
        try:
            made = grid_check.check(series, self._cells, self._rules.of(columns), self._chosen.scheme)
        except (InvalidInput, Degenerate) as error:
            nothing = np.full((len(series), self._cells.valid.size), np.nan)
            return {"status": np.array("error"), "reason": np.array(str(error)), "superior": nothing}
        return _arrays(made, columns.start)


def _arrays(made: grid_check.GridCheck, first: int) -> Arrays:
    found = made.found
    values: dict[str, Any] = {
        "status": "ok",
        "reason": "",
        "superior": made.superior,
        "best_column": first + made.series,
        "best_cell": made.cell,
        "chosen_column": first + made.chosen_series,
        "chosen_cell": made.chosen_cell,
        "n_periods": made.n_periods,
        "n_tried": made.n_tried,
        "n_tested": found.n_tested,
        "block_length": found.block_length,
        "effective_tries": found.effective_tries,
        **{name: getattr(found, name) for name in _P_VALUES},
        **found.overfitting._asdict(),
        "path_sharpe_ratios": found.paths.path_sharpe_ratios,
        "path_sharpe_std_errors": found.paths.path_std_errors,
        "path_note": found.paths.note,
    }
    return {name: np.asarray(value) for name, value in values.items()}


def _message(found: Arrays, column: str, columns: tuple[str, ...]) -> CheckMessage:
    values: dict[str, Any] = {name: value.tolist() for name, value in found.items() if name != "superior"}
    if values["status"] == "error":
        nothing: Any = dict.fromkeys(_NUMBERS, math.nan)
        return CheckMessage(column=column, best_cell=-1, **values, **nothing)
    positive = probability_positive(found["path_sharpe_ratios"], found["path_sharpe_std_errors"])
    values["best_column"] = columns[values["best_column"]]
    return CheckMessage(column=column, path_probabilities_positive=positive.tolist(), **values)
