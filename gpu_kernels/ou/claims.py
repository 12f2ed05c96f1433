"""What a fit claims: the numbers of OuFit, without those that stand where there is no estimate."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FIELDS", "claimed"]

_PLACED = ("b_median_unbiased", "b_lower", "b_upper", "theta_lower", "theta_upper", "mu_lower", "mu_upper")
"""Figures that a series has whose estimate does not revert, where it has enough pairs."""

FIELDS = (
    "theta",
    "mu",
    "sigma",
    "half_life",
    "n_samples",
    "r_squared",
    "theta_std_error",
    "mu_std_error",
    "sigma_std_error",
    "half_life_lower",
    "half_life_upper",
    "theta_bias_corrected",
    "adf_statistic",
    "adf_p_value",
    "log_likelihood",
    *_PLACED,
)
"""The figures of OuFit that are reported, in their order."""


def claimed(figures: Mapping[str, NDArray[Any]], status: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the figures of fits, NaN where a series has no estimate of them.

    Args:
        figures: FIELDS by name, each (B,).
        status: B of model.STATUSES.
    """
    failed = np.array([each == "error" for each in status], dtype=bool)
    # What has too few prices for a claim is "updating" with numbers at 0; sigma is 0 in no other such series.
    silent = ~failed & (figures["sigma"] == 0)
    placed = figures["b_median_unbiased"] > 0
    found = dict(figures)
    for name in FIELDS:
        if found[name].dtype == np.float64:
            missing = silent if name.startswith("half_life") else silent | (failed & ~(placed & (name in _PLACED)))
            found[name] = np.where(missing, np.nan, found[name])
    for name in ("b_median_unbiased", "b_lower", "b_upper"):
        found[name] = np.where(placed, found[name], np.nan)
    return found
