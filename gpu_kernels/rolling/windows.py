"""Weights and components of windows, by the operations moments, weights and pca, each of which chooses its twin."""

from typing import Any

import numpy as np

from gpu_kernels import interruption, moments, pca
from gpu_kernels import weights as optimal
from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.rolling import host
from gpu_kernels.rolling.model import WindowComponents, WindowWeights

__all__ = ["components", "weights"]

_FIGURES = ("expected_return", "expected_volatility", "sharpe_ratio", "utility")

_EXPOSURE = 100.0
"""Largest sum of |weights|, over that of weights, up to which a scaled solution does not magnify rounding of sums."""


def weights(
    returns: Floats,
    objective: str,
    window: int,
    step: int,
    first_row: int,
    estimator: dict[str, Any],
    options: dict[str, Any],
) -> WindowWeights:
    """Find the weights of each window; see the contract.

    Args:
        returns: (T, N).
        objective: One of weights.OBJECTIVES.
        window: Rows of a window.
        step: Rows from one start to the next.
        first_row: Row of a longer matrix at which the returns begin.
        estimator: Options of moments.covariances.
        options: Options of weights.batch.
    """
    places = host.starts(len(returns), window, step)
    estimated = moments.covariances(returns, window, step=step, **estimator)
    reasons = [
        "" if error is None else host.reason_of(error, first_row + start)
        for error, start in zip(estimated.errors, places.tolist(), strict=True)
    ]
    known = np.flatnonzero([not reason for reason in reasons])
    outcomes = optimal.batch(objective, estimated.mean[known], _taken(estimated.matrix, known), **options)
    scaled = objective == "sharpe" and options["mode"] == "budget"
    found = np.full((places.size, returns.shape[1]), np.nan)
    figures = {name: np.full(places.size, np.nan) for name in _FIGURES}
    status = ["error"] * places.size
    for k, outcome in zip(known.tolist(), outcomes, strict=True):
        answer = outcome
        if scaled and isinstance(answer, optimal.Weights) and _magnifies(answer.weights):
            answer = _alone(returns[places[k] : places[k] + window], objective, estimator, options)
        if not isinstance(answer, optimal.Weights):
            reasons[k] = host.reason_of(answer, first_row + int(places[k]))
            continue
        found[k] = answer.weights
        for name in _FIGURES:
            figures[name][k] = getattr(answer, name)
        reasons[k] = "; ".join(part for part in (answer.reason, estimated.fallback[k]) if part)
        status[k] = "constrained" if reasons[k] else answer.status
    errors = host.sharpe_errors(returns, places, window, found, options["risk_free_rate"])
    errors[~(figures["expected_volatility"] > 0)] = np.nan
    return WindowWeights(
        start=places + first_row,
        stop=places + first_row + window,
        weights=found,
        sharpe_std_error=errors,
        shrinkage=np.where(np.array(status) == "error", np.nan, estimated.shrinkage),
        dropped_rows=np.where(np.array(status) == "error", 0, estimated.dropped_rows),
        status=tuple(status),
        reason=tuple(reasons),
        **figures,
    )


def _taken(matrices: Floats, known: Any) -> Floats:
    return matrices if known.size == len(matrices) else matrices[known]


def _magnifies(found: Floats) -> bool:
    """Return whether weights are so large beside their sum that they show the rounding of sums windows share."""
    return float(np.abs(found).sum()) > _EXPOSURE * abs(float(found.sum()))


def _alone(rows: Floats, objective: str, estimator: dict[str, Any], options: dict[str, Any]) -> optimal.Outcome:
    """Return the answer of a window by itself."""
    found = moments.covariance(rows, **estimator)
    return optimal.batch(objective, found.mean[None], found.matrix[None], **options)[0]


def components(returns: Floats, window: int, step: int, first_row: int, kept: int, scaling: str) -> WindowComponents:
    """Find the principal components of each window; see the contract.

    Args:
        returns: (T, N).
        window: Rows of a window.
        step: Rows from one start to the next.
        first_row: Row of a longer matrix at which the returns begin.
        kept: Components of a window.
        scaling: One of pca.SCALINGS.
    """
    places = host.starts(len(returns), window, step)
    found = np.full((places.size, kept, returns.shape[1]), np.nan)
    ratios, total = np.full((places.size, kept), np.nan), np.full(places.size, np.nan)
    reasons = [""] * places.size
    for k, start in enumerate(places.tolist()):
        interruption.check()
        try:
            answer = pca.fit(returns[start : start + window], n_components=kept, scaling=scaling)
        except (InvalidInput, Degenerate) as error:
            reasons[k] = host.reason_of(error, first_row + start)
            continue
        found[k], ratios[k] = answer.components, answer.explained_variance_ratio
        total[k] = answer.total_variance_explained
    return WindowComponents(
        start=places + first_row,
        stop=places + first_row + window,
        components=found,
        explained_variance_ratio=ratios,
        total_variance_explained=total,
        status=tuple("error" if reason else "ok" for reason in reasons),
        reason=tuple(reasons),
    )
