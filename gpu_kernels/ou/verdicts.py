"""Verdicts that a kernel wrote, as results."""

from collections.abc import Sequence

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.constants import integer
from gpu_kernels.ou import inference
from gpu_kernels.ou.model import OuEstimate, OuFit

__all__ = ["ROWS", "of_rows", "of_values"]

ROWS = integer("VERDICT", "ou/verdict.h")
"""Numbers of a series: those of OuFit in their order, the finding, and 1 where the asked correction was applied."""

_FINDINGS: dict[float, tuple[str, str]] = dict(enumerate(inference.FINDINGS))
"""By the number that a kernel writes."""


def of_rows(rows: Floats, bias: str) -> OuFit:
    """Name the rows (ROWS, B) of a kernel that corrected by `bias`."""
    findings = rows[-2].astype(np.int64)
    status, reason = inference.status_and_reason(findings)
    kind = np.where(findings >= inference.CORRECTED_AWAY, inference.FINE, findings)
    notes = inference.notes(bias, kind, rows[-1] > 0)
    named = (*rows[:4], rows[4].astype(np.int64), rows[5], status, reason, *rows[6:-2], notes)
    return OuFit._make(named)


def of_values(values: Sequence[float], bias: str) -> OuEstimate:
    """Name the ROWS numbers of one series; as of_rows."""
    # This leaves out the checks of OuEstimate, because a stream calls it for every price.
    theta, mu, sigma, half_life, n_prices, r_squared, *rest, finding, applied = values
    status, reason = _FINDINGS[finding]
    note = ""
    if bias != "none":
        kind = inference.FINE if finding >= inference.CORRECTED_AWAY else int(finding)
        note = inference.note(bias, kind, applied=applied > 0)
    named = (theta, mu, sigma, half_life, int(n_prices), r_squared, status, reason, *rest, note)
    return tuple.__new__(OuEstimate, named)
