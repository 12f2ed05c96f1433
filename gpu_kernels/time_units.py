"""The length of a year and of a day, as all operations count them."""

__all__ = ["DAY_MS", "PERIODS_PER_YEAR"]

PERIODS_PER_YEAR = 252.0
"""Periods in a year for annual figures, where the caller gives no other number: trading days."""

DAY_MS = 86_400_000
"""Milliseconds of a day in UTC."""
