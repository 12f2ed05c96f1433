"""RollingWeights: portfolio weights, or principal components, of every window of returns."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from meanrev.intake.table import Table
from meanrev.methods.bounds import Bounds, sides
from meanrev.methods.chunks import matrix
from meanrev.methods.naming import series_names
from meanrev.methods.research import Research, ResearchRequest
from meanrev.progress import Progress
from meanrev.question import About, Question
from meanrev.results import Rolling
from meanrev_wire import codec
from meanrev_wire.limits import COLUMN_OPTION_BYTES
from meanrev_wire.research_pb2 import RollingWeightsReply

__all__ = ["ROLLING", "read_rolling", "rolling"]

_HOUR_S = 3600.0
_FIGURES = (
    "expected_return",
    "expected_volatility",
    "sharpe_ratio",
    "sharpe_std_error",
    "probability_sharpe_positive",
    "utility",
    "turnover",
    "shrinkage",
)


def read_rolling(reply: Any, about: About, sent: Table | None = None) -> Rolling:
    """Read a RollingWeightsReply.

    Args:
        reply: With a result; several, joined, where it is large.
        about: What is known about the call.
        sent: The returns, where they are at hand.
    """
    result = reply.result
    stop = codec.integers(result.stop_row)
    found: dict[str, Any] = {}
    if reply.kind == "pca":
        shape = len(stop), reply.n_components, len(result.columns)
        found["components"] = codec.matrix(result.components, "components").reshape(shape)
        found["explained_variance_ratio"] = codec.matrix(result.explained_variance_ratio, "explained_variance_ratio")
        found["total_variance_explained"] = codec.doubles(result.total_variance_explained)
    else:
        found["weights"] = _weights(codec.matrix(result.weights, "weights"), stop, sent)
        found["dropped_rows"] = codec.integers(result.dropped_rows)
        found |= {name: codec.doubles(getattr(result, name)) for name in _FIGURES}
    return Rolling(
        kind=reply.kind,
        columns=tuple(result.columns),
        start=codec.integers(result.start_row),
        stop=stop,
        first=_times(result.first_ms),
        last=_times(result.last_ms),
        status=tuple(result.status),
        reason=tuple(result.reason),
        **found,
        meta=about,
    )


def _times(stamps: Any) -> Any:
    return codec.integers(stamps).astype("datetime64[ms]") if len(stamps) else None


def _weights(values: Any, stop: Any, sent: Table | None) -> Any:
    """Return weights in the container of the returns, with the labels of the windows' last rows where it has labels."""
    if sent is None:
        return values
    made = sent.by_asset(values)
    index = getattr(getattr(sent, "native", None), "index", None)
    if index is not None and len(index) == len(sent.values):
        made.index = index.take(stop - 1)
    return made


ROLLING = Research(
    method="RollingWeights",
    reply=RollingWeightsReply,
    read=read_rolling,
    renamed={"block": "returns", "covariance": "estimator"},
    most_option_bytes=COLUMN_OPTION_BYTES,
)


@ROLLING.declares
def rolling(
    returns: Any,
    kind: str | None = None,
    *,
    window: int | None = None,
    step: int | None = None,
    gamma: float | None = None,
    risk_free_rate: float | None = None,
    estimator: str | None = None,
    halflife: float | None = None,
    mode: str | None = None,
    bounds: Bounds = None,
    leverage: float | None = None,
    n_components: int | None = None,
    scaling: str | None = None,
    asset_ids: Sequence[str] | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float = _HOUR_S,
) -> Question[Rolling]:
    """Find the best weights, or the principal components, of every window of returns.

    Each window has the answer that cara, sharpe or pca gives for its rows alone. A window without one has status
    "error" and a reason, and leaves the others as they are.

    Args:
        returns: (T, N), oldest first; rows with NaN are left out of the windows that have them, and a window with one
            has no components.
        kind: "cara", "sharpe" (where None) or "pca".
        window: Rows of a window; 252 where None.
        step: Rows from the start of a window to that of the next; 21 where None.
        gamma: Risk aversion, 1 where None; as for cara and sharpe, like the next six, which "pca" does not take.
        risk_free_rate: Per period; 0 where None.
        estimator: Of the covariance: "sample" (where None), "ledoit_wolf", "oas" or "ewma".
        halflife: Periods after which an observation counts half, for "ewma".
        mode: "budget" (weights sum to 1, where None), "unconstrained" or "long_only".
        bounds: (lowest, highest) weight of every asset; or a list of such pairs, or a mapping from labels to pairs.
        leverage: Largest sum of absolute weights.
        n_components: For "pca" alone: how many of each window; all where None.
        scaling: For "pca" alone: "none" (where None), "zscore" or "minmax", of each window by itself.
        asset_ids: Names of the assets; the frame's columns, else their numbers, where None.
        progress: True for a bar, or a function of (done, total, eta_s).
        dry_run: Upload nothing, and return an Estimate of time, memory and bytes in place of the result.
        timeout: Seconds for everything.

    Raises:
        MeanRevError: as every call.
    """
    read = matrix(returns, "returns").matrix("returns")
    names = series_names(read, asset_ids)
    options: dict[str, Any] = {"kind": kind, "window": window, "step": step, "gamma": gamma, "mode": mode}
    options |= {"risk_free_rate": risk_free_rate, "covariance": estimator, "halflife": halflife, "leverage": leverage}
    options |= {"n_components": n_components, "scaling": scaling, "bounds": sides(bounds, names.labels, len(names))}
    reading = partial(read_rolling, sent=read)
    return ResearchRequest(ROLLING, read, names, options, reading).question(progress, timeout, dry_run=dry_run)
