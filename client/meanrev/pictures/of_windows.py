"""The chart of a rolling result: weights, or shares of the variance, over time."""

from typing import TYPE_CHECKING

import numpy as np

from meanrev.pictures.chart import Chart, Line, Panel

if TYPE_CHECKING:
    from meanrev.results import Rolling

__all__ = ["of_rolling"]


def of_rolling(found: "Rolling", most: int) -> Chart:
    """Return the weights, or the components' shares of the variance, by the end of each window.

    Args:
        found: Of rolling.
        most: Most lines.
    """
    across = found.stop - 1 if found.last is None else found.last
    failed = sum(status == "error" for status in found.status)
    note = f"{failed} of {len(found.status)} windows have no answer; the first one: {_first(found)}" if failed else ""
    counted = f"{len(found.status)} windows of {int(found.stop[0] - found.start[0])} rows"
    if found.explained_variance_ratio is not None:
        shares = found.explained_variance_ratio[:, :most]
        lines = tuple(Line(f"component {k + 1}", across, share) for k, share in enumerate(shares.T))
        return Chart(f"Principal components of {counted}", (Panel("share of the variance", lines),), note)
    weights = np.asarray(found.weights, dtype=np.float64)
    sizes = np.nansum(np.abs(weights), axis=0)
    largest = np.sort(np.argsort(-sizes, kind="stable")[:most]).tolist()
    lines = tuple(Line(str(found.columns[place]), across, weights[:, place]) for place in largest)
    left = f", the {len(largest)} largest of {weights.shape[1]} assets" * (len(largest) < weights.shape[1])
    return Chart(f"Weights ({found.kind}) of {counted}{left}", (Panel("weight", lines),), note)


def _first(found: "Rolling") -> str:
    return next(reason for reason, status in zip(found.reason, found.status, strict=True) if status == "error")
