"""The warning in results that are made from a fit whose unit root is not rejected."""

import math

__all__ = ["SIZE", "unit_root_note"]

SIZE = 0.05
"""Size of the test: a p-value of it or above does not reject a unit root."""


def unit_root_note(p_value: float) -> str:
    """Return the note of a fit with a p-value of a unit root, "" where it is rejected.

    Args:
        p_value: NaN where there was no test.
    """
    if p_value < SIZE:
        return ""
    tested = "was not tested" if math.isnan(p_value) else f"is not rejected (p = {p_value:.2g})"
    return f"the unit root of this fit {tested}: a series that does not revert looks like this too, and loses the costs"
