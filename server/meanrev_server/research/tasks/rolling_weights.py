"""RollingWeights: portfolio weights, or principal components, of every window of returns."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from msgspec import Meta

from gpu_kernels import rolling
from gpu_kernels.errors import InvalidInput
from gpu_kernels.performance.sharpe_error import probability_positive
from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import VALUE_BYTES, Outline
from meanrev_server.research import message_bytes
from meanrev_server.research.answer import PART_BYTES, Answer
from meanrev_server.research.columns import joined
from meanrev_server.research.estimate import Estimate, list_bytes, names_bytes, parts_bytes
from meanrev_server.research.task import Progress, ResearchOptions, Task
from meanrev_server.rpc.naming import option_names, wire_names
from meanrev_server.rpc.weight_bounds import Side, sides
from meanrev_wire.limits import COLUMN_OPTION_BYTES
from meanrev_wire.research_pb2 import RollingWeightsReply

__all__ = ["TASK", "RollingWeightsOptions"]

_FIGURES = (
    "expected_return",
    "expected_volatility",
    "sharpe_ratio",
    "sharpe_std_error",
    "utility",
    "shrinkage",
)
_STAMP = 1 << 40
"""A usual timestamp."""
_SQUARES, _COPIES = 4, 6
"""Arrays of the size of a group's covariances, and of its returns, that are held at once."""
_CUBES = 60
"""Elementary steps of an optimum within bounds, in cubes of the number of assets."""
_AT_ONCE = 8
"""Multiplications of a product of matrices in one elementary step."""


class RollingWeightsOptions(ResearchOptions, frozen=True, kw_only=True):
    """Options of RollingWeights.

    Attributes:
        kind: What is found of each window: weights of the highest utility or Sharpe ratio, or principal components.
        window: Rows of a window.
        step: Rows from the start of a window to that of the next.
        gamma: Risk aversion, for "cara"; for "sharpe" of the utility that is reported.
        risk_free_rate: Rate per period.
        mode: "budget" (weights sum to 1), "unconstrained", or "long_only".
        covariance: Estimator of the covariance.
        halflife: Periods after which an observation counts half, for "ewma".
        bounds: Lowest and highest weight: one for all assets, one an asset, or null for none.
        leverage: Largest sum of absolute weights.
        n_components: Components of each window, for "pca"; 0 means all.
        scaling: What is done to the columns of a window before its components.
    """

    MOST_BYTES: ClassVar[int] = COLUMN_OPTION_BYTES

    kind: Literal["cara", "pca", "sharpe"] = "sharpe"
    window: Annotated[int, Meta(ge=2)] = 252
    step: Annotated[int, Meta(ge=1)] = 21
    gamma: Annotated[float, Meta(gt=0)] = 1.0
    risk_free_rate: float = 0.0
    mode: Literal["budget", "unconstrained", "long_only"] = "budget"
    covariance: Literal["sample", "ledoit_wolf", "oas", "ewma"] = "sample"
    halflife: Annotated[float, Meta(gt=0)] | None = None
    bounds: tuple[Side, Side] | None = None
    leverage: Annotated[float, Meta(gt=0)] | None = None
    n_components: Annotated[int, Meta(ge=0)] = 0
    scaling: Literal["none", "zscore", "minmax"] = "none"


_NAMES = option_names(RollingWeightsOptions, returns="block")
_OF_COMPONENTS = ("n_components", "scaling")
_OF_WEIGHTS = ("gamma", "risk_free_rate", "mode", "covariance", "halflife", "bounds", "leverage")


def _check(chosen: RollingWeightsOptions) -> None:
    """Refuse options that the kind does not read.

    Raises:
        InvalidInput: one is given.
    """
    of_others, kinds = (_OF_WEIGHTS, "'cara' and 'sharpe'") if chosen.kind == "pca" else (_OF_COMPONENTS, "'pca'")
    usual = RollingWeightsOptions()
    for name in of_others:
        if getattr(chosen, name) != getattr(usual, name):
            rule = f"must be left out: it applies to kind {kinds} only"
            raise InvalidInput(f"metadata.{name}", rule, value=_shown(getattr(chosen, name)))


def _shown(value: Any) -> Any:
    return value if isinstance(value, str | float | int) else None


