"""The number of periods that annual figures count in a year, unless the caller says otherwise."""

__all__ = ["PERIODS_PER_YEAR"]

PERIODS_PER_YEAR = 252.0
"""Trading days."""