def _n_windows(n_rows: int, chosen: RollingWeightsOptions) -> int:
    return max(0, (n_rows - chosen.window) // chosen.step + 1)


def _total(outline: Outline, chosen: RollingWeightsOptions) -> int:
    return _n_windows(outline.n_rows, chosen)


def _groups(n_rows: int, n_assets: int, chosen: RollingWeightsOptions) -> Iterator[tuple[int, slice]]:
    """Yield the first window of each group, and the rows of all its windows."""
    at_once = rolling.windows_at_once(n_assets, chosen.window, chosen.step)
    n_windows = _n_windows(n_rows, chosen)
    for first in range(0, n_windows, at_once):
        last = min(n_windows, first + at_once) - 1
        yield first, slice(first * chosen.step, last * chosen.step + chosen.window)


def _run(table: UploadedMatrix, chosen: RollingWeightsOptions, progress: Progress) -> Answer:
    n_rows, n_assets = table.values.shape
    if chosen.window > n_rows:
        rule = f"must be at most the {n_rows} rows of the matrix"
        raise InvalidInput("metadata.window", rule, value=chosen.window)
    of_a_group = _components if chosen.kind == "pca" else _weights
    found, total = [], _n_windows(n_rows, chosen)
    for first, rows in _groups(n_rows, n_assets, chosen):
        progress(first, total)
        with wire_names(_NAMES):
            found.append(of_a_group(table.values[rows], rows.start, chosen))
    parts: list[Any] = found
    result: dict[str, Any] = {
        "columns": list(table.columns),
        **{f"{name}_row": values for name, values in joined(parts, ("start", "stop")).items()},
        **{name: [text for part in parts for text in getattr(part, name)] for name in ("status", "reason")},
    }
    if table.timestamps_ms is not None:
        result["first_ms"] = table.timestamps_ms[result["start_row"]]
        result["last_ms"] = table.timestamps_ms[result["stop_row"] - 1]
    if chosen.kind != "pca":
        return Answer(result | _described(parts), {"kind": chosen.kind})
    n_components = parts[0].components.shape[1]
    components = {"components": np.concatenate([part.components.reshape(-1, n_assets) for part in parts])}
    ratios = joined(parts, ("explained_variance_ratio", "total_variance_explained"))
    return Answer(result | components | ratios, {"kind": chosen.kind, "n_components": n_components})


def _weights(returns: Any, first_row: int, chosen: RollingWeightsOptions) -> rolling.WindowWeights:
    options: dict[str, Any] = {name: getattr(chosen, name) for name in _OF_WEIGHTS}
    options |= {"bounds": sides(chosen.bounds), "window": chosen.window, "step": chosen.step, "first_row": first_row}
    return rolling.weights(returns, chosen.kind, **options)


def _components(returns: Any, first_row: int, chosen: RollingWeightsOptions) -> rolling.WindowComponents:
    options = {name: getattr(chosen, name) for name in _OF_COMPONENTS}
    return rolling.components(returns, window=chosen.window, step=chosen.step, first_row=first_row, **options)


def _described(parts: list[Any]) -> dict[str, Any]:
    """Return the weights of all windows, and their figures."""
    found = joined(parts, ("weights", "dropped_rows", *_FIGURES))
    positive = probability_positive(found["sharpe_ratio"], found["sharpe_std_error"])
    return {**found, "probability_sharpe_positive": positive, "turnover": rolling.turnover(found["weights"])}


def _estimate(outline: Outline, chosen: RollingWeightsOptions) -> Estimate:
    n_rows, n_assets, n_windows = outline.n_rows, outline.n_columns, _n_windows(outline.n_rows, chosen)
    rank = min(chosen.window, n_assets)
    if chosen.kind == "pca":
        kept = min(chosen.n_components or rank, rank)
        doubles, status = kept * n_assets + kept + 1, ("ok", "")
        work = (chosen.window * n_assets * rank + 4 * rank**3) // _AT_ONCE + chosen.window * n_assets
        lists = list_bytes(n_windows, doubles=doubles, varints=(n_rows, n_rows, _STAMP, _STAMP), texts=status)
    else:
        few = chosen.covariance in {"sample", "ewma"} and chosen.window <= n_assets
        why = f"{chosen.window} rows are too few for {n_assets} assets" if few else ""
        numbers = (n_rows, n_rows, chosen.window, _STAMP, _STAMP)
        doubles, status = n_assets + len(_FIGURES) + 2, ("constrained" if few else "optimized", why)
        summed = min(chosen.window, 4 * chosen.step) if chosen.covariance == "sample" else 4 * chosen.window
        plain = chosen.mode != "long_only" and chosen.bounds is None and chosen.leverage is None
        work = summed * n_assets**2 // _AT_ONCE + 2 * chosen.window * n_assets
        work += (1 if plain else _CUBES) * n_assets**3 // _AT_ONCE
        lists = list_bytes(n_windows, doubles=doubles, varints=numbers, texts=status)
    reply_bytes = parts_bytes(lists + names_bytes(outline) + message_bytes.text(chosen.kind), 20)
    at_once = min(n_windows, rolling.windows_at_once(n_assets, chosen.window, chosen.step))
    rows = min(n_rows, chosen.window + (max(1, at_once) - 1) * chosen.step)
    group = VALUE_BYTES * (_SQUARES * (at_once + 2) * n_assets**2 + _COPIES * rows * n_assets)
    result = 3 * VALUE_BYTES * n_windows * (doubles + 20)
    return Estimate(n_windows * work, outline.nbytes + group + result + 2 * PART_BYTES, reply_bytes)


TASK = Task(
    method="RollingWeights",
    options_type=RollingWeightsOptions,
    reply=RollingWeightsReply,
    total=_total,
    check=_check,
    estimate=_estimate,
    run=_run,
)
